"""Groups of serial runs, runs, and their processing, by clients that cannot ask again."""

from collections.abc import Iterator

from services.ssx.dialects.run_bodies import refusing
from services.ssx.dialects.ssx_webservices.schemas import (
    LONGEST_NAME,
    SsxWebservicesCollectionSchema,
    SsxWebservicesGroupSchema,
    SsxWebservicesProcessingSchema,
)
from services.ssx.modules import processing_programs
from services.ssx.modules.runs import runs
from services.ssx.routes import BEAMLINE
from shared import visibility
from shared.api import Key, Namespace, Resource
from shared.errors import BadInput, Conflict, NotFound
from shared.identity import Identity
from shared.lenient import get_columns, get_values
from shared.models import DataCollection

write_ns = Namespace(
    "ssx web services", path="/webservices/ssx", description="Serial runs, as py-ISPyB took them"
)

SYNC, PIPELINE = "ssx_sync", "processing_write"
SAMPLES = 100  # numbers that the name of a sample may get
NAMES = {
    **{"DataCollection": None, "DataCollectionGroup": None, "Component": None},
    **{"BLSample": "sample", "blSampleId": "sampleId", "Crystal": "crystal"},
    **{"Protein": "protein", "CrystalComposition": "components"},
    **{"SampleComposition": "components", "ComponentType": "componentType"},
    **{"EventChain": "event_chains", "Event": "events", "EventType": "type"},
}


@write_ns.route("/datacollectiongroup")
class Groups(Resource):
    @write_ns.require(SYNC, BEAMLINE)
    @write_ns.takes(SsxWebservicesGroupSchema, large=True)
    @write_ns.returns(Key)
    def post(self, identity, data):
        """Create a group of runs, with its sample; answer its key.

        A sample is the stored one with its name and protein. If its crystals or components differ
        from that, it gets a number behind its name.
        """
        with refusing(NAMES, NotFound):
            return _insert_group(identity, get_columns(data))


@write_ns.route("/datacollection")
class Collections(Resource):
    @write_ns.require(SYNC, BEAMLINE)
    @write_ns.takes(SsxWebservicesCollectionSchema, large=True)
    @write_ns.returns(Key)
    def post(self, identity, data):
        """Create a run in a group; answer its key, dataCollectionId."""
        with refusing(NAMES, NotFound):
            return runs.store(identity, get_columns(data), check=False)[0]


@write_ns.route("/datacollection/<int:collection_id>/processing")
class Processings(Resource):
    @write_ns.require(SYNC, BEAMLINE, PIPELINE)
    @write_ns.takes(SsxWebservicesProcessingSchema)
    @write_ns.returns(Key)
    def post(self, identity, data, collection_id):
        """Store a program that processed a run, with its files; answer autoProcProgramId.

        One with the same processingPrograms and results as a stored one is that. A run that is
        not there is a 422 for callers who see all runs, a 404 for others.
        """
        program, results = get_values(data), data["results"]
        program.pop("results", None)
        sees_all = visibility.rule(identity, DataCollection).unrestricted
        with refusing({}, *((NotFound,) if sees_all else ())):
            return processing_programs.put(identity, collection_id, program, results)


def _insert_group(identity: Identity, data: dict) -> int:
    """Create a group; the key of it."""
    if "sample" not in data:
        return runs.insert_group(identity, data).dataCollectionGroupId
    for name in _number(data["sample"]["name"]):
        try:
            numbered = {**data, "sample": {**data["sample"], "name": name}}
            return runs.insert_group(identity, numbered).dataCollectionGroupId
        except Conflict as error:
            if "name" not in (error.errors or {}):
                raise
    reason = f"There are {SAMPLES} other samples of the protein with this name and a number."
    raise BadInput("invalid input", {"BLSample": {"name": [reason]}})


def _number(name: str) -> Iterator[str]:
    """The names that a sample may have, the sent one first: x, x_2, x_3, …"""
    yield name
    for number in range(2, SAMPLES + 1):
        suffix = f"_{number}"
        yield f"{name[: LONGEST_NAME - len(suffix)]}{suffix}"
