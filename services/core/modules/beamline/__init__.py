"""Beamlines: their detectors, their setups, and what they record beside data collections."""
