"""Imports of samples from spreadsheets into shipments, and exports of them."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from marshmallow import fields
from sqlalchemy import func, select

from services.core.modules.samples import space_groups
from services.core.modules.shipping import sheet_files, sheet_groups, shipment_trees
from services.core.modules.shipping.containers import get_types
from services.core.modules.shipping.sheet_columns import (
    BY_PATH,
    COLUMNS,
    EXPERIMENT,
    EXPERIMENTS,
    KIND,
    PROFILES,
    SPACE_GROUP,
    TITLES,
)
from services.core.modules.shipping.sheet_documents import Sheets, Site, build, list_types
from services.core.modules.shipping.sheet_files import Line
from services.core.modules.shipping.sheet_layouts import WORDS
from services.core.modules.shipping.sheet_values import get_field, get_words
from services.core.modules.shipping.shipments import shipments
from shared.db import db
from shared.errors import BadInput
from shared.files import Document
from shared.identity import Identity
from shared.models import BLSample, Container, Crystal, Dewar, Proposal, Protein, Shipping

NUMBERS = (fields.Float, fields.Integer)
PLAN = "DiffractionPlan"
ENUMERATED = (EXPERIMENT, f"{PLAN}.centringMethod", f"{PLAN}.collectionMode")


def import_(identity: Identity, key: int, sheets: list[dict], query: dict) -> dict:
    """Add the dewars, containers and samples in the cells of ``sheets`` to a visible shipment.

    A dry run stores nothing, and returns all mistakes; else they are a BadInput, by cell.
    """
    sheet_files.check_size(sheets)
    row = shipments.lock(identity, key)
    profile = query.get("profile")
    built = build(sheets, profile, _read_site(row, profile))
    _check_barcodes(built)
    new_proteins = _count_new_proteins(row.proposalId, built.dewars)
    is_stored = not (query["dry_run"] or built.mistakes.count)
    try:
        if is_stored:
            _add(identity, row, built)
        else:
            with db.session.begin_nested() as savepoint:
                _add(identity, row, built)
                savepoint.rollback()
    except BadInput as error:
        for path, reason in _flatten(error.errors):
            built.add_fault(path, reason)
    built.mistakes.listed.sort(key=lambda each: (each["sheet"] or "", each["row"]))
    if not query["dry_run"]:
        built.mistakes.raise_any()
    return {
        "isStored": is_stored,
        **built.mistakes.report(),
        "counts": _count(built, new_proteins),
        "Dewar": [_show(at, dewar, built) for at, dewar in enumerate(built.dewars)],
    }


def _add(identity: Identity, row: Shipping, built: Sheets) -> None:
    """Add the dewars, containers and samples of a file, and put the samples into groups."""
    keys = shipment_trees.add(identity, row, built.dewars, built.stored)
    names = {keys[path]: names for path, names in built.groups.items()}
    sheet_groups.add_samples(identity, row.proposalId, names)


def export(identity: Identity, key: int, format_: str) -> Document:
    """The samples of a visible shipment as a file, with the columns of the template."""
    shipment = shipment_trees.get(identity, key)
    containers = [each for dewar in shipment["Dewar"] for each in _get_containers(dewar)]
    keys = [sample["blSampleId"] for each in containers for sample in each["BLSample"]]
    lines = [TITLES, *_build_lines(shipment, sheet_groups.list_names(identity, keys))]
    name = f"shipment-{key}"
    return _write(name, format_, {"Samples": lines})


def make_template(format_: str) -> Document:
    """A file to fill in: the titles of the columns, an example, and the words they take."""
    example = [column.example for column in COLUMNS]
    example[0] = f"# {example[0]}"
    words = {KIND: list_types(get_types()), SPACE_GROUP: [*space_groups.CHIRAL]}
    for path in ENUMERATED:
        words[path] = get_words(path)
    words[EXPERIMENT] += EXPERIMENTS
    columns = [[BY_PATH[path].title, *values] for path, values in words.items()]
    sheets: dict[str, Sequence[Line]] = {
        "Samples": [TITLES, example],
        WORDS: [*zip_longest(*columns, fillvalue="")],
    }
    return _write("samples-template", format_, sheets)


def _write(name: str, format_: str, sheets: dict[str, Sequence[Line]]) -> Document:
    """A workbook of ``sheets``, or a CSV file of the first of them."""
    if format_ == "csv":
        return Document(f"{name}.csv", sheet_files.write_csv([*sheets.values()][0]))
    numeric = [at for at, c in enumerate(COLUMNS) if isinstance(get_field(c.path), NUMBERS)]
    return Document(f"{name}.xlsx", sheet_files.write_xlsx(sheets, numeric))


def _read_site(row: Shipping, profile: str | None) -> Site:
    """The rows on which the meaning of a file for a shipment depends."""
    proposal = db.session.get(Proposal, row.proposalId)
    assert proposal is not None
    dewars = select(Dewar.dewarId, Dewar.code).where(Dewar.shippingId == row.shippingId)
    codes = select(func.lower(Container.code)).join(Dewar, Dewar.dewarId == Container.dewarId)
    codes = codes.where(Dewar.shippingId == row.shippingId)
    names = (
        select(func.lower(BLSample.name))
        .join(Crystal, Crystal.crystalId == BLSample.crystalId)
        .join(Protein, Protein.proteinId == Crystal.proteinId)
        .where(Protein.proposalId == row.proposalId, BLSample.name.is_not(None))
    )
    makes_names = profile and PROFILES[profile].names
    return Site(
        (proposal.proposalCode or "", proposal.proposalNumber or ""),
        get_types(),
        {code.lower(): (key, code) for key, code in db.session.execute(dewars) if code},
        {*db.session.scalars(codes)},
        {*db.session.scalars(names)} if makes_names else set(),
    )


def _check_barcodes(built: Sheets) -> None:
    """Add mistakes for bar codes that a container has already, here or anywhere."""
    paths: dict[str, tuple] = {}
    codes = []
    for at, dewar in enumerate(built.dewars):
        for number, container in enumerate(dewar["containers"]):
            if code := container.get("barcode"):
                path = ("Dewar", at, "Container", number, "barcode")
                codes.append(code)
                if paths.setdefault(code.lower(), path) != path:
                    built.add_fault(path, "Two containers have this bar code.")
    statement = select(Container.barcode).where(Container.barcode.in_(codes))
    stored = db.session.scalars(statement) if codes else ()
    for code in filter(None, stored):
        built.add_fault(paths[code.lower()], "A container has this bar code already.")


def _count_new_proteins(proposal_id: int, dewars: list[dict]) -> int:
    acronyms = {
        sample["crystal"]["protein"]["acronym"].lower()
        for dewar in dewars
        for container in dewar["containers"]
        for sample in container["samples"]
    }
    statement = select(func.lower(Protein.acronym)).where(Protein.proposalId == proposal_id)
    return len(acronyms - {*db.session.scalars(statement)})


def _count(built: Sheets, new_proteins: int) -> dict[str, int]:
    containers = [each for dewar in built.dewars for each in dewar["containers"]]
    return {
        "dewars": len(built.dewars) - len(built.stored),
        "containers": len(containers),
        "samples": sum(len(each["samples"]) for each in containers),
        "proteins": new_proteins,
    }


def _show(at: int, dewar: dict, built: Sheets) -> dict:
    """A dewar of the document as the answer has it."""
    containers = [
        {
            "code": each["code"],
            "barcode": each.get("barcode"),
            "containerType": each["containerType"],
            "BLSample": [
                {
                    "location": sample["location"],
                    "subLocation": sample.get("subLocation"),
                    "name": sample["name"],
                    "acronym": sample["crystal"]["protein"]["acronym"],
                }
                for sample in each["samples"]
            ],
        }
        for each in dewar["containers"]
    ]
    return {"dewarId": built.stored.get(at), "code": dewar["code"], "Container": containers}


def _flatten(errors: Any, path: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """The path and the text of each of nested ``errors``."""
    if isinstance(errors, dict):
        for name, below in errors.items():
            yield from _flatten(below, (*path, name))
    else:
        for text in errors:
            yield path, text


def _build_lines(shipment: dict, groups: dict[int, str]) -> Iterator[Line]:
    """A row for each sample in a shipment, and for each container without one.

    ``groups`` are the names of the groups of samples, by the keys of these.
    """
    for dewar in shipment["Dewar"]:
        for container in _get_containers(dewar):
            inside = {**container, "code": container["code"] or container["barcode"] or ""}
            place = {"Container": {**inside, "Dewar": dewar}}
            for sample in sorted(container["BLSample"], key=_get_order) or [{}]:
                group = {"BLSampleGroup": {"name": groups.get(sample.get("blSampleId", 0))}}
                yield [_get_text({**sample, **place, **group}, c.path) for c in COLUMNS]


def _get_containers(node: dict) -> Iterator[dict]:
    """The containers in a dewar or container, and in those."""
    for each in node["Container"]:
        if each["BLSample"] or not each["Container"]:
            yield each
        yield from _get_containers(each)


def _get_order(sample: dict) -> tuple[int, str, int]:
    location = sample["location"] or ""
    number = int(location) if location.isdecimal() else 0
    return number, location, sample["subLocation"] or 0


def _get_text(row: dict, path: str) -> str:
    """The text of the value at a dotted ``path``."""
    value: Any = row
    for name in path.split("."):
        value = (value or {}).get(name)
    return sheet_files.as_text(value)
