"""The payloads of the events of the timeline."""

from typing import Any

from marshmallow import Schema, fields, validate

from services.core.models import EnergyScan, RobotAction, Screening, XFEFluorescenceSpectrum
from services.core.schemas.acquisition import data_collections
from services.core.schemas.processing.programs import FAILURE, RUN_STATES, SUCCESS
from shared.config import API_ROOT
from shared.lists import ListQuery, TableQuery
from shared.models import (
    EXPERIMENT_TYPES,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
    GridInfo,
)
from shared.moments import Moment
from shared.records import KEY
from shared.schemas import TableSchema, text_of

TYPES = {
    "dc": "Data collection",
    "es": "Energy scan",
    "robot": "Robot action",
    "screening": "Screening",
    "xrf": "Fluorescence spectrum",
}  # in the order of events at the same moment
GRID = "grid"  # data collections that have one
OUTCOMES = SUCCEEDED, FAILED, ABORTED = ("success", "failed", "aborted")
PIPELINE_OUTCOMES = {"processed": SUCCESS, "processerror": FAILURE}  # by their processingStatus
STATES = (*OUTCOMES, *PIPELINE_OUTCOMES)


class EventGroupSchema(TableSchema):
    """The group of a data collection."""

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = ("dataCollectionGroupId", "experimentType", "blSampleId", "comments")


class EventGridSchema(TableSchema):
    """A grid of a data collection."""

    class Meta(TableSchema.Meta):
        model = GridInfo
        exclude = ("dataCollectionId", "dataCollectionGroupId", "recordTimeStamp")


class EventDetectorSchema(TableSchema):
    """The detector of a data collection."""

    class Meta(TableSchema.Meta):
        model = Detector
        fields = (
            *("detectorId", "detectorType", "detectorManufacturer", "detectorModel"),
            *("detectorPixelSizeHorizontal", "detectorPixelSizeVertical"),
        )


class EventCollectionSchema(TableSchema):
    """The Item of a data collection."""

    DataCollectionGroup = fields.Nested(EventGroupSchema, attribute="group")
    Detector = fields.Nested(EventDetectorSchema, attribute="detector")
    GridInfo = fields.Nested(EventGridSchema, many=True, attribute="grids")

    class Meta(TableSchema.Meta):
        model = DataCollection
        exclude = ("sessionId", "blSampleId", "experimentType")  # copies of the group's
        sort = ("dataCollectionId",)


class EventScanSchema(TableSchema):
    """The Item of an energy scan."""

    class Meta(TableSchema.Meta):
        model = EnergyScan


class EventSpectrumSchema(TableSchema):
    """The Item of a fluorescence spectrum."""

    class Meta(TableSchema.Meta):
        model = XFEFluorescenceSpectrum


class EventActionSchema(TableSchema):
    """The Item of a robot action."""

    class Meta(TableSchema.Meta):
        model = RobotAction


class EventScreeningSchema(TableSchema):
    """The Item of a screening."""

    class Meta(TableSchema.Meta):
        model = Screening


ITEMS: dict[str, type[TableSchema]] = {
    "es": EventScanSchema,
    "robot": EventActionSchema,
    "screening": EventScreeningSchema,
    "xrf": EventSpectrumSchema,
}


class EventProcessingSchema(Schema):
    """The state of a pipeline with the data of an event."""

    name = fields.String(metadata={"description": "of the program, else of its job"})
    status = fields.String(metadata={"description": ", ".join(RUN_STATES)})
    count = fields.Integer(metadata={"description": "runs in this state"})


