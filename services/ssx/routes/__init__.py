"""The routes of ssx."""

BEAMLINE = "ssx_write"  # the permission of acquisition software
EVERY = "list create get update replace delete"
