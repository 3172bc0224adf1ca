"""The routes of ssx."""

BEAMLINE = "ssx_write"  # the permission of acquisition software
PIPELINE = "processing_write"
EVERY = "list create get update replace delete"
