"""/xrf_spectra"""

from http import HTTPStatus

from services.core.modules import xrf_spectra
from services.core.schemas.xrf_spectra import XrfSpectrumQuery, XrfSpectrumSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("xrf_spectra", path="/xrf_spectra", description="Fluorescence spectra")
WRITERS = ("mx_write", "ssx_write")


@ns.route("")
class XrfSpectra(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(XrfSpectrumQuery, query=True)
    @ns.returns(XrfSpectrumSchema, many=True)
    def get(self, identity, query):
        """List the fluorescence spectra in the sessions the caller may see."""
        return xrf_spectra.find(identity, query)

    @ns.may_answer(404)
    @ns.require(*WRITERS)
    @ns.takes(XrfSpectrumSchema)
    @ns.returns(XrfSpectrumSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Record a fluorescence spectrum in a visible session."""
        return xrf_spectra.add(identity, data)


@ns.route("/<int:xrf_spectrum_id>")
class XrfSpectrum(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(XrfSpectrumSchema)
    def get(self, identity, query, xrf_spectrum_id):
        """Show one fluorescence spectrum."""
        return xrf_spectra.get(identity, xrf_spectrum_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(XrfSpectrumSchema(partial=True))
    @ns.returns(XrfSpectrumSchema)
    def patch(self, identity, data, xrf_spectrum_id):
        """Change some fields of a fluorescence spectrum: absent keeps, null clears."""
        return xrf_spectra.change(identity, xrf_spectrum_id, data)
