"""The samples of runs: each is one of the proposal by its names, or made."""

from typing import Any

from sqlalchemy import func, select

from services.ssx.models import Component, CrystalComposition, SampleComposition
from shared import app_context, batches, row_checks
from shared.db import db, save
from shared.errors import BadInput, Conflict
from shared.identity import Identity
from shared.models import BLSample, ComponentType, Crystal, Proposal, Protein
from shared.spelling import unknown
from shared.visibility import rule

SIZES = ("size_X", "size_Y", "size_Z", "abundance", "spaceGroup")


def find_or_create(identity: Identity, proposal_id: int, document: dict) -> int:
    """The key of the sample of ``document`` in a visible proposal, which is locked.

    A sample has its name among those of its protein: it is the stored one with that name, if
    the crystals and components are equal, else Conflict. BadInput by the field that cannot be.
    """
    lock = select(Proposal.proposalId).filter_by(proposalId=proposal_id).with_for_update()
    db.session.execute(lock).all()
    crystal = document["crystal"]
    parts = _complete(
        proposal_id,
        {
            CrystalComposition: (
                ("Crystal", "CrystalComposition"),
                crystal.get("compositions") or [],
            ),
            SampleComposition: (("SampleComposition",), document.get("compositions") or []),
        },
    )
    protein_id = _find_or_create_protein(proposal_id, crystal["protein"])
    stored = _find_sample(protein_id, document["name"])
    if stored is not None:
        _check_equal(identity, stored, crystal, parts)
        return stored.blSampleId
    columns = {n: v for n, v in crystal.items() if n not in ("protein", "compositions")}
    crystal_row = save(Crystal(), {**columns, "proteinId": protein_id})
    columns = {n: v for n, v in document.items() if n not in ("crystal", "compositions")}
    sample = save(BLSample(), {**columns, "crystalId": crystal_row.crystalId})
    for model, link in (
        (CrystalComposition, {"crystalId": crystal_row.crystalId}),
        (SampleComposition, {"blSampleId": sample.blSampleId}),
    ):
        batches.insert(model, [{**row, **link} for row in parts[model]])
    row_checks.note_visible(identity, BLSample, sample.blSampleId)
    return sample.blSampleId


def _find_or_create_protein(proposal_id: int, document: dict) -> int:
    """The key of the protein with the acronym of ``document`` in any case, its row locked."""
    statement = select(Protein.proteinId).where(
        Protein.proposalId == proposal_id,
        func.lower(Protein.acronym) == document["acronym"].lower(),
    )
    key = db.session.scalar(statement.order_by(Protein.proteinId).limit(1).with_for_update())
    if key is not None:
        return key
    if not app_context.site()["shipping"]["create_proteins"]:
        reason = f"The proposal has no protein {document['acronym']}."
        raise _bad(("Crystal", "Protein", "acronym"), reason)
    return save(Protein(), {**document, "proposalId": proposal_id}).proteinId


def _find_sample(protein_id: int, name: str) -> BLSample | None:
    statement = (
        select(BLSample)
        .join(Crystal, Crystal.crystalId == BLSample.crystalId)
        .where(Crystal.proteinId == protein_id, func.lower(BLSample.name) == name.lower())
    )
    return db.session.scalar(statement.order_by(BLSample.blSampleId).limit(1))


def _complete(proposal_id: int, parts: dict[Any, tuple[tuple, list[dict]]]) -> dict:
    """The columns of the compositions in ``parts``, with the keys of their components.

    ``parts`` has the path and the documents of each table. A component is one of the proposal, or
    of all, by its kind, name and composition in any case; it is made if there is none.
    """
    rows = [(path, at, row) for path, each in parts.values() for at, row in enumerate(each)]
    types: dict[str, int] = {}
    if rows:
        statement = select(ComponentType.name, ComponentType.componentTypeId)
        types = {name: key for name, key in db.session.execute(statement)}
    by_word = {name.lower(): key for name, key in types.items()}
    components: dict[tuple, dict] = {}
    for path, at, row in rows:
        component = row["component"]
        word = component["type"]["name"]
        if (type_id := by_word.get(word.lower())) is None:
            reason = f"Is an {unknown(word, types, 'component type')}"
            raise _bad((*path, at, "Component", "ComponentType", "name"), reason)
        columns = {"componentTypeId": type_id, "name": component["name"]}
        columns["composition"] = component.get("composition")
        components.setdefault(_identify(*columns.values()), columns)
    keys = _find_or_create_components(proposal_id, components)
    completed: dict[Any, list[dict]] = {}
    for model, (_, documents) in parts.items():
        completed[model] = []
        for row in documents:
            component = row["component"]
            type_id = by_word[component["type"]["name"].lower()]
            key = keys[_identify(type_id, component["name"], component.get("composition"))]
            columns = {name: value for name, value in row.items() if name != "component"}
            completed[model].append({**columns, "componentId": key})
    return completed


def _identify(type_id: int, name: str, composition: str | None) -> tuple:
    """The key by which equal components are one."""
    return type_id, name.lower(), composition and composition.lower()


def _find_or_create_components(
    proposal_id: int, components: dict[tuple, dict]
) -> dict[tuple, int]:
    """The keys of components, which are of the proposal before those of all proposals."""
    if not components:
        return {}
    columns = (Component.componentTypeId, Component.name, Component.composition)
    statement = (
        select(*columns, Component.componentId)
        .where((Component.proposalId == proposal_id) | Component.proposalId.is_(None))
        .where(func.lower(Component.name).in_({name for _, name, _ in components}))
        .order_by(Component.proposalId.is_not(None), Component.componentId.desc())
    )
    keys = {_identify(*row[:3]): row.componentId for row in db.session.execute(statement)}
    new = [each for each in components if each not in keys]
    made = [{**components[each], "proposalId": proposal_id} for each in new]
    return keys | dict(zip(new, batches.insert_with_keys(Component, made)))


def _check_equal(
    identity: Identity, stored: BLSample, crystal: dict, parts: dict[Any, list[dict]]
) -> None:
    """Raise Conflict unless the sample is visible, with equal crystals and components.

    What a document does not say is equal.
    """
    visible = rule(identity, BLSample)
    statement = select(BLSample.blSampleId, Crystal).join(Crystal)
    statement = statement.where(BLSample.blSampleId == stored.blSampleId, visible.condition)
    row = db.session.execute(statement, visible.values).first()
    links: dict[Any, dict] = {
        CrystalComposition: {"crystalId": stored.crystalId},
        SampleComposition: {"blSampleId": stored.blSampleId},
    }
    is_equal = row is not None and all(
        crystal[name] in (None, getattr(row[1], name)) for name in SIZES if name in crystal
    )
    for model, rows in parts.items():
        keys = set(db.session.scalars(select(model.componentId).filter_by(**links[model])))
        is_equal = is_equal and (not rows or {each["componentId"] for each in rows} == keys)
    if not is_equal:
        raise Conflict(
            f"the protein has another sample with the name {stored.name}",
            {"name": ["Must be new among the samples of the protein, or name an equal sample."]},
        )


def _bad(path: tuple[str | int, ...], reason: str) -> BadInput:
    """The error for the field at ``path`` of the document of a sample."""
    errors: Any = [reason]
    for name in reversed(path):
        errors = {name: errors}
    return BadInput("invalid input", errors)
