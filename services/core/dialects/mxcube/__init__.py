"""The dialect of MXCuBE, with the PyISPyBRestClient of mxcubecore.

The client reads one page and takes it for the whole list: so lists are bare and whole. It sends
whole dictionaries, where some keys have no column: see shared.lenient.
"""

from services.core.dialects.mxcube import collections, events, samples, sessions, setups

NAMESPACES = [
    namespace
    for part in (sessions, setups, collections, samples, events)
    for namespace in part.NAMESPACES
]
