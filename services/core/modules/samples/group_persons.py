"""The persons of a proposal with whom a group of samples is shared only."""

from sqlalchemy import bindparam, select

from services.core.modules.samples.group_managers import check_manager
from services.core.modules.samples.groups import groups
from services.core.schemas.people.persons import PersonNameSchema
from shared import read, revocations
from shared.access import Rule, everything
from shared.db import db, save
from shared.errors import Conflict, bad_field, not_found
from shared.identity import Identity
from shared.models import Person, Proposal, ProposalHasPerson
from shared.service_tables import SampleGroupPerson


def list_persons(identity: Identity, group_id: int, query: dict) -> dict:
    """One page of the persons with whom a visible group is shared only; none, if it is not."""
    groups.check_visible(identity, group_id)
    rule = everything(identity)
    values = {**rule.values, "group": group_id}
    return read.page(PersonNameSchema, Rule(_IS_SHARED_WITH, values, rule.shape), query)


_IS_SHARED_WITH = Person.personId.in_(
    select(SampleGroupPerson.personId).where(
        SampleGroupPerson.blSampleGroupId == bindparam("group")
    )
)


def add_person(identity: Identity, group_id: int, person_id: int) -> dict:
    """Share a group with a person of its proposal; the first one hides it from all others."""
    group = groups.lock(identity, group_id)
    check_manager(identity, group)
    if group.proposalId is None:
        raise Conflict("the group is of no proposal: only the persons of one can share it")
    leads = select(Proposal.personId).filter_by(proposalId=group.proposalId)
    on_proposal = select(ProposalHasPerson.personId).filter_by(proposalId=group.proposalId)
    if person_id not in {*db.session.scalars(leads.union(on_proposal))}:
        raise bad_field("personId", f"is not on proposal {group.proposalId} of the group")
    key = {"blSampleGroupId": group_id, "personId": person_id}
    if db.session.get(SampleGroupPerson, key):
        raise Conflict(f"the group is shared with person {person_id} already")
    save(SampleGroupPerson(), key)
    revocations.announce()
    return _read_person(identity, person_id)


def delete_person(identity: Identity, group_id: int, person_id: int) -> dict:
    """Share a group with a person no longer; without the last one, its proposal sees it again."""
    check_manager(identity, groups.lock(identity, group_id))
    row = db.session.get(SampleGroupPerson, {"blSampleGroupId": group_id, "personId": person_id})
    if row is None:
        raise not_found(Person)
    db.session.delete(row)
    db.session.flush()
    revocations.announce()
    return _read_person(identity, person_id)


def _read_person(identity: Identity, person_id: int) -> dict:
    return read.one(PersonNameSchema, everything(identity), personId=person_id)
