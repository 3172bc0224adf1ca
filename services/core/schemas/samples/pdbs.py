"""The payloads of models and reflections of proteins, which are PDB, CIF and HKL files."""

import re

from marshmallow import Schema, ValidationError, fields, validate, validates
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.models import PDB, ProteinHasPDB
from shared.filters import Filter
from shared.schemas import AS_WRITTEN, TableSchema

# Bytes of a file: the statement, with its line breaks escaped, must fit MariaDB's default packet
# of 16 MB.
LARGEST = 15 * 2**20
PATTERN = r"^[A-Za-z0-9 ()+,._-]+\.(pdb|ent|cif|hkl|sca)$(?!\n)"
NAME = [
    validate.Length(max=255),
    validate.Regexp(
        PATTERN,
        re.IGNORECASE,
        error="Must be the name of a text file that ends in .pdb, .ent, .cif, .hkl or .sca.",
    ),
]


class PDBSchema(TableSchema):
    """A file of a protein, without its text."""

    name = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = PDB
        exclude: tuple[str, ...] = ("contents",)
        dump_only = ("pdbId",)
        search = ("name",)
        sort = ("-pdbId",)
        filters = {
            "parent": Filter(
                PDB.pdbId.in_(
                    select(ProteinHasPDB.pdbid).where(
                        ProteinHasPDB.proteinid == bindparam("parent")
                    )
                )
            ),
        }


def check_size(text: str) -> None:
    """A validator of the text of a file."""
    if not text or len(text.encode()) > LARGEST:
        raise ValidationError(f"Must have from 1 to {LARGEST} bytes.")


class PdbFileSchema(PDBSchema):
    """A file of a protein, with its text."""

    name = auto_field(
        required=True,
        allow_none=False,
        metadata={
            "description": "of the file, a text",
            "example": "model.pdb",
            AS_WRITTEN: {"pattern": PATTERN},
        },
    )
    contents = fields.String(
        required=True,
        validate=check_size,
        metadata={"description": "text of the file, up to 15 MB"},
    )

    class Meta(PDBSchema.Meta):
        exclude = ()

    @validates("name")
    def _name(self, value, data_key):
        """Check a new name; stored ones may be others, and stay readable."""
        for check in NAME:
            check(value)


class PdbQuery(Schema):
    """The name of a file whose text is the body."""

    name = fields.String(
        validate=NAME,
        metadata={"description": "of the file, if the body is its text", "example": "model.pdb"},
    )
