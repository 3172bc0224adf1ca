"""Models of proteins, as PDB files."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.visibility import PART, by


class PDB(Base):
    """A model, with the text of its file: never in lists."""

    __tablename__ = "PDB"
    visible_by = PART

    pdbId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(255), doc="of the file")
    contents: Mapped[str | None] = mapped_column(
        Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb"), doc="of the file, up to 16 MB"
    )
    code: Mapped[str | None] = mapped_column(String(4), doc="its code in the Protein Data Bank")
    source: Mapped[str | None] = mapped_column(String(30), doc="e.g. AlphaFold")


class ProteinHasPDB(Base):
    """A model of a protein."""

    __tablename__ = "Protein_has_PDB"
    visible_by = by("proteinid")

    proteinhaspdbid: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proteinid: Mapped[int] = mapped_column(
        ForeignKey("Protein.proteinId"), index=True, doc="the protein"
    )
    pdbid: Mapped[int] = mapped_column(ForeignKey("PDB.pdbId"), index=True, doc="the model")

    pdb: Mapped[PDB] = relationship()
