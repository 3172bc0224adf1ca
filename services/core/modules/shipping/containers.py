"""Containers of samples: pucks, plates, grid boxes, nested too."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.core.modules.samples import sample_rules
from services.core.modules.shipping import status_changes
from services.core.modules.shipping.change_times import add_change_time
from services.core.modules.shipping.registered_containers import get_registered
from services.core.schemas.shipping.containers import ContainerSchema
from shared.db import db
from shared.errors import Conflict, bad_field
from shared.identity import Identity
from shared.models import Container, ContainerType
from shared.table_service import TableService

ALIASES = {
    "unipuck": ("Puck", 16),
    "spinepuck": ("Spinepuck", 10),
    "spine": ("Spinepuck", 10),
    "actorpuck": ("Actorpuck", 12),
}  # of kinds, with their places
PARENTS = ("dewarId", "parentContainerId", "sessionId")
ACCESSIBLE = 2  # containers around one without a dewar: the rule of access follows no more
DEEPEST = 5  # containers around one with a dewar
DEPENDENT = ("ContainerHistory", "ContainerQueue", "ContainerInspection")


class Containers(TableService):
    """The containers of samples."""

    def insert(self, identity: Identity, data: dict) -> Container:
        """Create a container below visible parents, with the places of its type."""
        now = datetime.now().replace(microsecond=0)
        data = {"containerStatus": status_changes.get_first(), **data}
        data |= {**get_parents(data), **complete_type(data), "bltimeStamp": now}
        data |= get_item(identity, data)
        row = super().insert(identity, data)
        status_changes.note_containers(identity, [row])
        return row

    def edit(self, identity: Identity, row: Container, data: dict) -> Container:
        """Change a locked container; a new status or place is added to its history."""
        before = status_changes.get_place(row)
        data = {**data, **complete_type(data)}
        data = add_change_time(row, data | get_item(identity, data, row))
        place = row.sampleChangerLocation
        if data.get("sampleChangerLocation", place) != place:
            data["scLocationUpdated"] = data["bltimeStamp"]
        row = super().edit(identity, row, data)
        if status_changes.get_place(row) != before:
            status_changes.note_containers(identity, [row])
        return row


containers = Containers(
    ContainerSchema,
    keep=("containerStatus", "beamlineLocation", "sampleChangerLocation", "source"),
    along=DEPENDENT,
)


@containers.check
def check_parents(identity: Identity, data: dict, stored: Container | None) -> None:
    """Check that a container is in a dewar, a container or for a session, and not in itself."""
    if stored is None and not any(data.get(name) for name in PARENTS):
        raise Conflict("without a dewar, a container around it and a session it belongs to nobody")
    key = data.get("parentContainerId")
    if stored is not None and any(
        data.get(name, getattr(stored, name)) != getattr(stored, name) for name in PARENTS
    ):
        sample_rules.check_content(identity, stored)
    has_dewar, levels = data.get("dewarId") is not None, 0
    while key is not None:
        levels += 1
        if stored is not None and key == stored.containerId:
            raise bad_field("parentContainerId", "Must not be the container, nor one inside it.")
        around = db.session.get(Container, key)
        if around is None:
            return
        has_dewar = has_dewar or around.dewarId is not None
        if levels > (DEEPEST if has_dewar else ACCESSIBLE):
            raise bad_field("parentContainerId", f"Containers are nested {DEEPEST} deep at most.")
        key = around.parentContainerId


def get_parents(data: dict) -> dict:
    """The dewar and the session of the container around a new one, where it names none.

    The rule of access follows the dewar of a container first, so that it is visible however deep.
    """
    key = data.get("parentContainerId")
    around = db.session.get(Container, key) if key is not None else None
    if around is None or data.get("dewarId") is not None:
        return {}
    session_id = data.get("sessionId") or around.sessionId
    return {"dewarId": around.dewarId, "sessionId": session_id}


def get_item(identity: Identity, data: dict, stored: Container | None = None) -> dict:
    """The key of the registered container with the bar code, where ``data`` names no other."""
    named = {"barcode", "containerRegistryId"} & data.keys()
    barcode = data.get("barcode", getattr(stored, "barcode", None))
    if not named or not barcode or data.get("containerRegistryId") is not None:
        return {}
    return {"containerRegistryId": get_registered(identity, {barcode}).get(barcode.lower())}


def get_types() -> dict[str, ContainerType]:
    """The kinds of containers, by name in lower case."""
    rows = db.session.scalars(select(ContainerType).order_by(ContainerType.containerTypeId.desc()))
    return {row.name.lower(): row for row in rows if row.name}


def find_type(word: str, types: dict[str, ContainerType]) -> ContainerType | None:
    """The kind of container with this name, or with a name of which this is an alias."""
    name, _ = ALIASES.get(_simplify(word), (word, None))
    return types.get(name.lower())


def _simplify(word: str) -> str:
    return word.lower().replace(" ", "")


def complete_type(data: dict, types: dict[str, ContainerType] | None = None) -> dict:
    """The columns with the kind of a container, and the places of that kind if none are given.

    A kind that the site does not have stays a word.
    """
    word = data.get("containerType")
    if not word:
        return {}
    row = find_type(word, types if types is not None else get_types())
    columns: dict[str, Any] = {}
    if "containerTypeId" not in data:
        columns["containerTypeId"] = row.containerTypeId if row else None
    if row and row.name:
        columns["containerType"] = row.name[:20]
    capacity = ALIASES.get(_simplify(word), (word, None))[1]
    if capacity := (row.capacity if row else None) or capacity:
        columns["capacity"] = data.get("capacity") or capacity
    return columns
