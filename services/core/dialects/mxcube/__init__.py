"""What MXCuBE speaks, with the PyISPyBRestClient of mxcubecore.

It reads one page and takes what it gets for all there is: lists are bare and whole. It sends
whole dictionaries, of which some keys have no home: see services.core.dialects.lenient.
"""

from services.core.dialects.mxcube import collections, events, samples, sessions, setups

NAMESPACES = [
    namespace
    for part in (sessions, setups, collections, samples, events)
    for namespace in part.NAMESPACES
]
