"""Imports of ligands from spreadsheets into proposals."""

from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import func, select

from services.core.models import Ligand
from services.core.modules.samples import ligands
from services.core.modules.shipping import sheet_files
from services.core.modules.shipping.sheet_columns import simplify
from services.core.modules.shipping.sheet_mistakes import Mistakes, Place
from services.core.schemas.shipping.sheets import ImportedLigandSchema
from shared.db import db
from shared.identity import Identity
from shared.models import Proposal
from shared.names import proposal_key
from shared.spelling import unknown

TITLES = {
    "name": "name",
    "smiles": "SMILES",
    **dict.fromkeys(("well", "sourcewell"), "sourceWell"),
    **dict.fromkeys(("plate", "platebarcode"), "plateBarcode"),
    **dict.fromkeys(("library", "libraryname"), "libraryName"),
    **dict.fromkeys(("batch", "librarybatchnumber"), "libraryBatchNumber"),
}
Columns = dict[int, tuple[str, str]]  # by index: the name of the column, and the title in the file


def import_(identity: Identity, sheets: list[dict], query: dict) -> dict:
    """Add the ligands in the first of ``sheets`` to a visible proposal.

    A dry run stores nothing, and returns all mistakes; else they are a BadInput, by cell.
    """
    sheet_files.check_size(sheets)
    proposal_id = proposal_key(identity, query["proposal"])
    mistakes = Mistakes()
    rows = [*_read_rows(sheets[0], mistakes)]
    # the lock is that of other requests that make ligands: none makes the same ones meanwhile
    lock = select(Proposal.proposalId).filter_by(proposalId=proposal_id).with_for_update()
    db.session.execute(lock).all()
    _check_new(proposal_id, rows, mistakes)
    if not query["dry_run"]:
        mistakes.raise_any()
        ligands.create_all(identity, proposal_id, [data for _, data in rows])
    return {"isStored": not query["dry_run"], **mistakes.report(), "ligands": len(rows)}


def _read_rows(sheet: dict, mistakes: Mistakes) -> Iterator[tuple[Place, dict]]:
    """The ligands of a sheet, each with its place; its first row has the titles of columns."""
    fields = ImportedLigandSchema().load_fields
    columns: Columns | None = None
    for number, row in enumerate(sheet["rows"]):
        if sheet_files.is_comment(row) or not any(row):
            continue
        place = Place(sheet.get("name"), number)
        if columns is None:
            columns = _read_header(place, row, mistakes)
            continue
        data: dict[str, Any] = {}
        is_right = True
        for column, text in enumerate(row):
            if text and column in columns:
                name, title = columns[column]
                try:
                    data[name] = fields[name].deserialize(text)
                except ValidationError as error:
                    is_right = False
                    reason = " ".join(map(str, error.messages))
                    mistakes.add(place._replace(column=column), title, text, reason)
        if is_right and "name" not in data:
            mistakes.add(place, "Name", None, "Must have a value.")
        elif is_right:
            yield place, data
    if columns is None:
        mistakes.add(Place(sheet.get("name"), 0), None, None, "The file is empty.")


def _read_header(place: Place, row: list[str], mistakes: Mistakes) -> Columns:
    columns: Columns = {}
    for column, title in enumerate(row):
        name = TITLES.get(simplify(title))
        if name is None or name in (each[0] for each in columns.values()):
            reason = f"Is an {unknown(title, ('Name', 'SMILES', 'Well'), 'column')}"
            reason = "Is there twice." if name else reason
            mistakes.add(place._replace(column=column), title, title, reason)
        else:
            columns[column] = name, title
    if "name" not in (name for name, _ in columns.values()):
        mistakes.add(place, "Name", None, "The column Name is missing: Name,SMILES,Well.")
    return columns


def _check_new(proposal_id: int, rows: list[tuple[Place, dict]], mistakes: Mistakes) -> None:
    """Add a mistake for each ligand whose name and structure are there, stored or above."""
    statement = select(func.lower(Ligand.name), Ligand.SMILES)
    statement = statement.where(Ligand.proposalId == proposal_id)
    stored = {tuple(row) for row in db.session.execute(statement)} if rows else set()
    above = set()
    for place, data in rows:
        pair = data["name"].lower(), data.get("SMILES")
        if pair in stored or pair in above:
            where = "The proposal has" if pair in stored else "A row above has"
            reason = f"{where} a ligand of this name and structure."
            mistakes.add(place, "Name", data["name"], reason)
        above.add(pair)
