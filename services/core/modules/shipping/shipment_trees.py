"""Whole shipments as one document, with dewars, containers and samples.

A document is read in a number of statements that does not depend on its size, and a new one is
written so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import select

from services.core.models import Ligand, SampleHasLigand, ShippingHasSession
from services.core.modules.shipping import replays, tree_changes, tree_rows
from services.core.modules.shipping.shipments import check_safety, shipments
from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.people.proposals import ProposalSessionSchema
from services.core.schemas.samples.samples import SampleSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.shipping.dewars import DewarSchema
from services.core.schemas.shipping.shipment_trees import (
    TreeContainerSchema,
    TreeDewarSchema,
    TreeSampleSchema,
)
from services.core.schemas.shipping.shipments import ShipmentSchema
from services.core.schemas.shipping.status_changes import StatusChangeSchema
from shared import access, read, row_checks, visibility
from shared.access import everything
from shared.db import db
from shared.identity import Identity
from shared.models import LabContact, Shipping
from shared.schemas import TableSchema

TREE_SCHEMAS = (TreeDewarSchema, TreeContainerSchema, TreeSampleSchema)
HISTORY = 500  # changes in the answer with everything


def create(identity: Identity, document: dict) -> tuple[dict, bool]:
    """Create a shipment with all rows in ``document``; return it, and whether it is new.

    A document with the source, proposal, name and time of creation of a stored one was sent again.
    """
    data = {name: value for name, value in document.items() if name != "dewars"}
    if (stored := replays.find_shipment(identity, data)) is not None:
        return get(identity, stored), False
    row = shipments.insert(identity, data)
    add(identity, row, document.get("dewars", []))
    return get(identity, row.shippingId), True


def replace(identity: Identity, key: int, document: dict) -> dict:
    """Make a visible shipment and all rows below it those of ``document``; return it."""
    row = shipments.lock(identity, key)
    data = {name: value for name, value in document.items() if name != "dewars"}
    data = row_checks.replaced(ShipmentSchema, data, shipments.kept)
    tree_changes.edit_changed(identity, shipments, row, data)
    tree_changes.replace(identity, row, document.get("dewars", []))
    check_safety(row)
    return get(identity, key)


def add(
    identity: Identity,
    row: Shipping,
    dewars: list[dict],
    stored: Mapping[int, int] = MappingProxyType({}),
) -> dict[tuple, int]:
    """Add dewars with their containers and samples to a locked or new shipment.

    The keys of the samples are returned, by their paths in the document.

    ``stored`` are the keys of those that it has already, by their index in ``dewars``: they get
    containers only. BadInput with the path of each fault; nothing is written then.
    """
    tree = tree_rows.insert(identity, row, dewars, stored)
    check_safety(row)
    return {node.path: node.key for node in tree.samples if node.key is not None}


def get(identity: Identity, key: int) -> dict:
    """A visible shipment with all rows below it that the caller sees."""
    shipment = shipments.get(identity, key)
    del shipment["_metadata"]
    dewars, containers, samples = _read_rows(identity, key, TREE_SCHEMAS)
    ligands = _read_ligands([row["blSampleId"] for row in samples])
    for row in samples:
        row["Ligand"] = ligands[row["blSampleId"]]
    inside = _group(containers, "parentContainerId")
    in_dewar = _group(
        (each for each in containers if each["parentContainerId"] is None), "dewarId"
    )
    in_container = _group(samples, "containerId")

    def build_container(row: dict) -> dict:
        key = row["containerId"]
        below = [build_container(each) for each in inside[key]]
        return {**row, "Container": below, "BLSample": in_container[key]}

    shipment["Dewar"] = [
        {**row, "Container": [build_container(each) for each in in_dewar[row["dewarId"]]]}
        for row in dewars
    ]
    return shipment


def get_info(identity: Identity, key: int) -> dict:
    """A visible shipment, and all rows of it side by side."""
    shipment = shipments.get(identity, key)
    flat = (DewarSchema, ContainerSchema, SampleSchema)
    dewars, containers, samples = _read_rows(identity, key, flat)
    sessions = select(ShippingHasSession.sessionId).filter_by(shippingId=key)
    session_ids = {*db.session.scalars(sessions), *(row["firstExperimentId"] for row in dewars)}
    contacts = [shipment["sendingLabContactId"], shipment["returnLabContactId"]]
    return {
        **shipment,
        "LabContact": read.some(
            LabContactSchema,
            visibility.rule(identity, LabContact),
            labContactId__in=[each for each in contacts if each is not None],
        ),
        "BLSession": read.some(
            ProposalSessionSchema,
            access.sessions(identity),
            sessionId__in=[each for each in session_ids if each is not None],
        ),
        "Dewar": dewars,
        "Container": containers,
        "BLSample": samples,
        "history": read.some(
            StatusChangeSchema, everything(identity), limit=HISTORY, shippingId=key
        ),
    }


def _read_rows(
    identity: Identity, key: int, schemas: tuple[type[TableSchema], ...]
) -> tuple[list[dict], list[dict], list[dict]]:
    """The dewars, the containers, nested ones too, and the samples of a visible shipment."""
    (dewar_schema, container_schema, sample_schema), rule = schemas, access.containers(identity)
    only = [_get_flat(schema) for schema in schemas]
    dewars = read.some(dewar_schema, everything(identity), only[0], shippingId=key)
    dewar_ids = [row["dewarId"] for row in dewars]
    containers = read.some(container_schema, rule, only[1], dewarId__in=dewar_ids)
    keys = {row["containerId"] for row in containers}
    nested = keys
    while nested:  # those without a dewar of their own; others were read already
        below = read.some(container_schema, rule, only[1], parentContainerId__in=[*nested])
        below = [row for row in below if row["containerId"] not in keys]
        containers += below
        nested = {row["containerId"] for row in below}
        keys |= nested
    rule = access.samples(identity)
    samples = read.some(sample_schema, rule, only[2], containerId__in=[*keys])
    return dewars[::-1], containers[::-1], samples[::-1]


def _get_flat(schema: type[TableSchema]) -> tuple[str, ...]:
    """The names of all fields of ``schema`` that are no lists of rows."""
    fields = schema().dump_fields
    return tuple(name for name in fields if not getattr(fields[name], "many", False))


def _read_ligands(sample_ids: list[int]) -> defaultdict[int, list[dict]]:
    """The ligands of samples, by the keys of those."""
    statement = (
        select(SampleHasLigand.blSampleId, Ligand.ligandId, Ligand.name, Ligand.SMILES)
        .join(Ligand, Ligand.ligandId == SampleHasLigand.ligandId)
        .where(SampleHasLigand.blSampleId.in_(sample_ids))
        .order_by(Ligand.ligandId)
    )
    ligands = defaultdict(list)
    for sample_id, *values in db.session.execute(statement):
        ligands[sample_id].append(dict(zip(("ligandId", "name", "SMILES"), values)))
    return ligands


def _group(rows: Iterable[dict], link: str) -> defaultdict[int | None, list[dict]]:
    groups: defaultdict[int | None, list[dict]] = defaultdict(list)
    for row in rows:
        groups[row[link]].append(row)
    return groups
