"""The changes that make the rows of a shipment those of a document.

Rows of the document with a key are changed, others are new; rows that it lacks are deleted, unless
data depend on them.
"""

from typing import Any

from sqlalchemy import select

from services.core.models import SampleHasLigand
from services.core.modules.samples import sample_rules
from services.core.modules.samples import samples as samples_module
from services.core.modules.shipping import containers as containers_module
from services.core.modules.shipping import dewars as dewars_module
from services.core.modules.shipping import tree_rows
from services.core.modules.shipping.change_times import differs
from services.core.modules.shipping.containers import containers
from services.core.modules.shipping.dewars import dewars
from services.core.modules.shipping.tree_rows import Content, Faults, Node
from services.core.schemas.shipping.shipment_trees import (
    TreeContainerSchema,
    TreeDewarSchema,
    TreePlanSchema,
    TreeSampleSchema,
)
from shared import access, row_checks
from shared.db import db
from shared.identity import Identity
from shared.models import BLSample, Container, Crystal, Dewar, DiffractionPlan, Shipping

KEPT_BY_DEWARS = ("dewarStatus", "storageLocation", "barCode", "source", "dewarId")
KEPT_BY_CONTAINERS = (
    *("containerStatus", "beamlineLocation", "sampleChangerLocation", "source", "containerId"),
    *("containerTypeId", "priorityPipelineId"),
)
KEPT_BY_SAMPLES = ("blSampleStatus", "source", "blSampleId")


def replace(identity: Identity, shipment: Shipping, documents: list[dict]) -> None:
    """Make the rows below a locked shipment those of ``documents``.

    BadInput with the path of each fault, Conflict if a row with data would be deleted.
    """
    stored = _lock_rows(identity, shipment)
    faults = Faults()
    tree = tree_rows.build_tree(documents, faults)
    rows = (tree.dewars, tree.containers, tree.samples)
    for nodes, by_key, name in zip(rows, stored, tree_rows.KEYS):
        _match(nodes, by_key, name, faults)
    faults.raise_any()
    _delete(identity, rows, stored)
    _complete(rows)
    tree_rows.complete(identity, tree)
    tree_rows.check_places(tree.samples, faults)
    content = Content(shipment.proposalId, tree.samples, faults)
    faults.raise_any()
    for node in tree.dewars:
        if node.key:
            edit_changed(identity, dewars, stored[0][node.key], node.columns)
    tree_rows.insert_dewars(identity, shipment, [node for node in tree.dewars if not node.key])
    for level in tree.levels:
        _edit_containers(identity, level, stored[1])
        tree_rows.insert_containers([[node for node in level if not node.key]])
    _edit_samples(identity, [node for node in tree.samples if node.key], stored[2], content)
    tree_rows.insert_samples([node for node in tree.samples if not node.key], content)


def _lock_rows(identity: Identity, shipment: Shipping) -> tuple[dict[int, Any], ...]:
    """The visible dewars, containers and samples of a shipment, by key; the first two locked."""
    dewar_rows = db.session.scalars(
        select(Dewar).where(Dewar.shippingId == shipment.shippingId).with_for_update()
    ).all()
    keys = [row.dewarId for row in dewar_rows]
    container_rows = db.session.scalars(
        select(Container).where(Container.dewarId.in_(keys)).with_for_update()
    ).all()
    rule = access.samples(identity)
    keys = [row.containerId for row in container_rows]
    statement = select(BLSample).where(BLSample.containerId.in_(keys), rule.condition)
    sample_rows = db.session.scalars(statement, rule.values).all()
    return (
        {row.dewarId: row for row in dewar_rows},
        {row.containerId: row for row in container_rows},
        {row.blSampleId: row for row in sample_rows},
    )


def _match(nodes: list[Node], stored: dict[int, Any], name: str, faults: Faults) -> None:
    """Set the keys of the nodes that name one; each is that of a stored row, and named once."""
    named = set()
    for node in nodes:
        if (key := node.document.get(name)) is None:
            continue
        if key not in stored or key in named:
            faults.add((*node.path, name), "Must be a row of this shipment, once.")
        named.add(key)
        node.key = key


def _delete(identity: Identity, rows: tuple, stored: tuple) -> None:
    """Delete the stored rows that no node names, samples first, inner containers before outer."""
    gone = [{*by_key} - {node.key for node in nodes} for nodes, by_key in zip(rows, stored)]
    inside = [stored[2][key].containerId for key in gone[2]]
    touched = {*inside, *gone[1]}
    sample_rules.check_content(identity, *(stored[1][key] for key in touched))
    row_checks.remove_locked(BLSample, [*gone[2]], samples_module.DEPENDENT)
    containers_left = {*gone[1]}
    while containers_left:
        outer = {stored[1][key].parentContainerId for key in containers_left}
        inner = containers_left - outer or containers_left
        row_checks.remove_locked(Container, [*inner], containers_module.DEPENDENT)
        containers_left -= inner
    row_checks.remove_locked(Dewar, [*gone[0]], dewars_module.DEPENDENT)
    for keys, by_key in zip(gone, stored):
        for key in keys:  # a new row may get the same one
            db.session.expunge(by_key[key])


