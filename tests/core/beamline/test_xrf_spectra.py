"""Fluorescence spectra, visible to those who see their session."""

from services.core.models import XFEFluorescenceSpectrum
from tests.core.recorded_rows import NEW, OfSessions


class TestXrfSpectra(OfSessions):
    url = "/ispyb/api/v1/xrf_spectra"
    model = XFEFluorescenceSpectrum
    key = "xfeFluorescenceSpectrumId"
    new = {**NEW, "energy": 14.25, "exposureTime": 3.0, "scanFileFullPath": "/data/xrf_1.dat"}
    longest = 512
