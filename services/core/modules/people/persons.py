"""Persons: callers who share a proposal or session see the name, but no contact data."""

from sqlalchemy import func, select

from services.core.schemas.people.persons import PersonNameSchema, PersonSchema
from shared import batches, read, visibility
from shared.db import db
from shared.errors import Conflict, NotYet
from shared.identity import Identity
from shared.models import Laboratory, Person
from shared.table_service import TableService


class Persons(TableService):
    """The persons of a site."""

    def get(self, identity: Identity, key: int, fields=()) -> dict:
        """One person: all fields for itself and the user office, for others the name."""
        whole = identity.can("uportal_sync") or key == identity.personId
        schema = PersonSchema if whole else PersonNameSchema
        return read.one(schema, visibility.rule(identity, Person), fields, personId=key)

    def create_all(self, identity: Identity, batch: list[dict]) -> dict:
        """Create many persons at once, or none."""
        _check_laboratories(batch)
        _check_logins(batch)
        return {"inserted": batches.insert(Person, batch)}


persons = Persons(PersonSchema, listed=PersonNameSchema)


def _check_laboratories(batch: list[dict]) -> None:
    """Raise NotYet if rows refer to laboratories that do not exist."""
    keys = {row["laboratoryId"] for row in batch if row.get("laboratoryId") is not None}
    column = Laboratory.laboratoryId
    if missing := keys.difference(db.session.scalars(select(column).where(column.in_(keys)))):
        reason = {"laboratoryId": ["no such Laboratory"]}
        faults = {n: reason for n, row in enumerate(batch) if row.get("laboratoryId") in missing}
        raise NotYet(f"{len(faults)} rows refer to rows that are not there yet", faults)


def _check_logins(batch: list[dict]) -> None:
    """Raise Conflict if logins are taken, or twice in the batch, in any case."""
    logins = [(row.get("login") or "").lower() for row in batch]
    statement = select(func.lower(Person.login)).where(Person.login.in_({*logins} - {""}))
    taken, faults = {"", *db.session.scalars(statement)} - {""}, {}
    for number, login in enumerate(logins):
        if login in taken:
            faults[number] = {"login": ["is taken"]}
        if login:
            taken.add(login)
    if faults:
        raise Conflict(f"{len(faults)} logins are taken, nothing is stored", faults)
