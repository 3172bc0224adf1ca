"""Fluorescence spectra: seen by those who see the session."""

from services.core.models import XFEFluorescenceSpectrum
from services.core.modules.records import Records
from services.core.schemas.xrf_spectra import XrfSpectrumSchema
from shared import access
from shared.access import Rule
from shared.identity import Identity


def _visible(identity: Identity) -> Rule:
    return access.sessions(identity, XFEFluorescenceSpectrum.sessionId)


_records = Records(XrfSpectrumSchema, _visible)
find, get, add, change = _records.find, _records.get, _records.add, _records.change
