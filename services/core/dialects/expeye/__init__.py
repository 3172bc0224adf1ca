"""The wire format of Exp-Eye, Diamond's API, which Hyperion and others speak."""

from services.core.dialects.expeye.routes import NAMESPACES

__all__ = ["NAMESPACES"]
