"""The groups of samples that spreadsheets name."""

from sqlalchemy import func, select

from services.core.modules.samples.group_managers import check_manager
from services.core.modules.samples.groups import groups
from shared import batches, visibility
from shared.db import db
from shared.identity import Identity
from shared.models import BLSampleGroup, BLSampleGroupHasBLSample
from shared.service_tables import SampleGroupPerson

SEPARATOR = ";"


def split_names(text: str) -> list[str]:
    """The names of groups in a cell, each once."""
    return [*dict.fromkeys(filter(None, map(str.strip, text.split(SEPARATOR))))]


def add_samples(identity: Identity, proposal_id: int, names: dict[int, list[str]]) -> None:
    """Put new samples into groups of their proposal; ``names`` are these by the keys of samples.

    A group is a visible one with the name in any case; else it is made. Forbidden for one that is
    shared with named persons, unless the caller manages it.
    """
    spellings = {name.lower(): name for each in names.values() for name in each}
    if not spellings:
        return
    rule = visibility.rule(identity, BLSampleGroup)
    statement = select(BLSampleGroup).where(
        BLSampleGroup.proposalId == proposal_id,
        func.lower(BLSampleGroup.name).in_(spellings),
        rule.condition,
    )
    statement = statement.order_by(BLSampleGroup.blSampleGroupId)
    keys: dict[str, int] = {}
    rows = {row.blSampleGroupId: row for row in db.session.scalars(statement, rule.values)}
    shares = select(SampleGroupPerson.blSampleGroupId).distinct()
    shares = shares.where(SampleGroupPerson.blSampleGroupId.in_(rows))
    for key in db.session.scalars(shares).all() if rows else ():
        check_manager(identity, rows[key])
    for row in rows.values():
        keys.setdefault((row.name or "").lower(), row.blSampleGroupId)
    new = [lower for lower in spellings if lower not in keys]
    common = {"proposalId": proposal_id, "ownerId": identity.personId}
    made = [{**common, "name": spellings[lower]} for lower in new]
    groups.check_new(identity, made)
    keys |= zip(new, batches.insert_with_keys(BLSampleGroup, made))
    members = {(keys[name.lower()], key) for key, each in names.items() for name in each}
    rows_of = [{"blSampleGroupId": group, "blSampleId": key} for group, key in sorted(members)]
    batches.insert(BLSampleGroupHasBLSample, rows_of)


def list_names(identity: Identity, sample_ids: list[int]) -> dict[int, str]:
    """The names of the visible groups of samples, by the keys of the samples."""
    rule = visibility.rule(identity, BLSampleGroup)
    member = BLSampleGroupHasBLSample
    statement = (
        select(member.blSampleId, BLSampleGroup.name)
        .join(BLSampleGroup, BLSampleGroup.blSampleGroupId == member.blSampleGroupId)
        .where(member.blSampleId.in_(sample_ids), rule.condition)
        .order_by(BLSampleGroup.name)
    )
    names: dict[int, list[str]] = {}
    for key, name in db.session.execute(statement, rule.values):
        names.setdefault(key, []).append(name or "")
    return {key: f"{SEPARATOR} ".join(each) for key, each in names.items()}
