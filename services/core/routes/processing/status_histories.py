"""/autoproc/programs/{id}/status_history"""

from http import HTTPStatus

from services.core.modules.processing import status_histories
from services.core.schemas.processing.status_histories import (
    StatusHistoryAnswerSchema,
    StatusHistorySchema,
)
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("status_history", path="/autoproc/programs", description="Steps of programs")


@ns.route("/<int:program_id>/status_history")
class StatusHistory(Resource):
    @ns.require()
    @ns.takes(query_of(StatusHistorySchema), query=True)
    @ns.returns(StatusHistorySchema, many=True)
    def get(self, identity, query, program_id):
        """List the steps of a program, oldest first."""
        return status_histories.list_(identity, program_id, query)

    @ns.require("processing_write")
    @ns.takes(StatusHistorySchema)
    @ns.returns(StatusHistoryAnswerSchema, HTTPStatus.CREATED)
    def post(self, identity, data, program_id):
        """Add a step to a program, be it running or done."""
        return status_histories.create(identity, program_id, data)
