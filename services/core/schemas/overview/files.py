"""The query of files, which is that of all services."""

from shared.files import FileQuery

__all__ = ["FileQuery"]
