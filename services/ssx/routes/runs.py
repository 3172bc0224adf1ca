"""/ssx/runs"""

from http import HTTPStatus

from services.ssx.modules.runs import runs
from services.ssx.routes import BEAMLINE
from services.ssx.schemas.runs import ListedRunSchema, RunChangesSchema, RunSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("ssx runs", path="/ssx/runs", description="Serial experiments as documents")


@ns.route("")
class Runs(Resource):
    @ns.require()
    @ns.takes(query_of(ListedRunSchema), query=True)
    @ns.returns(ListedRunSchema, many=True)
    @ns.may_answer(404)
    def get(self, identity, query):
        """List the runs the caller may see."""
        return runs.list_(identity, query)

    @ns.require(BEAMLINE)
    @ns.takes(RunSchema, large=True)
    @ns.returns(RunSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    @ns.may_answer(404)
    def post(self, identity, data):
        """Store a run: group, sample, data collection, serial parameters and event chains.

        Group and sample are named by their keys, or new. Protein and components are those of the
        proposal with the same acronym or name; others are made. A run with the same session, start
        and files is the answer, with status 200, if it is there already.
        """
        key, is_new = runs.store(identity, data)
        return runs.get(identity, key), HTTPStatus.CREATED if is_new else HTTPStatus.OK


@ns.route("/<int:run_id>")
class Run(Resource):
    @ns.require()
    @ns.returns(RunSchema)
    def get(self, identity, run_id):
        """Show a run with its group, sample and event chains."""
        return runs.get(identity, run_id)

    @ns.require(BEAMLINE)
    @ns.takes(RunChangesSchema(partial=True))
    @ns.returns(RunSchema)
    def patch(self, identity, data, run_id):
        """Change serial parameters of a run, or columns of its data collection, at its end too."""
        return runs.update(identity, run_id, data)

    @ns.require(BEAMLINE)
    @ns.returns(RunSchema)
    def delete(self, identity, run_id):
        """Delete a run without results; show what it was."""
        return runs.delete(identity, run_id)
