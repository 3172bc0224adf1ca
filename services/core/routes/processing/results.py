"""/autoproc/results"""

from http import HTTPStatus

from services.core.modules.processing import autoproc_xml, results
from services.core.schemas.processing.results import ResultQuery, ResultSchema
from shared.api import Namespace, Resource

ns = Namespace("results", path="/autoproc/results", description="Whole results of processing")
WRITER = "processing_write"
XML = {"application/xml": autoproc_xml.read, "text/xml": autoproc_xml.read}


@ns.route("")
class Results(Resource):
    @ns.require(WRITER)
    @ns.takes(ResultQuery, query=True)
    @ns.takes(ResultSchema, large=True, also=XML)
    @ns.returns(ResultSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, query, data):
        """Store a whole result, or replace it: as JSON, or as AutoProcContainer XML."""
        document, is_new = results.put(identity, data, query)
        return document, HTTPStatus.CREATED if is_new else HTTPStatus.OK


@ns.route("/<int:program_id>")
class Result(Resource):
    @ns.require()
    @ns.returns(ResultSchema)
    def get(self, identity, program_id):
        """Show the whole result of a program."""
        return results.get(identity, program_id)

    @ns.require(WRITER)
    @ns.takes(ResultQuery, query=True)
    @ns.takes(ResultSchema, large=True, also=XML)
    @ns.returns(ResultSchema)
    def put(self, identity, query, data, program_id):
        """Replace the result of a program: its files and messages too."""
        return results.replace(identity, program_id, data, query)
