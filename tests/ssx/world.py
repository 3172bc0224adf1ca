"""The rows of ssx in the world of the matrix, see tests/world.py."""

from services.ssx.models import SSXDataCollection


def rows(key):
    """The row of ssx beside data collection ``key``."""
    return [SSXDataCollection(dataCollectionId=key)]
