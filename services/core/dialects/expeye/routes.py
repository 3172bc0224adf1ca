"""The routes of Hyperion, which uses the Exp-Eye client of mx-bluesky with one service token.

Paths are flat; a session is a proposal and a number. The client has no status for a row that does
not exist yet: a body that refers to one is bad input. SCAUP uses the GET routes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus

from services.core.dialects.expeye.read_schemas import (
    ExpeyeProposalDataSchema,
    ExpeyeSessionListSchema,
    ExpeyeSessionQuery,
    ExpeyeSessionSchema,
)
from services.core.dialects.expeye.schemas import (
    AnsweringSchema,
    ExpeyeCollectionSchema,
    ExpeyeGridSchema,
    ExpeyeGroupSchema,
    ExpeyePositionSchema,
    ExpeyeRobotActionSchema,
)
from services.core.modules.acquisition import positions
from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from services.core.modules.acquisition.data_collections import data_collections
from services.core.modules.acquisition.grids import grids
from services.core.modules.beamline.robot_actions import robot_actions
from services.core.modules.people.lab_contacts import lab_contacts
from services.core.modules.people.sessions import sessions
from services.core.modules.samples.proteins import proteins
from services.core.schemas.acquisition.data_collections import AppendQuery
from services.core.schemas.samples.proteins import ProteinSchema
from shared import names
from shared.api import Namespace, Resource
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.lenient import WHOLE_LIST, get_columns, with_warnings

proposal_ns = Namespace("proposals", description="Proposals, and the rows of their sessions")
session_ns = Namespace("sessions", description="Sessions")
group_ns = Namespace("data-groups", description="Groups of data collections")
collection_ns = Namespace("data-collections", description="Data collections")
robot_ns = Namespace("robot-actions", description="Actions of the sample changer")
protein_ns = Namespace("proteins", description="Proteins")
NAMESPACES = [
    *(proposal_ns, session_ns, group_ns, collection_ns, robot_ns, protein_ns),
]

WRITER = "mx_write"
SESSION = "/<ref>/sessions/<int:visit>"
REF = ("ref", "proposal code and number, e.g. ab12345")
READ = (
    *("sessionId", "proposalId", "Proposal.proposalCode", "Proposal.proposalNumber"),
    *("visit_number", "beamLineName", "beamLineOperator", "startDate", "endDate", "scheduled"),
    *("nbShifts", "comments", "beamLineSetupId", "beamCalendarId", "usedFlag", "archived"),
    *("purgedProcessedData", "bltimeStamp", "lastUpdate"),
)


@proposal_ns.route(f"{SESSION}/robot-actions")
@proposal_ns.param(*REF)
class RobotActions(Resource):
    @proposal_ns.require(WRITER)
    @proposal_ns.takes(ExpeyeRobotActionSchema)
    @proposal_ns.returns(ExpeyeRobotActionSchema, HTTPStatus.CREATED)
    def post(self, identity, data, ref, visit):
        """Note what the sample changer begins to do in a session."""
        inside = {"sessionId": names.session_key(identity, f"{ref}-{visit}")}
        with _refusing_missing_rows():
            row = robot_actions.create(identity, get_columns(data) | inside)
        return _build_answer(ExpeyeRobotActionSchema(), row, data)


@robot_ns.route("/<int:action_id>")
class RobotAction(Resource):
    @robot_ns.require(WRITER)
    @robot_ns.takes(ExpeyeRobotActionSchema(partial=True))
    @robot_ns.returns(ExpeyeRobotActionSchema)
    def patch(self, identity, data, action_id):
        """Complete it: absent keeps, null clears, and its begin stays."""
        with _refusing_missing_rows():
            row = robot_actions.update(identity, action_id, get_columns(data))
        return _build_answer(ExpeyeRobotActionSchema(), row, data)


@proposal_ns.route(f"{SESSION}/data-groups")
@proposal_ns.param(*REF)
class Groups(Resource):
    @proposal_ns.require(WRITER)
    @proposal_ns.takes(ExpeyeGroupSchema)
    @proposal_ns.returns(ExpeyeGroupSchema, HTTPStatus.CREATED)
    def post(self, identity, data, ref, visit):
        """Begin a group of data collections in a session."""
        begun = {
            "sessionId": names.session_key(identity, f"{ref}-{visit}"),
            "startTime": _get_now(),
        }
        with _refusing_missing_rows():
            row = data_collection_groups.create(identity, get_columns(data) | begun)
        return _build_answer(ExpeyeGroupSchema(), row, data)


@group_ns.route("/<int:group_id>")
class Group(Resource):
    @group_ns.require(WRITER)
    @group_ns.takes(ExpeyeGroupSchema(partial=True))
    @group_ns.returns(ExpeyeGroupSchema)
    def patch(self, identity, data, group_id):
        """Change a group: absent keeps, null clears."""
        with _refusing_missing_rows():
            row = data_collection_groups.update(identity, group_id, get_columns(data))
        return _build_answer(ExpeyeGroupSchema(), row, data)


@group_ns.route("/<int:group_id>/data-collections")
class GroupCollections(Resource):
    @group_ns.require(WRITER)
    @group_ns.takes(ExpeyeCollectionSchema)
    @group_ns.returns(ExpeyeCollectionSchema, HTTPStatus.CREATED)
    def post(self, identity, data, group_id):
        """Begin a data collection of a group: each attempt is one, also with the same files.

        An attempt that failed early wrote no files, and the next begins with the same names.
        """
        columns = get_columns(data) | {"dataCollectionGroupId": group_id}
        with _refusing_missing_rows():
            _assign_sample(identity, group_id, columns, data["warnings"])
            row = data_collections.create(identity, columns, again=True)
        return _build_answer(ExpeyeCollectionSchema(), row, data)


@collection_ns.route("/<int:collection_id>")
class Collection(Resource):
    @collection_ns.require(WRITER)
    @collection_ns.takes(AppendQuery, query=True)
    @collection_ns.takes(ExpeyeCollectionSchema(partial=True))
    @collection_ns.returns(ExpeyeCollectionSchema)
    def patch(self, identity, query, data, collection_id):
        """Change a data collection: absent keeps, null clears, comments replace or are added."""
        columns, link = get_columns(data), "dataCollectionGroupId"
        text = columns.pop("comments", None) if query["appendComment"] else None
        with _refusing_missing_rows():
            if "blSampleId" in columns:
                group_id = data_collections.get(identity, collection_id, (link,))[link]
                _assign_sample(identity, group_id, columns, data["warnings"])
            row = data_collections.update(identity, collection_id, columns)
        if text is not None:
            row = data_collections.append_comment(identity, collection_id, text, cut=True)
            if not row["comments"].endswith(text):
                data["warnings"].append("comments: cut to what there is room for")
        return _build_answer(ExpeyeCollectionSchema(), row, data)


@collection_ns.route("/<int:collection_id>/position")
class CollectionPosition(Resource):
    @collection_ns.require(WRITER)
    @collection_ns.takes(ExpeyePositionSchema)
    @collection_ns.returns(ExpeyePositionSchema, HTTPStatus.CREATED)
    def post(self, identity, data, collection_id):
        """Set where the sample of a data collection is."""
        row = positions.replace(identity, collection_id, get_columns(data))
        return _build_answer(
            ExpeyePositionSchema(), {**row, "dataCollectionId": collection_id}, data
        )


@collection_ns.route("/<int:collection_id>/grids")
class CollectionGrids(Resource):
    @collection_ns.require(WRITER)
    @collection_ns.takes(ExpeyeGridSchema)
    @collection_ns.returns(ExpeyeGridSchema, HTTPStatus.CREATED)
    def post(self, identity, data, collection_id):
        """Add the grid of a data collection."""
        row = grids.create(identity, collection_id, get_columns(data))
        return _build_answer(ExpeyeGridSchema(), row, data)


@session_ns.route("")
class Sessions(Resource):
    @session_ns.require()
    @session_ns.takes(ExpeyeSessionQuery, query=True)
    @session_ns.returns(ExpeyeSessionListSchema)
    def get(self, identity, query):
        """List the sessions the caller may see, latest first."""
        page, limit = query.pop("page"), query["limit"]
        answer = sessions.list_(identity, {**query, "skip": page * limit, "fields": READ})
        items = [ExpeyeSessionSchema().build_answer(row) for row in answer["results"]]
        return {"items": items, "total": answer["total"], "page": page, "limit": limit}


@proposal_ns.route(SESSION)
@proposal_ns.param(*REF)
class Session(Resource):
    @proposal_ns.require()
    @proposal_ns.returns(ExpeyeSessionSchema)
    def get(self, identity, ref, visit):
        """Show a session."""
        return ExpeyeSessionSchema().build_answer(sessions.get(identity, f"{ref}-{visit}", READ))


@proposal_ns.route("/<ref>/data")
@proposal_ns.param(*REF)
class ProposalData(Resource):
    @proposal_ns.require()
    @proposal_ns.returns(ExpeyeProposalDataSchema)
    def get(self, identity, ref):
        """Show the shipping contacts and the proteins of a proposal."""
        whole = {"proposal": ref, **WHOLE_LIST, "fields": ()}
        contacts = lab_contacts.list_(identity, whole)["results"]
        return {"labContacts": contacts, "proteins": proteins.list_(identity, whole)["results"]}


@protein_ns.route("/<int:protein_id>")
class Protein(Resource):
    @protein_ns.require()
    @protein_ns.returns(ProteinSchema)
    def get(self, identity, protein_id):
        """Show a protein."""
        return proteins.get(identity, protein_id)


def _build_answer(schema: AnsweringSchema, row: dict, data: dict) -> dict:
    return with_warnings(schema.build_answer(row), data)


def _get_now() -> datetime:
    return datetime.now().replace(microsecond=0)


def _assign_sample(identity: Identity, group_id: int, columns: dict, warnings: list) -> None:
    """Give the sample of a data collection to its group, or warn if the group has another."""
    sample_id = columns.pop("blSampleId", None)
    stored = data_collection_groups.get(identity, group_id, ("blSampleId",))["blSampleId"]
    if sample_id is not None and stored is None:
        group = data_collection_groups.lock(identity, group_id)
        data_collection_groups.edit(identity, group, {"blSampleId": sample_id})
    elif sample_id not in (None, stored):
        warnings.append(f"sampleId: the group is of sample {stored}")


@contextmanager
def _refusing_missing_rows() -> Iterator[None]:
    """Raise BadInput where a body refers to a row that does not exist."""
    try:
        yield
    except NotYet as error:
        raise BadInput(f"{error}", error.errors) from error
