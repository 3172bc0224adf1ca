"""Persons. Names are for those who share a proposal or session; contact data are not."""

from sqlalchemy import func, select

from services.core.schemas.persons import PersonNameSchema, PersonSchema
from shared import access, read, rows, write
from shared.db import db, save
from shared.errors import Conflict, NotYet
from shared.identity import Identity
from shared.models import Laboratory, Person


def find(identity: Identity, query: dict) -> dict:
    """List the names of the persons the caller may know."""
    return read.page(PersonNameSchema, access.persons(identity), query)


def get(identity: Identity, person_id: int, fields=()) -> dict:
    """Return one person: all of it to itself and the user office, to others the name."""
    whole = identity.can("uportal_sync") or person_id == identity.personId
    schema = PersonSchema if whole else PersonNameSchema
    return read.one(schema, access.persons(identity), fields, personId=person_id)


def add(identity: Identity, data: dict) -> dict:
    """Create a person."""
    rows.check_parents(identity, Person, data)
    return _shown(identity, save(Person(), data).personId)


def add_all(identity: Identity, batch: list[dict]) -> dict:
    """Create many persons at once, or none."""
    _check_laboratories(batch)
    _check_logins(batch)
    return {"inserted": write.insert(Person, batch)}


def change(identity: Identity, person_id: int, data: dict) -> dict:
    """Change some columns of a person."""
    person = rows.lock_visible(identity, Person, person_id)
    rows.check_parents(identity, Person, data)
    return _shown(identity, save(person, data).personId)


def replace(identity: Identity, person_id: int, data: dict) -> dict:
    """Change all columns of a person."""
    return change(identity, person_id, rows.replaced(PersonSchema, data))


def remove(identity: Identity, person_id: int) -> dict:
    """Delete a person on whom nothing hangs; return what it was."""
    person = get(identity, person_id)
    rows.remove(Person, person_id)
    return person


def _shown(identity: Identity, person_id: int) -> dict:
    return read.one(PersonSchema, access.everything(identity), personId=person_id)


def _check_laboratories(batch: list[dict]) -> None:
    """Raise NotYet if rows name laboratories that are not there."""
    at = {row["laboratoryId"] for row in batch if row.get("laboratoryId") is not None}
    key = Laboratory.laboratoryId
    if missing := at.difference(db.session.scalars(select(key).where(key.in_(at)))):
        reason = {"laboratoryId": ["no such Laboratory"]}
        faults = {n: reason for n, row in enumerate(batch) if row.get("laboratoryId") in missing}
        raise NotYet(f"{len(faults)} rows refer to rows that are not there yet", faults)


def _check_logins(batch: list[dict]) -> None:
    """Raise Conflict if logins are taken, or twice in the batch; case does not count."""
    logins = [(row.get("login") or "").lower() for row in batch]
    wanted = select(func.lower(Person.login)).where(Person.login.in_({*logins} - {""}))
    taken, faults = {"", *db.session.scalars(wanted)} - {""}, {}
    for number, login in enumerate(logins):
        if login in taken:
            faults[number] = {"login": ["is taken"]}
        if login:
            taken.add(login)
    if faults:
        raise Conflict(f"{len(faults)} logins are taken, nothing is stored", faults)
