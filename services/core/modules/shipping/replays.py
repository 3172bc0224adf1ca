"""Rows that a client sends again, because it lost the answer: each is found by what it says."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.core.modules.samples import sample_rules
from shared import visibility
from shared.db import db
from shared.identity import Identity
from shared.models import BLSample, Container, Dewar, Shipping

SHIPMENT = ("source", "proposalId", "shippingName", "creationDate")
REPEATED_WITHIN = timedelta(days=1)


def find_shipment(identity: Identity, data: dict) -> int | None:
    """The key of the visible shipment that has the source, proposal, name and time of ``data``."""
    values = {name: data.get(name) for name in SHIPMENT}
    if None in values.values():
        return None
    rule = visibility.rule(identity, Shipping)
    statement = select(Shipping.shippingId).filter_by(**values).where(rule.condition).limit(1)
    return db.session.scalar(statement, rule.values)


def find_dewar(data: dict) -> int | None:
    """The key of the dewar with the bar code of ``data`` in the same shipment."""
    if not data.get("barCode"):
        return None
    return _find(Dewar.dewarId, data, "shippingId", "barCode")


def find_container(data: dict) -> int | None:
    """The key of the container with the code of ``data`` in the same place; it needs a code."""
    if not data.get("code"):
        return None
    link = "dewarId" if data.get("parentContainerId") is None else "parentContainerId"
    return _find(Container.containerId, data, "source", "code", link, "parentContainerId")


def find_sample(data: dict) -> int | None:
    """The key of the sample of the same source in the place of ``data``."""
    if not data.get("location"):
        return None
    return _find(BLSample.blSampleId, data, "source", *sample_rules.PLACE)


def find_loose_sample(data: dict) -> int | None:
    """The key of the sample of the same source and name in no container, a day old at most."""
    since = datetime.now() - REPEATED_WITHIN
    bare = {"source": data.get("source"), "name": data.get("name")}
    if None in bare.values():
        return None
    statement = select(BLSample.blSampleId).filter_by(**bare, containerId=None, crystalId=None)
    return db.session.scalar(statement.where(BLSample.recordTimeStamp > since).limit(1))


def swap_places(identity: Identity, row: BLSample, data: dict) -> None:
    """Move the sample in the new place of ``row`` to its old one, if it is of the same source.

    The client sends both moves, one after the other.
    """
    place = {name: data.get(name, getattr(row, name)) for name in sample_rules.PLACE}
    old = {name: getattr(row, name) for name in sample_rules.PLACE}
    if place == old or place["containerId"] != old["containerId"] or not place["location"]:
        return
    other = select(BLSample).filter_by(**place, source=row.source).with_for_update()
    if (stored := db.session.scalars(other).first()) is None:
        return
    row.location = None  # the unique key of places takes no two
    db.session.flush()
    stored.location, stored.subLocation = old["location"], old["subLocation"]
    db.session.flush()


def _find(key: Any, data: dict, *names: str) -> int | None:
    statement = select(key).filter_by(**{name: data.get(name) for name in names})
    return db.session.scalar(statement.limit(1))
