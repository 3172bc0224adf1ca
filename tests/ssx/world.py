"""The rows of ssx in the world of the matrix, see tests/world.py."""

import numpy

from services.ssx.models import SSXDataCollection
from services.ssx.modules import image_blocks, image_totals

ONLY = {  # images that are not stored, and their totals
    "states": image_blocks.pack_states(numpy.zeros((3, image_blocks.SIZE), bool)),
    "peaks": image_blocks.pack(numpy.full((image_blocks.PEAKS, image_blocks.SIZE), -1)),
    "cells": image_blocks.pack(numpy.full((len(image_blocks.CELL), image_blocks.SIZE), -1)),
    "medians": {},
    "histograms": image_totals.pack_counters([image_totals.EMPTY] * len(image_totals.COUNTED)),
}


def rows(key):
    """The row of ssx beside data collection ``key``."""
    return [SSXDataCollection(dataCollectionId=key)]
