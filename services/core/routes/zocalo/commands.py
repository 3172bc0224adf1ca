"""/commands"""

from functools import wraps
from hashlib import sha256
from http import HTTPStatus

from flask import request

from services.core.modules.zocalo import commands
from services.core.schemas.zocalo.commands import CommandListSchema, CommandResultsSchema
from shared.api import Namespace, Resource

ns = Namespace("commands", path="/commands", description="Zocalo's ISPyB commands")
KEY = "HTTP_IDEMPOTENCY_KEY"


def named_by_itself(method):
    """Give a list that writes, and has no Idempotency-Key, the hash of its body as one.

    Queues deliver at least once, and the second time nobody adds a header.
    """

    @wraps(method)
    def named(resource, identity, data):
        """The method, for a request that has a name now."""
        if commands.writes(data):
            request.environ.setdefault(KEY, sha256(request.get_data()).hexdigest())
        return method(resource, identity, data)

    return named


@ns.route("")
class Commands(Resource):
    @ns.require("processing_write", "mx_write")
    @ns.takes(CommandListSchema, large=True)
    @named_by_itself
    @ns.returns(CommandResultsSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Do a list of commands, all or nothing; the same list again is not done twice."""
        return commands.run(identity, data)
