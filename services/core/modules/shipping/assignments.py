"""The places of containers in the sample changers of beamlines; each place has one container."""

from typing import Any

from sqlalchemy import select

from services.core.modules.shipping import status_changes
from services.core.modules.shipping.containers import containers
from services.core.schemas.samples.samples import READY
from shared import access, row_checks, visibility
from shared.db import db
from shared.errors import Conflict, not_found
from shared.identity import Identity
from shared.models import Container
from shared.sql import spellings


def assign(identity: Identity, data: dict) -> dict:
    """Put a visible container into a place of a sample changer; return it.

    The container that was in this place leaves the beamline.
    """
    place = {name: data[name] for name in ("beamlineLocation", "sampleChangerLocation")}
    access.check_beamline(identity, place["beamlineLocation"])
    row = _lock_named(identity, data)
    containers.edit(identity, row, {**place, "containerStatus": READY})
    _empty(identity, row, place)
    return containers.written(identity, row)


def unassign(identity: Identity, data: dict) -> dict:
    """Take a visible container from its beamline; return it."""
    row = _lock_named(identity, data)
    if row.beamlineLocation is None:
        raise Conflict(f"container {row.code or row.containerId} is at no beamline")
    access.check_beamline(identity, row.beamlineLocation)
    _take_away(identity, row)
    return containers.written(identity, row)


def _lock_named(identity: Identity, data: dict) -> Container:
    """The visible container that ``data`` names, its row locked.

    Among several with a code, it is the only one that is at the facility: pucks travel again and
    again, and each time they are another container.
    """
    if "containerId" in data:
        return row_checks.lock_visible(identity, Container, data["containerId"])
    codes, rule = spellings(data["barcode"]), visibility.rule(identity, Container)
    present = {status_changes.plain(status_changes.get_arrived()), READY}
    for column in (Container.barcode, Container.code):
        statement = select(Container.containerId, Container.containerStatus)
        statement = statement.where(column.in_(codes), rule.condition)
        rows = db.session.execute(statement, rule.values).all()
        keys = [key for key, _ in rows]
        if len(rows) > 1:
            keys = [key for key, status in rows if status_changes.plain(status) in present]
        if len(keys) == 1:
            return row_checks.lock_visible(identity, Container, keys[0])
        if rows:
            raise Conflict(
                f"{len(keys) or len(rows)} containers have the code {data['barcode']}:"
                " name one by its containerId",
                {"barcode": ["Must name one container."]},
            )
    raise not_found(Container)


def _empty(identity: Identity, row: Container, place: dict[str, str]) -> None:
    """Take other containers from the ``place`` of ``row``, which is written already.

    The locking SELECT after the write waits for others that write to this place, or deadlocks with
    them and is repeated: no two requests leave two containers in one place. A user leaves hidden
    containers of others where they are: Conflict.
    """
    rule = visibility.rule(identity, Container)
    statement = select(Container, rule.condition.label("seen")).where(
        *(getattr(Container, name) == value for name, value in place.items()),
        Container.containerId != row.containerId,
    )
    others = db.session.execute(
        statement.with_for_update(),
        rule.values,
        execution_options={"populate_existing": True},
    )
    is_staff = (
        identity.is_service
        or identity.can("all_proposals", "all_sessions")
        or place["beamlineLocation"] in identity.beamlines
    )
    for other, seen in others.all():
        if not (seen or is_staff):
            raise Conflict(
                "the place has a container already",
                {"sampleChangerLocation": ["Must be a free place of the sample changer."]},
            )
        _take_away(identity, other)


def _take_away(identity: Identity, row: Container) -> None:
    """Give a locked container that leaves a beamline the status of what is at the facility."""
    nowhere: dict[str, Any] = {"beamlineLocation": None, "sampleChangerLocation": None}
    containers.edit(identity, row, {**nowhere, "containerStatus": status_changes.get_arrived()})
