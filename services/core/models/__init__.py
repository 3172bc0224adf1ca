"""Tables that only the core service reads and writes."""

from services.core.models.contacts import LabContact

__all__ = ["LabContact"]
