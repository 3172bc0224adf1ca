"""/autoproc, /autoproc/table, /autoproc/best, /autoproc/status"""

from flask import Response, request

from services.core.modules.processing import result_tables
from services.core.schemas.processing.result_tables import (
    AutoProcRowSchema,
    BestQuery,
    BestResultsSchema,
    ResultRowSchema,
    StatusesSchema,
    StatusQuery,
)
from shared.api import Namespace, Resource, set_content_tag
from shared.lists import FieldsQuery, query_of

ns = Namespace("result tables", path="/autoproc", description="Results of processing as tables")
JSON, TABLE = "application/json", "text/csv"


@ns.route("")
class AutoProcs(Resource):
    @ns.require()
    @ns.takes(query_of(AutoProcRowSchema), query=True)
    @ns.returns(AutoProcRowSchema, many=True)
    def get(self, identity, query):
        """List symmetries and cells, each with its program."""
        return result_tables.find_results(identity, query)


@ns.route("/<int:autoproc_id>")
class AutoProc(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(AutoProcRowSchema)
    def get(self, identity, query, autoproc_id):
        """Show one symmetry and cell; /autoproc/results has all that belongs to it."""
        return result_tables.get_result(identity, autoproc_id, **query)


@ns.route("/table")
class ResultTable(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ResultRowSchema), query=True)
    @ns.returns(ResultRowSchema, many=True, also_as=TABLE)
    def get(self, identity, query):
        """List results with symmetry, cell and shells; with Accept: text/csv all, as a table."""
        if request.accept_mimetypes.best_match([JSON, TABLE]) != TABLE:
            return result_tables.find(identity, query)
        text = result_tables.as_csv(identity, query, "limit" not in request.args)
        table = Response(text, mimetype=TABLE)
        table.headers.set("Content-Disposition", "attachment", filename="results.csv")
        return set_content_tag(table)


@ns.route("/best")
class BestResults(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(BestQuery, query=True)
    @ns.returns(BestResultsSchema)
    def get(self, identity, query):
        """Show the best result of each data collection, sample or session, by a criterion."""
        return result_tables.best(identity, query)


@ns.route("/status")
class Statuses(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(StatusQuery, query=True)
    @ns.returns(StatusesSchema)
    def get(self, identity, query):
        """Show how far processing is, of many data collections; hidden ones are left out."""
        return result_tables.states(identity, query)
