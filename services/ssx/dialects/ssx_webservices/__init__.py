"""The dialect of py-ISPyB's web services for serial experiments.

Its clients are MXCuBE, with its PyISPyBClient, pipelines and user interfaces. A POST answers a key
and nothing else.
"""

from services.ssx.dialects.ssx_webservices.reads import chain_ns, result_ns
from services.ssx.dialects.ssx_webservices.writes import write_ns

NAMESPACES = [write_ns, result_ns, chain_ns]
