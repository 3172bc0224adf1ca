"""The payloads of fluorescence spectra."""

from services.core.models import XFEFluorescenceSpectrum
from shared.filters import by_beamline
from shared.records import RecordSchema


class XrfSpectrumSchema(RecordSchema):
    """A fluorescence spectrum."""

    class Meta(RecordSchema.Meta):
        model = XFEFluorescenceSpectrum
        dump_only = ("xfeFluorescenceSpectrumId",)
        search = ("filename", "comments")
        sort = ("-xfeFluorescenceSpectrumId",)
        filters = by_beamline(XFEFluorescenceSpectrum)