def _complete(rows: tuple) -> None:
    """Give the columns that a row with a key lacks their defaults, as PUT does."""
    kinds = (
        (TreeDewarSchema, KEPT_BY_DEWARS),
        (TreeContainerSchema, KEPT_BY_CONTAINERS),
        (TreeSampleSchema, KEPT_BY_SAMPLES),
    )
    for nodes, (schema, kept) in zip(rows, kinds):
        for node in nodes:
            if node.key:
                below = (*kept, *("Container", "BLSample", "Crystal", "DiffractionPlan", "Ligand"))
                node.columns = row_checks.replaced(schema, node.columns, below)


def edit_changed(identity: Identity, service: Any, row: Any, columns: dict) -> None:
    """Change a row if a column differs: each edit checks references and notes the status."""
    changed = {name: value for name, value in columns.items() if differs(row, name, value)}
    changed.pop("bltimeStamp", None)
    if changed:
        service.edit(identity, row, changed)


def _edit_containers(identity: Identity, level: list[Node], stored: dict[int, Any]) -> None:
    for node in level:
        if node.key:
            assert node.parent is not None
            parents = {"dewarId": node.dewar.key, "parentContainerId": None}
            if node.parent is not node.dewar:
                parents["parentContainerId"] = node.parent.key
            edit_changed(identity, containers, stored[node.key], {**node.columns, **parents})


def _edit_samples(
    identity: Identity, nodes: list[Node], stored: dict[int, Any], content: Content
) -> None:
    """Change samples, with their crystals, plans and ligands."""
    _assign_crystals(nodes, stored, content)
    for node in nodes:
        assert node.parent is not None
        node.columns["containerId"] = node.parent.key
    pairs = [(node.columns, stored[node.key]) for node in nodes if node.key]
    moved = [
        (columns, row)
        for columns, row in pairs
        if any(getattr(row, name) != columns.get(name) for name in sample_rules.PLACE)
    ]
    sample_rules.check_places(identity, moved)
    for _, row in moved:  # two samples that change places would break the unique key
        row.location = None
    db.session.flush()
    for node in nodes:
        assert node.key is not None
        row = stored[node.key]
        _edit_plan(row, node)
        for name, value in node.columns.items():
            if differs(row, name, value):
                setattr(row, name, value)
    db.session.flush()
    _edit_ligands(nodes, content)


def _assign_crystals(nodes: list[Node], stored: dict[int, Any], content: Content) -> None:
    """Set the keys of crystals: that of the stored one, unless the document differs from it."""
    crystal_ids = [row.crystalId for row in stored.values() if row.crystalId is not None]
    statement = select(Crystal).where(Crystal.crystalId.in_(crystal_ids))
    crystals = {row.crystalId: row for row in db.session.scalars(statement)}
    changed = []
    for node in nodes:
        document = node.document.get("crystal")
        node.columns["crystalId"] = None
        if not document:
            continue
        row = crystals.get(stored[node.key or 0].crystalId)
        columns = {**document, "proteinId": content.get_protein(node)}
        columns.pop("protein")
        if row is not None and all(getattr(row, n) == value for n, value in columns.items()):
            node.columns["crystalId"] = row.crystalId
        else:
            changed.append(node)
    tree_rows.assign_crystals(changed, content)


def _edit_plan(row: BLSample, node: Node) -> None:
    """Change the plan of a sample, or make one, or leave the sample without."""
    document = node.document.get("plan")
    if not document:
        node.columns["diffractionPlanId"] = None
        return
    columns = row_checks.replaced(TreePlanSchema, document)
    plan = row.plan
    if plan is None:
        plan = DiffractionPlan()
        db.session.add(plan)
        columns = document
    for name, value in columns.items():
        if plan in db.session.new or differs(plan, name, value):
            setattr(plan, name, value)
    db.session.flush()
    node.columns["diffractionPlanId"] = plan.diffractionPlanId


def _edit_ligands(nodes: list[Node], content: Content) -> None:
    keys = [node.key for node in nodes]
    statement = select(SampleHasLigand).where(SampleHasLigand.blSampleId.in_(keys))
    stored = {(row.blSampleId, row.ligandId): row for row in db.session.scalars(statement)}
    sent = {
        (node.key, content.get_ligand(each))
        for node in nodes
        for each in tree_rows.get_ligands(node)
    }
    for pair in stored.keys() - sent:
        db.session.delete(stored[pair])
    for sample_id, ligand_id in sent - stored.keys():
        db.session.add(SampleHasLigand(blSampleId=sample_id, ligandId=ligand_id))
    db.session.flush()
