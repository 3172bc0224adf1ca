"""The dialect of beamline i24, with the ``DCID`` of mx-bluesky: one POST and one PATCH a run."""

from services.ssx.dialects.i24.runs import run_ns

NAMESPACES = [run_ns]
