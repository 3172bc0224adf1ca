"""Small molecules in samples."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import UTF8
from shared.visibility import by


class Ligand(Base):
    """A small molecule of a proposal, perhaps from a library."""

    __tablename__ = "Ligand"
    __table_args__ = UTF8
    visible_by = by("proposalId")

    ligandId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"), index=True, doc="the proposal"
    )
    name: Mapped[str] = mapped_column(String(255), doc="label")
    SMILES: Mapped[str | None] = mapped_column(String(400), doc="structure")
    libraryName: Mapped[str | None] = mapped_column(String(30), doc="library it is from")
    libraryBatchNumber: Mapped[str | None] = mapped_column(String(30), doc="batch of the library")
    plateBarcode: Mapped[str | None] = mapped_column(String(30), doc="plate of the library")
    sourceWell: Mapped[str | None] = mapped_column(String(30), doc="well of that plate")


class SampleHasLigand(Base):
    """A ligand in a sample."""

    __tablename__ = "BLSample_has_Ligand"
    __table_args__ = UTF8
    visible_by = by("blSampleId")

    blSampleId: Mapped[int] = mapped_column(
        ForeignKey("BLSample.blSampleId", ondelete="CASCADE"), primary_key=True, doc="the sample"
    )
    ligandId: Mapped[int] = mapped_column(
        ForeignKey("Ligand.ligandId", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        doc="the ligand",
    )

    ligand: Mapped[Ligand] = relationship()
