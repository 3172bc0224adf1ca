"""/autoproc, /autoproc/table, /autoproc/best, /autoproc/status"""

from flask import Response, request

from services.core.modules.processing import result_tables
from services.core.schemas.processing.result_tables import (
    BestQuery,
    BestResultsSchema,
    ResultRowSchema,
    StatusesSchema,
    StatusQuery,
)
from shared.api import Namespace, Resource
from shared.lists import query_of
from shared.operations import set_content_tag

ns = Namespace("result tables", path="/autoproc", description="Results of processing as tables")
JSON, TABLE = "application/json", "text/csv"


ns.resource(
    result_tables.autoprocs,
    "list get",
    one="auto proc",
    many="auto procs",
    key="autoproc_id",
    summaries={
        "list": "List symmetries and cells, each with its program.",
        "get": "Show one symmetry and cell; /autoproc/results has all that belongs to it.",
    },
)


@ns.route("/table")
class ResultTable(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ResultRowSchema), query=True)
    @ns.returns(ResultRowSchema, many=True, also_as=TABLE)
    def get(self, identity, query):
        """List results with symmetry, cell and shells; with Accept: text/csv all, as a table."""
        if request.accept_mimetypes.best_match([JSON, TABLE]) != TABLE:
            return result_tables.list_(identity, query)
        text = result_tables.write_csv(identity, query, "limit" not in request.args)
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
        return result_tables.list_best(identity, query)


@ns.route("/status")
class Statuses(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(StatusQuery, query=True)
    @ns.returns(StatusesSchema)
    def get(self, identity, query):
        """Show how far processing is, of many data collections; hidden ones are left out."""
        return result_tables.list_states(identity, query)
