"""Models and reflections of proteins: PDB, CIF and HKL files, whose text is in the database."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select

from services.core.models import PDB, ProteinHasPDB
from services.core.modules.samples.crystals import crystals
from services.core.modules.samples.proteins import proteins
from services.core.schemas.samples.pdbs import PdbFileSchema, PDBSchema
from shared import read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.errors import Conflict, not_found
from shared.files import Document
from shared.identity import Identity
from shared.models import Protein


def list_(identity: Identity, protein_id: int, query: dict) -> dict:
    """One page of the files of a visible protein, without their text."""
    query = {**query, "parent": proteins.get_key(identity, protein_id)}
    return read.page(PDBSchema, everything(identity), query)


def put_of_protein(identity: Identity, protein_id: int, data: dict) -> tuple[dict, bool]:
    """Create a file of a visible protein, or replace that of the same name and source.

    The file without its text, and whether it is new.
    """
    proteins.lock(identity, protein_id)
    key, is_new = put(protein_id, data)
    return read.one(PDBSchema, everything(identity), pdbId=key), is_new


def delete_of_protein(identity: Identity, protein_id: int, pdb_id: int) -> dict:
    """Delete a file of a visible protein; return it without its text."""
    proteins.lock(identity, protein_id)
    row = _get(identity, protein_id, pdb_id, PDBSchema)
    _unlink(protein_id, pdb_id)
    return row


def get_document(identity: Identity, protein_id: int, pdb_id: int) -> Document:
    """The text of a file of a visible protein."""
    proteins.check_visible(identity, protein_id)
    return _make_document(_get(identity, protein_id, pdb_id, PdbFileSchema))


def get_of_crystal(identity: Identity, crystal_id: int, fields: Collection[str] = ()) -> dict:
    """The file that a visible crystal names, of the files of its protein; the newest, if several.

    NotFound if there is none.
    """
    crystal = crystals.get(identity, crystal_id, ("proteinId", "pdbFileName"))
    statement = _select_files(crystal["proteinId"]).where(PDB.name == crystal["pdbFileName"])
    key = db.session.scalar(statement.order_by(PDB.pdbId.desc()).limit(1))
    if key is None:
        raise not_found(PDB)
    return read.one(PdbFileSchema, everything(identity), fields, pdbId=key)


def replace_of_crystal(identity: Identity, crystal_id: int, data: dict) -> dict:
    """Store the file of a visible crystal, as one of its protein; return it."""
    crystal = crystals.lock(identity, crystal_id)
    row_checks.locked(Protein, crystal.proteinId)
    put(crystal.proteinId, data)
    save(crystal, {"pdbFileName": data["name"]})
    return get_of_crystal(identity, crystal_id)


def get_crystal_document(identity: Identity, crystal_id: int) -> Document:
    """The text of the file of a visible crystal."""
    return _make_document(get_of_crystal(identity, crystal_id))


def put(protein_id: int, data: dict) -> tuple[int, bool]:
    """Create a file of a protein whose row is locked, or replace that of its name and source.

    The key of the file, and whether it is new. A file that is of another protein too is not
    changed: this protein gets a file of its own.
    """
    statement = _select_files(protein_id).where(
        PDB.name == data["name"], PDB.source == data.get("source")
    )
    key = db.session.scalar(statement.limit(1))
    if key is not None and _is_shared(key):
        _unlink(protein_id, key)
        key = None
    row = save(db.session.get(PDB, key) if key else PDB(), data)
    if key is None:
        save(ProteinHasPDB(), {"proteinid": protein_id, "pdbid": row.pdbId})
    return row.pdbId, key is None


def _select_files(protein_id: int) -> Any:
    """SELECT of the keys of the files of a protein."""
    links = select(ProteinHasPDB.pdbid).where(ProteinHasPDB.proteinid == protein_id)
    return select(PDB.pdbId).where(PDB.pdbId.in_(links))


def _get(identity: Identity, protein_id: int, pdb_id: int, schema: Any) -> dict:
    """A file of a protein; NotFound if it is of another one or absent."""
    return read.one(schema, everything(identity), parent=protein_id, pdbId=pdb_id)


def _is_shared(pdb_id: int) -> bool:
    """Whether a file is linked more than once."""
    links = select(ProteinHasPDB.proteinhaspdbid).where(ProteinHasPDB.pdbid == pdb_id)
    return len(db.session.scalars(links.limit(2)).all()) > 1


def _unlink(protein_id: int, pdb_id: int) -> None:
    """Delete the link from a protein to a file, and the file if nothing else refers to it."""
    links = delete(ProteinHasPDB).where(ProteinHasPDB.proteinid == protein_id)
    db.session.execute(links.where(ProteinHasPDB.pdbid == pdb_id))
    try:
        row_checks.remove(PDB, pdb_id)
    except Conflict:  # the file stays for another protein, or for a ligand
        pass


def _make_document(row: dict) -> Document:
    return Document(row["name"] or f"{row['pdbId']}.pdb", (row["contents"] or "").encode())
