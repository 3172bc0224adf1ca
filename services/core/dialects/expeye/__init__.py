"""The dialect of Exp-Eye, Diamond's API: Hyperion and SCAUP are clients of it."""

from services.core.dialects.expeye.routes import NAMESPACES

__all__ = ["NAMESPACES"]
