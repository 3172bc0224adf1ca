"""/commands"""

from functools import wraps
from hashlib import sha256
from http import HTTPStatus

from flask import request

from services.core.modules.zocalo import commands
from services.core.schemas.zocalo.commands import CommandListSchema, CommandResultsSchema
from shared import request_context
from shared.api import Namespace, Resource

ns = Namespace("commands", path="/commands", description="Zocalo's ISPyB commands")


def keyed_by_body(method):
    """Use the hash of the body as the Idempotency-Key of a list that writes and has none.

    Message queues deliver at least once, without such a header. The list has to name a stored row,
    else another list may be equal.
    """

    @wraps(method)
    def keyed(resource, identity, data):
        """The method, for a request that has its key now."""
        context = request_context.current()
        unkeyed = context.idempotency_key is None
        if unkeyed and commands.writes(data) and commands.names_rows(data):
            context.idempotency_key = sha256(request.get_data()).hexdigest()
        return method(resource, identity, data)

    return keyed


@ns.route("")
class Commands(Resource):
    @ns.require("processing_write", "mx_write")
    @ns.takes(CommandListSchema, large=True)
    @keyed_by_body
    @ns.returns(CommandResultsSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Do a list of commands, all or nothing; the same list again is not done twice.

        A list that names no stored row has to bring an Idempotency-Key for that.
        """
        return commands.run(identity, data)
