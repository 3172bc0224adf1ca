"""The payloads of samples."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import ColumnElement, bindparam, select

from services.core.models import SampleHasLigand
from services.core.schemas.samples.crystals import CrystalProteinSchema
from services.core.schemas.samples.diffraction_plans import SAMPLES, DiffractionPlanSchema
from shared import names, visibility
from shared.aggregates import Count, Distinct
from shared.callers import Shape
from shared.filters import Condition, Filter, by_proposal
from shared.models import (
    BLSample,
    BLSampleGroupHasBLSample,
    BLSubSample,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Dewar,
)
from shared.records import KEY
from shared.schemas import TableSchema, text_of

READY = "processing"  # the status of a container whose samples a beamline may load


def _is_in_group(shape: Shape) -> ColumnElement[bool]:
    """Whether a sample is in the visible group that is bound as ``blSampleGroupId``."""
    group_id = BLSampleGroupHasBLSample.blSampleGroupId
    return _is_selected(BLSampleGroupHasBLSample.blSampleId, group_id, shape)


def _has_ligand(shape: Shape) -> ColumnElement[bool]:
    """Whether the visible ligand that is bound as ``ligandId`` is in a sample."""
    return _is_selected(SampleHasLigand.blSampleId, SampleHasLigand.ligandId, shape)


def _is_selected(sample_id: Any, link: Any, shape: Shape) -> ColumnElement[bool]:
    """Whether a row with the ``sample_id`` of a sample has the bound value in ``link``."""
    parent = visibility.target(link)
    key, is_visible = visibility.key_of(parent), _check_few(shape, parent)
    visible = select(key).where(key == bindparam(link.key), is_visible)
    return BLSample.blSampleId.in_(select(sample_id).where(link.in_(visible)))


def _is_in_shipment(shape: Shape) -> ColumnElement[bool]:
    """Whether a sample is in a container of the shipment that is bound as ``shippingId``."""
    containers = select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId)
    containers = containers.where(
        Dewar.shippingId == bindparam("shippingId"), _check_few(shape, Dewar)
    )
    return BLSample.containerId.in_(containers)


def _check_few(shape: Shape, model: Any) -> ColumnElement[bool]:
    """The rule of ``model`` for the few rows that a filter names: each row is checked."""
    return visibility.condition(shape._replace(few=True), model)


def _by_key(condition: Condition, description: str) -> Filter:
    """A filter by the key of another row."""
    key = fields.Integer(strict=False, validate=KEY, metadata={"description": description})
    return Filter(condition, key)


class SampleContainerSchema(TableSchema):
    """The container of a sample."""

    class Meta(TableSchema.Meta):
        model = Container
        fields = (
            "containerId",
            "code",
            "barcode",
            "containerType",
            "capacity",
            "containerStatus",
            "beamlineLocation",
            "sampleChangerLocation",
            "sessionId",
            "dewarId",
        )


class SampleCrystalSchema(TableSchema):
    """The crystal of a sample."""

    Protein = fields.Nested(CrystalProteinSchema, attribute="protein", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Crystal
        fields = (
            "crystalId",
            "proteinId",
            "name",
            "spaceGroup",
            "cell_a",
            "cell_b",
            "cell_c",
            "cell_alpha",
            "cell_beta",
            "cell_gamma",
            "size_X",
            "size_Y",
            "size_Z",
            "comments",
            "diffractionPlanId",
            "Protein",
        )


class SampleMetadataSchema(Schema):
    """The subsamples of a sample, and the data collections of it that the caller sees."""

    subsamples = Count(BLSubSample.blSampleId)
    data_collections = Count(DataCollectionGroup.blSampleId, through=DataCollection.group)
    types = Distinct(DataCollectionGroup.blSampleId, DataCollectionGroup.experimentType)


class SampleSchema(TableSchema):
    """A sample with its crystal, its container and its diffraction plan."""

    blSampleId = auto_field(dump_only=True)
    Crystal = fields.Nested(SampleCrystalSchema, attribute="crystal", dump_only=True)
    Container = fields.Nested(SampleContainerSchema, attribute="container", dump_only=True)
    DiffractionPlan = fields.Nested(
        DiffractionPlanSchema,
        attribute="effective_plan",
        dump_only=True,
        metadata={"description": "its own plan, else that of its crystal"},
    )
    _metadata = fields.Nested(SampleMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSample
        dump_only: tuple[str, ...] = ("recordTimeStamp",)
        search = ("name", "code", "comments")
        sort = ("-blSampleId",)
        filters = {
            "proposal": by_proposal(BLSample.blSampleId.in_(SAMPLES), follows_rule=True),
            "beamLineName": Filter(
                BLSample.containerId.in_(
                    select(Container.containerId).where(
                        Container.beamlineLocation == bindparam("beamLineName"),
                        Container.containerStatus == READY,
                    )
                ),
                text_of(
                    Container.beamlineLocation,
                    metadata={
                        "description": f"in the containers at this beamline that are in `{READY}`"
                    },
                ),
            ),
            "proteinId": _by_key(
                BLSample.crystalId.in_(
                    select(Crystal.crystalId).where(Crystal.proteinId == bindparam("proteinId"))
                ),
                "of this protein",
            ),
            "blSampleGroupId": _by_key(_is_in_group, "in this group"),
            "ligandId": _by_key(_has_ligand, "with this ligand"),
            "shippingId": _by_key(_is_in_shipment, "in a container of this shipment"),
            "status": Filter(
                BLSample.blSampleStatus == bindparam("status"),
                text_of(BLSample.blSampleStatus, metadata={"description": "the blSampleStatus"}),
            ),
        }

    @validates("name")
    def _name(self, value, data_key):
        """Check a new name; stored ones may have other characters, and stay readable."""
        if value is not None and not re.fullmatch(names.SAMPLE, value):
            raise ValidationError("Must be of letters, digits and :+_- only.")


class NewSampleSchema(SampleSchema):
    """A new sample: no part of it can be preferred yet."""

    class Meta(SampleSchema.Meta):
        dump_only = ("recordTimeStamp", "blSubSampleId")
