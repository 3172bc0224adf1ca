"""Samples, their proteins, crystals, containers and diffraction plans."""
