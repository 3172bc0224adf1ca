"""The dialect of Exp-Eye, Diamond's API: Hyperion and SCAUP are clients of it."""

from services.core.dialects.expeye import routes, shipping

NAMESPACES = [*routes.NAMESPACES, *shipping.NAMESPACES]
