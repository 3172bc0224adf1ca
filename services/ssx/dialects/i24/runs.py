"""Runs of i24. A failed call stops the experiment, and is logged with the text of the answer."""

from http import HTTPStatus

from services.ssx.dialects.i24.schemas import I24EndSchema, I24KeysSchema, I24RunSchema
from services.ssx.dialects.run_bodies import refusing
from services.ssx.modules.runs import runs
from services.ssx.routes import BEAMLINE
from shared.api import Namespace, Resource
from shared.lenient import get_columns, get_values

run_ns = Namespace("dc", path="/dc", description="Runs of i24")

NAMES = {
    **{"DataCollection": None, "DataCollectionGroup": None, "EventChain": "ssx.eventChain"},
    **{"Event": "events", "EventType": "eventType", "sessionId": "visit"},
}


@run_ns.route("")
class Runs(Resource):
    @run_ns.may_answer(404)
    @run_ns.require(BEAMLINE)
    @run_ns.takes(I24RunSchema, large=True)
    @run_ns.returns(I24KeysSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Begin a run, with a new group; one with the files and the start of another is that."""
        with refusing(NAMES):
            key, is_new = runs.store(identity, get_columns(data), check=False)
        return _get_keys(runs.get(identity, key)), HTTPStatus.CREATED if is_new else HTTPStatus.OK


@run_ns.route("/<int:collection_id>")
class Run(Resource):
    @run_ns.require(BEAMLINE)
    @run_ns.takes(I24EndSchema)
    @run_ns.returns(I24KeysSchema)
    def patch(self, identity, data, collection_id):
        """End a run and its group; the last of several calls counts."""
        with refusing(NAMES):
            run = runs.update(identity, collection_id, {"collection": get_values(data)})
        return _get_keys(run)


def _get_keys(run: dict) -> dict:
    names = ("dataCollectionId", "dataCollectionGroupId")
    return {name: run["DataCollection"][name] for name in names}
