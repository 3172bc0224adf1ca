"""The rules of the content of containers, and of names, for one sample and for many."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from services.core.schemas.samples.samples import READY
from shared.db import db
from shared.errors import Conflict, bad_field
from shared.identity import Identity
from shared.models import BLSample, Container, Crystal, Protein

PLACE = ("containerId", "location", "subLocation")
Rows = list[tuple[dict, Any]]


def check_places(identity: Identity, rows: Rows) -> None:
    """Raise unless the places of samples are in the capacity of their containers, and free.

    The containers are locked. Conflict for a container that is at a beamline, unless its software
    or its staff change the content.
    """
    moved = [(data, stored) for data, stored in rows if stored is None or {*PLACE} & data.keys()]
    before = [_get_place(stored) for _, stored in moved if stored is not None]
    after = [_get_place(stored, data) for data, stored in moved]
    keys = {key for key, *_ in (*before, *after) if key is not None}
    if not keys or before == after:
        return
    containers = lock_containers(keys)
    check_content(identity, *containers.values())
    for container_id, location, _ in after:
        if container_id is not None and location is not None:
            _check_location(containers[container_id], location)
    _check_free(after, {stored.blSampleId for _, stored in moved if stored is not None})


def lock_containers(keys: set[int]) -> dict[int, Container]:
    """The containers with these keys, their rows locked."""
    statement = select(Container).where(Container.containerId.in_(keys))
    rows = db.session.scalars(
        statement.order_by(Container.containerId).with_for_update(),
        execution_options={"populate_existing": True},
    )
    return {row.containerId: row for row in rows}


def check_content(identity: Identity, *containers: Container) -> None:
    """Raise Conflict if one of ``containers`` is at a beamline, and the caller is a user."""
    if identity.is_service or identity.can("all_proposals", "all_sessions"):
        return
    for row in containers:
        at_beamline = (row.containerStatus or "").lower() == READY
        if at_beamline and row.beamlineLocation not in identity.beamlines:
            name = row.code or row.barcode or row.containerId
            raise Conflict(f"container {name} is at a beamline: its content stays until it leaves")


def check_names(identity: Identity, rows: Rows) -> None:
    """Raise Conflict if a protein has two samples of one name, in any case.

    The proteins are locked.
    """
    named = [
        (_get("name", data, stored), _get("crystalId", data, stored), stored)
        for data, stored in rows
        if stored is None or {"name", "crystalId"} & data.keys()
    ]
    named = [each for each in named if None not in each[:2]]
    proteins = _lock_proteins({crystal_id for _, crystal_id, _ in named})
    pairs = [(proteins[crystal_id], name.lower()) for name, crystal_id, _ in named]
    check_free_names(pairs, {stored.blSampleId for *_, stored in named if stored is not None})


def check_free_names(pairs: list[tuple[int, str]], besides: Collection[int] = ()) -> None:
    """Raise Conflict if two of ``pairs`` of a protein's key and a name in lower case are equal.

    The same for a pair and a stored sample that is not one of ``besides``.
    """
    taken = _get_repeated(pairs)
    if not taken and pairs:
        statement = (
            select(Crystal.proteinId, func.lower(BLSample.name), BLSample.blSampleId)
            .join(Crystal, Crystal.crystalId == BLSample.crystalId)
            .where(Crystal.proteinId.in_({key for key, _ in pairs}))
        )
        new = {*pairs}
        taken = {
            (protein_id, name)
            for protein_id, name, key in db.session.execute(statement)
            if key not in besides and (protein_id, name) in new
        }
    if taken:
        names = ", ".join(sorted({name for _, name in taken})[:10])
        raise Conflict(
            f"the protein has a sample of this name already: {names}",
            {"name": ["Must be unique among the samples of the protein."]},
        )


def _get_place(stored: Any, data: dict | None = None) -> tuple:
    """The place of a sample: the key of its container, location and sublocation."""
    return tuple(_get(name, data or {}, stored) for name in PLACE)


def _get(name: str, data: dict, stored: Any) -> Any:
    """The column ``name`` of ``stored`` with the changes in ``data``."""
    return data.get(name, getattr(stored, name, None))


def _get_repeated(values: list) -> set:
    return {value for value, number in Counter(values).items() if number > 1}


def _check_location(container: Container, location: str) -> None:
    if container.capacity is None:
        return
    if not location.isdecimal() or not 1 <= int(location) <= container.capacity:
        raise bad_field("location", f"Must be a place from 1 to {container.capacity}.")


def _check_free(places: list[tuple], besides: set[int]) -> None:
    """Raise Conflict if two samples have one of ``places``, or a stored one that is not moved.

    Places with a sublocation are left to the unique key of the table.
    """
    full = [place for place in places if None not in place[:2] and place[2] is None]
    taken = _get_repeated(full)
    if not taken and full:
        statement = select(*(getattr(BLSample, name) for name in PLACE), BLSample.blSampleId)
        statement = statement.where(BLSample.containerId.in_({place[0] for place in full}))
        stored = {tuple(row[:3]): row[3] for row in db.session.execute(statement)}
        taken = {place for place in full if stored.get(place, None) not in {None, *besides}}
    if taken:
        location = sorted(place[1] for place in taken)[0]
        raise Conflict(
            f"place {location} of the container has a sample already",
            {"location": ["Must be a free place of the container."]},
        )


def _lock_proteins(crystal_ids: set[int]) -> dict[int, int]:
    """The keys of the proteins of crystals, by those; the rows of the proteins are locked."""
    if not crystal_ids:
        return {}
    statement = select(Crystal.crystalId, Crystal.proteinId)
    rows = db.session.execute(statement.where(Crystal.crystalId.in_(crystal_ids))).all()
    proteins = {crystal: protein for crystal, protein in rows}
    keys = select(Protein.proteinId).where(Protein.proteinId.in_({*proteins.values()}))
    db.session.execute(keys.order_by(Protein.proteinId).with_for_update()).all()
    return proteins
