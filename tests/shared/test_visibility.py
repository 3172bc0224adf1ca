"""Each table has a rule: what shows or names rows of one without it is refused at the start."""

import pytest
from sqlalchemy.dialects import mysql

from services.core.models import MXMRRunBlob
from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.beamline.robot_actions import RobotActionSchema
from services.core.schemas.people.sessions import SessionSchema
from services.core.schemas.processing.processing_jobs import ProcessingJobSchema
from services.core.schemas.processing.results import MRRunSchema
from services.core.schemas.processing.screenings import ScreeningSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.samples.samples import SampleSchema
from services.em.models import Atlas
from services.ssx.models import SSXDataCollection
from shared import models, read, visibility
from shared.access import EVERYTHING, Shape
from shared.api import Namespace
from shared.callers import Form
from shared.child_service import ChildService
from shared.db import Base
from shared.schemas import TableSchema


class PartSchema(TableSchema):
    """A body that could name a position, which is part of another row."""

    class Meta(TableSchema.Meta):
        model = models.BLSubSample


@pytest.mark.parametrize(
    "schema, model",
    [
        (SampleSchema, models.Container),
        (ProcessingJobSchema, models.AutoProcProgram),
        (ContainerSchema, models.BLSample),
        (SessionSchema, models.SessionType),
        (RobotActionSchema, models.BLSession),
    ],
)
def test_a_table_without_a_rule_is_refused(monkeypatch, schema, model):
    read.compiled.__wrapped__(schema)
    monkeypatch.delitem(visibility.SPINE, model)
    with pytest.raises(TypeError, match=f"{model.__name__} has no rule"):
        read.compiled.__wrapped__(schema)


def test_a_model_of_a_service_is_refused_without_a_rule(monkeypatch):
    read.compiled.__wrapped__(MRRunSchema)
    monkeypatch.delattr(MXMRRunBlob, "visible_by")
    with pytest.raises(TypeError, match="MXMRRunBlob has no rule"):
        read.compiled.__wrapped__(MRRunSchema)


def test_a_body_names_no_part_of_another_row():
    with pytest.raises(TypeError, match="positionId|position2Id"):
        visibility.check_links(PartSchema())


def test_a_part_cannot_be_asked_for_alone():
    shape = Shape(*[False] * len(Shape._fields))
    with pytest.raises(TypeError, match="only seen with the row that names it"):
        visibility.condition(shape, models.Position)


def test_rows_beside_others_are_read_for_somebody(app):
    """Without a caller there is no rule to show them by."""
    with app.app_context():
        for schema in (SampleSchema, ProcessingJobSchema):
            with pytest.raises(TypeError, match="read it by a rule that has a caller"):
                read.some(schema, EVERYTHING)


def test_every_link_of_a_rule_is_a_foreign_key():
    checked = 0
    assert visibility.entry(Atlas) and visibility.entry(SSXDataCollection)
    for mapper in Base.registry.mappers:
        try:
            links, shows, *_ = visibility.entry(mapper.class_)
        except TypeError:
            continue
        for name in (*links, *shows):
            parent = visibility.target(getattr(mapper.class_, name))
            assert visibility.entry(parent), (mapper, name)
            checked += 1
    assert checked > 60


def test_rows_that_can_be_hidden_below_a_visible_parent_are_no_child_service():
    with pytest.raises(TypeError, match="Screening: .* dataCollectionGroupId first"):
        ChildService(data_collections, "dataCollectionGroupId", ScreeningSchema)
    ChildService(data_collections, "dataCollectionId", ScreeningSchema)


def test_a_resource_has_only_the_verbs_of_its_rows():
    comments = ChildService(data_collections, "dataCollectionId", ScreeningSchema)
    with pytest.raises(TypeError, match="service of comments has no get, update"):
        Namespace("comments").resource(comments, "list get update", one="comment", many="comments")


@pytest.mark.parametrize(
    "model", [models.DataCollection, models.DataCollectionGroup, models.Protein]
)
def test_a_rule_of_one_link_stands_alone(model):
    """MariaDB makes a semi-join of IN (SELECT …), but not if OR false = 1 follows it."""
    shape = Shape(False, False, person=True, beamlines=False, persons=False, form=Form.LISTS)
    sql = str(visibility.condition(shape, model).compile(dialect=mysql.dialect()))
    assert " IN " in sql and " OR " not in sql
