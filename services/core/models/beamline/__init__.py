"""Beamlines: detectors, setups, and the records that are no data collections."""
