"""The rows of a document with dewars, containers and samples, which are inserted in bulk."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.core.models import Ligand, SampleHasLigand
from services.core.modules.shipping import status_changes
from services.core.modules.shipping.containers import complete_type, get_types
from services.core.modules.shipping.dewars import set_barcodes
from services.core.modules.shipping.registered_containers import get_registered
from services.core.modules.shipping.registered_dewars import link_registered
from services.core.modules.shipping.shipment_sessions import put_sessions
from shared import app_context, batches, names, row_checks
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.models import (
    BLSample,
    BLSession,
    Container,
    Crystal,
    Dewar,
    DiffractionPlan,
    Proposal,
    Protein,
    Shipping,
)

Path = tuple[Any, ...]
BELOW = ("containers", "samples", "crystal", "plan", "ligands")
KEYS = ("dewarId", "containerId", "blSampleId")
DEEPEST = 5  # containers around one


@dataclass(eq=False)
class Node:
    """A dewar, container or sample of a document; ``parent`` is what it is in."""

    path: Path
    document: dict
    parent: "Node | None" = None
    key: int | None = None
    columns: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.document.keys() - {*BELOW, *KEYS}
        self.columns = {name: self.document[name] for name in names}

    @property
    def dewar(self) -> "Node":
        """The dewar that it is in."""
        return self if self.parent is None else self.parent.dewar


class Faults:
    """The reasons why a document cannot be stored, by the paths of its fields."""

    def __init__(self) -> None:
        self.errors: dict = {}

    def add(self, path: Path, reason: str) -> None:
        """Add a reason for the field at ``path``."""
        *above, name = path
        errors = self.errors
        for step in above:
            errors = errors.setdefault(step, {})
        errors.setdefault(name, []).append(reason)

    def raise_any(self) -> None:
        """Raise BadInput if there are reasons."""
        if self.errors:
            raise BadInput("invalid input, nothing is stored", self.errors)


@dataclass
class Tree:
    """The rows of a document: dewars, containers by level, outermost first, and samples."""

    dewars: list[Node]
    levels: list[list[Node]]
    samples: list[Node]

    @property
    def containers(self) -> list[Node]:
        """The containers of all levels."""
        return [node for level in self.levels for node in level]


def build_tree(dewars: list[dict], faults: Faults) -> Tree:
    """The rows of ``dewars``, as a schema loaded them."""
    tree = Tree([Node(("Dewar", at), each) for at, each in enumerate(dewars)], [], [])
    level = [node for dewar in tree.dewars for node in _get_below(dewar, "containers")]
    while level:
        if len(tree.levels) > DEEPEST:
            faults.add(level[0].path, f"Containers are nested {DEEPEST} deep at most.")
            break
        tree.levels.append(level)
        tree.samples += [node for each in level for node in _get_below(each, "samples")]
        level = [node for each in level for node in _get_below(each, "containers")]
    return tree


def _get_below(node: Node, name: str) -> Iterator[Node]:
    key = {"containers": "Container", "samples": "BLSample"}[name]
    for at, document in enumerate(node.document.get(name) or ()):
        yield Node((*node.path, key, at), document, node)


def insert(
    identity: Identity, shipment: Shipping, dewars: list[dict], stored: Mapping[int, int]
) -> Tree:
    """Insert all rows of ``dewars`` below a shipment that is locked or new; return them.

    ``stored`` are the keys of dewars that it has, by their index.
    """
    faults = Faults()
    tree = build_tree(dewars, faults)
    for index, key in stored.items():
        tree.dewars[index].key = key
    complete(identity, tree)
    check_places(tree.samples, faults)
    content = Content(shipment.proposalId, tree.samples, faults)
    faults.raise_any()
    insert_dewars(identity, shipment, [node for node in tree.dewars if node.key is None])
    insert_containers(tree.levels)
    insert_samples(tree.samples, content)
    return tree


def complete(identity: Identity, tree: Tree) -> None:
    """Check the references of dewars and containers; fill in status, kind and times."""
    types, now = get_types(), datetime.now().replace(microsecond=0)
    first = {"bltimeStamp": now}
    for node in tree.dewars:
        node.columns = {"dewarStatus": status_changes.get_first(), **node.columns, **first}
    for node in tree.containers:
        status = {"containerStatus": status_changes.get_first()}
        node.columns = {**status, **node.columns, **complete_type(node.columns, types), **first}
    _link_registered_containers(identity, tree.containers)
    row_checks.check_all_parents(
        identity,
        {
            Dewar: [node.columns for node in tree.dewars],
            Container: [node.columns for node in tree.containers],
            BLSample: [node.columns for node in tree.samples],
            DiffractionPlan: [
                node.document["plan"] for node in tree.samples if node.document.get("plan")
            ],
        },
    )


def _link_registered_containers(identity: Identity, nodes: list[Node]) -> None:
    """Link containers with a bar code to the registered ones that the caller sees."""
    coded = [node for node in nodes if node.columns.get("barcode")]
    items = get_registered(identity, {node.columns["barcode"] for node in coded})
    for node in coded:
        if node.columns.get("containerRegistryId") is None:
            node.columns["containerRegistryId"] = items.get(node.columns["barcode"].lower())


def check_places(samples: list[Node], faults: Faults) -> None:
    """Add a fault for each place that is not in its container, or has two samples."""
    taken = Counter(_get_place(node) for node in samples)
    for node in samples:
        assert node.parent is not None
        location, capacity = node.columns.get("location"), node.parent.columns.get("capacity")
        if location is None:
            continue
        is_place = location.isdecimal() and int(location) > 0
        if capacity is not None and not (is_place and int(location) <= capacity):
            faults.add((*node.path, "location"), f"Must be a place from 1 to {capacity}.")
        elif taken[_get_place(node)] > 1:
            faults.add((*node.path, "location"), "Two samples have this place.")


def _get_place(node: Node) -> tuple:
    place = node.columns.get("location"), node.columns.get("subLocation")
    return (node.parent, *place)


class Content:
    """The proteins, crystals and ligands of samples: found in the proposal, or made.

    The proposal is locked first, so that no other request makes the same ones.
    """

    def __init__(self, proposal_id: int, samples: list[Node], faults: Faults):
        self.proposal_id, self.faults = proposal_id, faults
        lock = select(Proposal.proposalId).filter_by(proposalId=proposal_id).with_for_update()
        db.session.execute(lock).all()
        self.proteins = self._find_proteins(samples)
        self._check_names(samples)
        self.ligands = self._find_ligands(samples)

    def _find_proteins(self, samples: list[Node]) -> dict[str, int]:
        """The keys of the proteins of samples by acronym in lower case; new ones are inserted."""
        named: dict[str, tuple[Path, dict]] = {}
        for node in samples:
            if crystal := node.document.get("crystal"):
                protein = crystal["protein"]
                path = (*node.path, "Crystal", "Protein", "acronym")
                named.setdefault(protein["acronym"].lower(), (path, protein))
        if not named:
            return {}
        statement = select(func.lower(Protein.acronym), Protein.proteinId)
        statement = statement.where(Protein.proposalId == self.proposal_id)
        rows = db.session.execute(statement.order_by(Protein.proteinId.desc()))
        keys = {acronym: key for acronym, key in rows if acronym in named}
        new = [name for name in named if name not in keys]
        if new and not app_context.site()["shipping"]["create_proteins"]:
            for name in new:
                path, protein = named[name]
                self.faults.add(path, f"The proposal has no protein {protein['acronym']}.")
            return keys
        for path, protein in (named[name] for name in new):
            if not re.fullmatch(names.ACRONYM, protein["acronym"]):
                self.faults.add(path, names.ACRONYM_RULE)
        made = [{**named[name][1], "proposalId": self.proposal_id} for name in new]
        return keys | dict(zip(new, batches.insert_with_keys(Protein, made)))

    def _check_names(self, samples: list[Node]) -> None:
        """Add a fault for each name that a protein has twice, here or among stored samples."""
        pairs = [(self.get_protein(node), node) for node in samples]
        named = [(key, node.columns["name"].lower(), node) for key, node in pairs if key]
        besides = {node.key for *_, node in named if node.key}
        statement = (
            select(Crystal.proteinId, func.lower(BLSample.name), BLSample.blSampleId)
            .join(Crystal, Crystal.crystalId == BLSample.crystalId)
            .where(Crystal.proteinId.in_({key for key, *_ in named}))
        )
        rows = db.session.execute(statement) if named else ()
        stored = {(protein, name) for protein, name, key in rows if key not in besides}
        taken = Counter((key, name) for key, name, _ in named)
        for key, name, node in named:
            if taken[key, name] > 1:
                self.faults.add((*node.path, "name"), "Two samples of the protein have this name.")
            elif (key, name) in stored:
                reason = "The protein has a sample of this name already."
                self.faults.add((*node.path, "name"), reason)

    def _find_ligands(self, samples: list[Node]) -> dict[tuple, int]:
        """The keys of the ligands of samples by name and structure; new ones are inserted."""
        named = {_get_ligand(each): each for node in samples for each in get_ligands(node)}
        if not named:
            return {}
        statement = select(Ligand.name, Ligand.SMILES, Ligand.ligandId)
        statement = statement.where(Ligand.proposalId == self.proposal_id)
        rows = db.session.execute(statement.order_by(Ligand.ligandId.desc()))
        keys = {(name.lower(), smiles): key for name, smiles, key in rows}
        new = [each for each in named if each not in keys]
        made = [{**named[each], "proposalId": self.proposal_id} for each in new]
        return keys | dict(zip(new, batches.insert_with_keys(Ligand, made)))

    def get_protein(self, node: Node) -> int | None:
        """The key of the protein of a sample, if it has one."""
        crystal = node.document.get("crystal")
        return self.proteins.get(crystal["protein"]["acronym"].lower()) if crystal else None

    def get_ligand(self, document: dict) -> int:
        """The key of a ligand of a sample."""
        return self.ligands[_get_ligand(document)]


def get_ligands(node: Node) -> list[dict]:
    """The ligands of a sample in its document."""
    return node.document.get("ligands") or []


def _get_ligand(document: dict) -> tuple:
    return document["name"].lower(), document.get("SMILES")


def insert_dewars(identity: Identity, shipment: Shipping, nodes: list[Node]) -> None:
    """Insert dewars of a shipment, with their bar codes and the begin of their history."""
    for node in nodes:
        node.columns["shippingId"] = shipment.shippingId
    check_sessions(shipment.proposalId, nodes)
    keys = batches.insert_with_keys(Dewar, [node.columns for node in nodes])
    for node, key in zip(nodes, keys):
        node.key = key
    rows = db.session.scalars(select(Dewar).where(Dewar.dewarId.in_(keys))).all() if keys else []
    set_barcodes([*rows])
    link_registered([row for row in rows if row.facilityCode and row.dewarRegistryId is None])
    put_sessions(rows)
    status_changes.note_dewars(identity, [*rows], pass_up=False, pass_down=False)


def check_sessions(proposal_id: int, nodes: list[Node]) -> None:
    """Raise BadInput if the first session of a dewar is of another proposal."""
    named = {node.columns.get("firstExperimentId"): node for node in nodes}
    named.pop(None, None)
    statement = select(BLSession.sessionId).where(BLSession.proposalId == proposal_id)
    keys = {*db.session.scalars(statement.where(BLSession.sessionId.in_([*named])))}
    faults = Faults()
    for key, node in named.items():
        if key not in keys:
            reason = "is not a session of the proposal of the shipment"
            faults.add((*node.path, "firstExperimentId"), reason)
    faults.raise_any()


def insert_containers(levels: list[list[Node]]) -> None:
    """Insert containers, those around others first."""
    for level in levels:
        for node in level:
            assert node.parent is not None
            node.columns["dewarId"] = node.dewar.key
            if node.parent is not node.dewar:
                node.columns["parentContainerId"] = node.parent.key
                node.columns.setdefault("sessionId", node.parent.columns.get("sessionId"))
        keys = batches.insert_with_keys(Container, [node.columns for node in level])
        for node, key in zip(level, keys):
            node.key = key


def insert_samples(nodes: list[Node], content: Content) -> None:
    """Insert samples with their crystals, plans and ligands: equal crystals are one row."""
    assign_crystals(nodes, content)
    planned = [node for node in nodes if node.document.get("plan")]
    plans = batches.insert_with_keys(DiffractionPlan, [node.document["plan"] for node in planned])
    for node, key in zip(planned, plans):
        node.columns["diffractionPlanId"] = key
    for node in nodes:
        assert node.parent is not None
        node.columns["containerId"] = node.parent.key
    keys = batches.insert_with_keys(BLSample, [node.columns for node in nodes])
    for node, key in zip(nodes, keys):
        node.key = key
    batches.insert(
        SampleHasLigand,
        [
            {"blSampleId": node.key, "ligandId": content.get_ligand(each)}
            for node in nodes
            for each in get_ligands(node)
        ],
    )


def assign_crystals(nodes: list[Node], content: Content) -> None:
    """Insert the crystals of samples, equal ones once, and set their keys in the samples."""
    rows: dict[tuple, dict] = {}
    keys: list[tuple[Node, tuple]] = []
    for node in nodes:
        crystal = node.document.get("crystal")
        if not crystal:
            continue
        columns = {n: v for n, v in crystal.items() if n != "protein" and v is not None}
        columns["proteinId"] = content.get_protein(node)
        same = tuple(sorted(columns.items()))
        rows[same] = columns
        keys.append((node, same))
    inserted = dict(zip(rows, batches.insert_with_keys(Crystal, [*rows.values()])))
    for node, same in keys:
        node.columns["crystalId"] = inserted[same]
