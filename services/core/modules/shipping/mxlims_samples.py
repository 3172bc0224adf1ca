"""The samples of an MXLIMS message: what is in pins, positions of pins and drops of plates."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from services.core.modules.shipping.mxlims_documents import Message, MxlimsObject
from services.core.modules.shipping.mxlims_paths import DocumentPaths
from services.core.modules.shipping.mxlims_plans import SWEEP, build_plan, get_sweep, list_plans
from services.core.modules.shipping.tree_rows import Path
from services.core.schemas.shipping.shipment_trees import (
    TreeCrystalSchema,
    TreePlanSchema,
    TreeSampleSchema,
)
from shared.schemas import fit_text

NOTE = "MXLIMS: "  # begins the lines of comments that are no annotation
LIGANDS = ("ligand", "cofactor")
NOT_PLANNED = (
    "is no plan: a plan names in logisticalSampleRef one pin, position or drop, or a crystal in"
    " it, that has no other plan, and is not done"
)


class SampleDocuments:
    """The documents of the samples of a message; ``rows`` are stored ones, by uuid of holder."""

    def __init__(
        self,
        message: Message,
        rows: dict[str, dict],
        paths: DocumentPaths,
        warnings: list[str],
    ):
        self._message, self._rows, self._paths = message, rows, paths
        self._warnings = warnings
        self._names = self._choose_names()
        self._plans: dict[MxlimsObject, MxlimsObject] = {}
        for experiment, holder in list_plans(message):
            if holder:
                self._plans[holder] = experiment
            else:
                warnings.append(f"{experiment.name} {NOT_PLANNED}")

    def _choose_names(self) -> dict[MxlimsObject, str]:
        """The names of samples, by their holders; samples of one substance are numbered."""
        holders: dict[MxlimsObject, list[MxlimsObject]] = {}
        for holder in self._message.holders:
            if sample := self._message.get_sample(holder):
                holders.setdefault(sample, []).append(holder)
        return {
            holder: sample["name"] if len(group) == 1 else f"{sample['name']}_{number}"
            for sample, group in holders.items()
            for number, holder in enumerate(group, 1)
        }

    def build(self, holder: MxlimsObject, place: dict, path: Path) -> dict:
        """The document of the sample of a pin, a position or a drop, at ``path``."""
        sample = self._message.get_sample(holder)
        assert sample is not None
        substance = self._message.follow(sample, "parentSampleRef")
        assert substance is not None
        stored = self._rows.get(holder.uuid, {})
        parts = self._list_components(sample, substance)
        protein = {"acronym": substance["acronym"], "name": substance["name"]}
        protein["sequence"] = _get_sequence(parts)
        crystal = get_loadable(TreeCrystalSchema, stored.get("Crystal"))
        crystal["Protein"] = drop_absent(protein)
        columns = {
            "name": self._names[holder],
            "comments": fit_notes(
                holder, TreeSampleSchema, self._warnings, _describe(sample, parts)
            ),
            "Crystal": crystal,
            **_build_ligands(parts, stored),
        }
        plan = None
        if stored.get("diffractionPlanId"):
            plan = get_loadable(TreePlanSchema, stored["DiffractionPlan"])
        if experiment := self._plans.get(holder):
            planned, cell = build_plan(self._message, experiment, self._warnings)
            plan = {**(plan or {}), **planned}
            crystal |= cell
            self._paths.add((*path, "DiffractionPlan"), experiment.path)
            self._paths.add((*path, "Crystal"), experiment.path)
            if sweep := get_sweep(self._message, experiment):
                for name, column in SWEEP.items():
                    self._paths.add((*path, "DiffractionPlan", column), (*sweep.path, name))
        self._paths.add(path, holder.path)
        self._paths.add((*path, "name"), (*sample.path, "name"))
        self._paths.add((*path, "Crystal", "Protein"), substance.path)
        self._paths.add((*path, "Ligand"), (*sample.path, "components"))
        self._paths.add((*path, "SMILES"), (*sample.path, "components"))
        kept = get_loadable(TreeSampleSchema, stored)
        return {**kept, **drop_absent({**place, **columns, "DiffractionPlan": plan})}

    def _list_components(self, sample: MxlimsObject, substance: MxlimsObject) -> list[dict]:
        """The components of a sample: those of its medium and its substance, and its own."""
        medium = self._message.follow(sample, "mediumRef")
        sources = [each for each in (medium, substance, sample) if each]
        return [part for each in sources for part in each["components"] or ()]


def _build_ligands(parts: list[dict], stored: dict) -> dict:
    """The columns of a sample with its ligands; those of the stored sample if there are none."""
    ligands = [
        drop_absent(
            {
                "name": part.get("name") or part.get("acronym") or part["role"],
                "SMILES": part.get("smiles"),
            }
        )
        for part in parts
        if part.get("role") in LIGANDS
    ]
    if not ligands:
        kept = [
            {name: each[name] for name in ("name", "SMILES")} for each in stored.get("Ligand", ())
        ]
        return {"Ligand": kept} if kept else {}
    return {"Ligand": ligands, "SMILES": ligands[0].get("SMILES") if len(ligands) == 1 else None}


def _get_sequence(parts: list[dict]) -> str | None:
    """The first sequence among components that are the target."""
    targets = (part for part in parts if part.get("role", "target") == "target")
    return next((part["sequence"] for part in targets if part.get("sequence")), None)


def _describe(sample: MxlimsObject, parts: list[dict]) -> list[str]:
    """The parts of a sample that have no column, in one line."""
    words = [f"campaign {sample['campaignName']}"] if sample["campaignName"] else []
    for part in parts:
        role, name = part.get("role", "other"), part.get("name") or part.get("acronym")
        if name and role not in (*LIGANDS, "target"):
            words.append(f"{role} {name}")
    return ["; ".join(words)] if words else []


def fit_notes(
    source: MxlimsObject, schema: type[Schema], warnings: list[str], notes: Sequence[str] = ()
) -> str | None:
    """The comments of a row: the annotation of an object and ``notes``, as the column takes it."""
    lines = [source["annotation"] or "", *(f"{NOTE}{note}" for note in notes)]
    field = _get_fields(schema)["comments"]
    text, changes = fit_text(field, "\n".join(filter(None, lines)), free=True)
    warnings += [f"{source.name}.annotation: {change}" for change in changes]
    return text or None


def get_loadable(schema: type[Schema], row: Any) -> dict:
    """The members of a row, as it is shown, that a document with it may have."""
    return {
        name: row[name]
        for name in (_get_fields(schema) if row else ())
        if row.get(name) is not None and not isinstance(row[name], list | dict)
    }


@cache
def _get_fields(schema: type[Schema]) -> dict[str, fields.Field]:
    """The fields of bodies of ``schema``."""
    return schema().load_fields


def drop_absent(columns: dict) -> dict:
    """``columns`` without those that are None: they keep their value in a stored row."""
    return {name: value for name, value in columns.items() if value is not None}
