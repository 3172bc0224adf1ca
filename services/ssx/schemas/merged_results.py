"""The payloads of merged results: scalings of one or several runs, side by side."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, bindparam, select

from services.ssx.models import SSXDataCollection
from services.ssx.schemas.runs import RunChainSchema
from shared.filters import Filter
from shared.lists import Delimited
from shared.models import (
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    DataCollection,
    DataCollectionGroup,
)
from shared.records import KEY
from shared.result_parts import TableLinkSchema, TableResultSchema, TableShellSchema
from shared.schemas import TableSchema

MOST_RUNS = 500
SCOPES = ("session", "proposal", "dataCollectionGroupId", "dataCollectionIds")


def _merges(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a scaling merges a serial data collection that meets ``condition``."""
    link, integration = AutoProcScalingHasInt, AutoProcIntegration
    keys = (
        select(link.autoProcScalingId)
        .join(integration, integration.autoProcIntegrationId == link.autoProcIntegrationId)
        .join(
            SSXDataCollection,
            SSXDataCollection.dataCollectionId == integration.dataCollectionId,
        )
        .join(DataCollection, DataCollection.dataCollectionId == integration.dataCollectionId)
        .join(
            DataCollectionGroup,
            DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
        )
    )
    return AutoProcScaling.autoProcScalingId.in_(keys.where(condition))


class ScalingSchema(TableSchema):
    """A scaling with its symmetry and cell, its shells and its integrations."""

    AutoProc = fields.Nested(TableResultSchema, attribute="autoproc")
    AutoProcScalingStatistics = fields.Nested(TableShellSchema, many=True, attribute="statistics")
    # read for the runs, which the module shows in its place
    SSXDataCollection = fields.Nested(TableLinkSchema, many=True, attribute="links")

    class Meta(TableSchema.Meta):
        model = AutoProcScaling
        sort = ("-autoProcScalingId",)
        filters = {
            # the module replaces the session by its key
            "session": Filter(None, fields.String(metadata={"description": "id or name"})),
            "sessionId": Filter(
                _merges(DataCollectionGroup.sessionId == bindparam("sessionId")),
                fields.Integer(validate=KEY),
            ),
            "dataCollectionGroupId": Filter(
                _merges(
                    DataCollectionGroup.dataCollectionGroupId == bindparam("dataCollectionGroupId")
                ),
                fields.Integer(validate=KEY),
            ),
            "dataCollectionIds": Filter(
                _merges(
                    DataCollection.dataCollectionId.in_(
                        bindparam("dataCollectionIds", expanding=True)
                    )
                ),
                Delimited(
                    fields.Integer(validate=KEY),
                    validate=validate.Length(1, MOST_RUNS),
                    metadata={"description": "that merge one of these runs"},
                ),
            ),
        }


class MergedCollectionSchema(TableSchema):
    """The columns of a data collection by which runs of a series differ."""

    class Meta(TableSchema.Meta):
        model = DataCollection
        fields = (
            *("startTime", "numberOfImages", "exposureTime", "transmission", "flux"),
            "totalAbsorbedDose",
        )


class MergedRunSchema(TableSchema):
    """A run that was merged, with what it differs by in a series of doses or times."""

    DataCollection = fields.Nested(MergedCollectionSchema, attribute="collection")
    EventChain: Any = fields.Nested(RunChainSchema, attribute="chains", many=True)

    class Meta(TableSchema.Meta):
        model = SSXDataCollection
        fields = (
            *("dataCollectionId", "experimentName", "reactionDuration", "laserEnergy"),
            *("DataCollection", "EventChain"),
        )
        sort = ("dataCollectionId",)


MergedResultSchema = Schema.from_dict(
    {
        **{n: f for n, f in ScalingSchema().fields.items() if n != "SSXDataCollection"},
        "SSXDataCollection": fields.List(
            fields.Nested(MergedRunSchema), metadata={"description": "the runs that it merges"}
        ),
    },
    name="MergedResultSchema",
)
