"""The payloads of the queue of containers for unattended data collection."""

from marshmallow import Schema, fields, validate
from sqlalchemy import bindparam, case, select

from services.core.models import ContainerQueue, ContainerQueueSample
from services.core.schemas.people.persons import PersonNameSchema
from services.core.schemas.samples.samples import SampleContainerSchema, SampleCrystalSchema
from shared.computed import ComputedBoolean
from shared.filters import Filter
from shared.models import BLSample, Container, DiffractionPlan
from shared.records import KEY, MANY
from shared.schemas import TableSchema, text_of


class QueuedPlanSchema(TableSchema):
    """The plan of a queued sample; a higher priority is measured earlier."""

    class Meta(TableSchema.Meta):
        model = DiffractionPlan
        fields = ("diffractionPlanId", "name", "experimentKind", "priority", "strategyOption")


class QueuedSampleSchema(TableSchema):
    """A sample in the queue, with its crystal and its protein."""

    Crystal = fields.Nested(SampleCrystalSchema, attribute="crystal", dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSample
        fields = ("blSampleId", "name", "code", "location", "subLocation", "Crystal")


class QueueItemSchema(TableSchema):
    """A sample, or a part of one, of a queued container, with its plan."""

    BLSample = fields.Nested(QueuedSampleSchema, attribute="sample", dump_only=True)
    DiffractionPlan = fields.Nested(QueuedPlanSchema, attribute="plan", dump_only=True)

    class Meta(TableSchema.Meta):
        model = ContainerQueueSample


def is_ready(beamline: str | None, place: str | None) -> bool:
    """Whether a container is in the sample changer of a beamline."""
    return bool(beamline and place)


class QueueMetadataSchema(Schema):
    """Whether the beamline can measure a queued container."""

    ready = ComputedBoolean(
        is_ready,
        *("container.beamlineLocation", "container.sampleChangerLocation"),
        metadata={"description": "it is in the sample changer of a beamline"},
    )


class QueueSchema(TableSchema):
    """A container that waits for unattended data collection, or did so."""

    Container = fields.Nested(SampleContainerSchema, attribute="container", dump_only=True)
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)
    ContainerQueueSample = fields.Nested(
        QueueItemSchema, many=True, attribute="items", dump_only=True
    )
    _metadata = fields.Nested(QueueMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = ContainerQueue
        dump_only = ("containerQueueId", "containerId", "personId", "createdTimeStamp")
        sort = ("containerQueueId",)
        filters = {
            "beamLineName": Filter(
                ContainerQueue.containerId.in_(
                    select(Container.containerId).where(
                        Container.beamlineLocation == bindparam("beamLineName")
                    )
                ),
                text_of(
                    Container.beamlineLocation,
                    metadata={"description": "beamline where the container is"},
                ),
            ),
            "completed": Filter(
                case((ContainerQueue.completedTimeStamp.is_(None), 0), else_=1)
                == bindparam("completed"),
                fields.Boolean(metadata={"description": "measured already, or not"}),
            ),
        }


class QueuedPartSchema(Schema):
    """A sample to queue, or a part of it, and its plan."""

    blSampleId = fields.Integer(required=True, strict=True, validate=KEY)
    blSubSampleId = fields.Integer(
        strict=True,
        allow_none=True,
        validate=KEY,
        metadata={"description": "the part of the sample"},
    )
    dataCollectionPlanId = fields.Integer(
        strict=True,
        allow_none=True,
        validate=KEY,
        metadata={"description": "how to measure it; else the plan of the sample"},
    )


class NewQueueSchema(Schema):
    """The samples of a container to queue; all of them, if none is named."""

    samples = fields.List(fields.Nested(QueuedPartSchema), validate=[validate.Length(1), MANY])
