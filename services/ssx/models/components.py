"""Substances of samples and crystals besides proteins: ligands, buffers, jet materials."""

from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, String, or_, select, true
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from shared import access
from shared.access_forms import is_among
from shared.callers import Shape
from shared.db import Base, Unsigned
from shared.models import UTF8, BLSample, ComponentType, ConcentrationType, Crystal, Proposal
from shared.statements import cache_statements
from shared.visibility import Entry, by


@cache_statements(512)
def seen_components(shape: Shape, component_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the component: it has a visible proposal, or none."""
    if shape.proposals:
        return true()
    if component_id is Component.componentId:
        return _is_seen(shape, Component.proposalId)
    component = aliased(Component)
    visible = _is_seen(shape, component.proposalId)
    return is_among(shape, component_id, select(component.componentId).where(visible))


def _is_seen(shape: Shape, proposal_id: Any) -> ColumnElement[bool]:
    return or_(proposal_id.is_(None), access.seen_proposals(shape, proposal_id))


class Component(Base):
    """A substance; one without a proposal is of all proposals."""

    __tablename__ = "Component"
    __table_args__ = UTF8
    visible_by = Entry(rule=seen_components)

    componentId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    componentTypeId: Mapped[int] = mapped_column(
        ForeignKey("ComponentType.componentTypeId"), index=True, doc="its kind"
    )
    proposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"),
        index=True,
        doc="the proposal; null for all",
    )
    name: Mapped[str] = mapped_column(String(255), doc="label")
    composition: Mapped[str | None] = mapped_column(String(255), doc="formula, or free text")

    type: Mapped[ComponentType] = relationship()
    proposal: Mapped[Proposal | None] = relationship()


class SampleComposition(Base):
    """A component of a sample, such as its buffer, and its amount."""

    __tablename__ = "SampleComposition"
    __table_args__ = UTF8
    visible_by = by("blSampleId")

    sampleCompositionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    blSampleId: Mapped[int] = mapped_column(
        ForeignKey("BLSample.blSampleId"), index=True, doc="the sample"
    )
    componentId: Mapped[int] = mapped_column(
        ForeignKey("Component.componentId"), index=True, doc="the component"
    )
    concentrationTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ConcentrationType.concentrationTypeId"), index=True, doc="unit of the amount"
    )
    abundance: Mapped[float | None] = mapped_column(doc="amount, in the unit")
    ratio: Mapped[float | None] = mapped_column(doc="share of the whole")
    pH: Mapped[float | None] = mapped_column(doc="acidity of a buffer")

    sample: Mapped[BLSample] = relationship()
    component: Mapped[Component] = relationship()
    unit: Mapped[ConcentrationType | None] = relationship()


class CrystalComposition(Base):
    """A component of a crystal, such as a ligand that it binds, and its amount."""

    __tablename__ = "CrystalComposition"
    __table_args__ = UTF8
    visible_by = by("crystalId")

    crystalCompositionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    crystalId: Mapped[int] = mapped_column(
        ForeignKey("Crystal.crystalId"), index=True, doc="the crystal"
    )
    componentId: Mapped[int] = mapped_column(
        ForeignKey("Component.componentId"), index=True, doc="the component"
    )
    concentrationTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ConcentrationType.concentrationTypeId"), index=True, doc="unit of the amount"
    )
    abundance: Mapped[float | None] = mapped_column(doc="amount, in the unit")
    ratio: Mapped[float | None] = mapped_column(doc="share of the whole")
    pH: Mapped[float | None] = mapped_column(doc="acidity of a buffer")

    crystal: Mapped[Crystal] = relationship()
    component: Mapped[Component] = relationship()
    unit: Mapped[ConcentrationType | None] = relationship()