class EventSchema(Schema):
    """An event."""

    id = fields.Integer(metadata={"description": "of the row; of a group: its first collection"})
    type = fields.String(metadata={"description": ", ".join(TYPES)})
    startTime = fields.String(allow_none=True)
    endTime = fields.String(allow_none=True)
    duration = fields.Float(allow_none=True, metadata={"description": "minutes"})
    count = fields.Integer(metadata={"description": "data collections, if it is a group of them"})
    session = fields.String(allow_none=True, metadata={"description": "its name, e.g. mx1-3"})
    sessionId = fields.Integer()
    proposal = fields.String(allow_none=True, metadata={"description": "its name, e.g. mx1"})
    blSample = fields.String(allow_none=True, metadata={"description": "name of the sample"})
    blSampleId = fields.Integer(allow_none=True)
    attachments = fields.Integer(metadata={"description": "files attached to its collections"})
    processing = fields.List(fields.Nested(EventProcessingSchema))
    links = fields.Dict(
        metadata={"description": "paths of its row and its files, as /user/sign takes them"}
    )
    Item = fields.Dict(
        metadata={"description": "the row, with the names of its table; of a group: the first"}
    )


class EventTypeSchema(Schema):
    """A type of events, and their number."""

    eventType = fields.String(metadata={"description": "as the filter of that name takes it"})
    eventTypeName = fields.String()
    count = fields.Integer(metadata={"description": "events; those with a grid are also `dc`"})


class SelectionQuery(Schema):
    """Which events: all conditions must hold."""

    session = fields.String(metadata={"description": "session id or name"})
    sessionId = fields.Integer(validate=KEY)
    proposal = fields.String(metadata={"description": "proposal id or name"})
    proposalId = fields.Integer(validate=KEY)
    beamLineName = text_of(
        BLSession.beamLineName, metadata={"description": "beamline of the session"}
    )
    blSampleId = fields.Integer(validate=KEY)
    proteinId = fields.Integer(validate=KEY)
    dataCollectionGroupId = fields.Integer(
        validate=KEY, metadata={"description": "its data collections one by one"}
    )
    dataCollectionId = fields.Integer(validate=KEY)
    status = fields.String(
        validate=validate.OneOf(STATES),
        metadata={
            "description": "how it ended, where one that runs or"
            " has another status is none of them; or how a pipeline ended on it"
        },
    )
    startTime__gte = Moment(metadata={"description": "2026-11-05, or with a time"})
    startTime__lte = Moment(last=True, metadata={"description": "that day or second included"})


KINDS: tuple[str, ...] = (*TYPES, GRID, *EXPERIMENT_TYPES)


# No enumeration: some differ in case only, and generated clients would make one name of both.
IS_KIND = validate.Regexp(
    rf"^({'|'.join(KINDS)})$(?!\n)", error=f"Must be one of: {', '.join(KINDS)}."
)


class EventQuery(SelectionQuery, ListQuery):
    """A page of the feed."""

    eventType = fields.String(
        validate=IS_KIND,
        metadata={
            "description": f"a type of events ({', '.join(TYPES)}), {GRID},"
            f" or an experimentType of data collections ({', '.join(EXPERIMENT_TYPES)})"
        },
    )


class EventTypeQuery(SelectionQuery, TableQuery):
    """The selection of the events whose types are counted."""


# The paths of the files of an event, and the columns that are not null if there is a file
FILES = {
    "es": ("/energy_scans/{id}/files/{file}", {"plot": "jpegChoochFileFullPath"}),
    "robot": (
        "/beamline/robot_actions/{id}/snapshots/{file}",
        {"before": "xtalSnapshotBefore", "after": "xtalSnapshotAfter"},
    ),
    "xrf": ("/xrf_spectra/{id}/files/{file}", {"plot": "jpegScanFileFullPath"}),
}


def build_links(event: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """The paths of the files of an event."""
    if event["type"] == "dc":
        pictures = (item[name] for name in data_collections.SNAPSHOTS)
        return data_collections.build_links(event["id"], item["startImageNumber"], *pictures)
    if event["type"] not in FILES:
        return {}
    template, columns = FILES[event["type"]]
    files = [file for file, name in columns.items() if item[name]]
    return {"snapshots": [API_ROOT + template.format(id=event["id"], file=each) for each in files]}
