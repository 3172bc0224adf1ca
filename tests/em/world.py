"""The rows of em in the world of the matrix, see tests/world.py."""

from services.em.models import Atlas

IMAGE = {"atlasImage": "a.jpg", "pixelSize": 1}


def rows(key):
    """Atlas ``key``, of group ``key``."""
    return [Atlas(atlasId=key, dataCollectionGroupId=key, **IMAGE)]


def mixed(beamline):
    """An atlas of the hidden group."""
    return [Atlas(atlasId=900, dataCollectionGroupId=900, **IMAGE)]
