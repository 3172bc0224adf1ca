"""Proteins of a proposal, and samples of them."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.proposals import Visit
from demo.rows import Rows, World, add_to, noon, pick
from shared.models import BLSample, ComponentType, Crystal, DiffractionPlan, Protein

QUALITIES = ("good",) * 7 + ("fair",) * 3 + ("none",)  # of the diffraction
WORSE = {"good": 0.0, "fair": 0.8, "none": 2.5}  # Å
CELL = ("a", "b", "c", "alpha", "beta", "gamma")


@dataclass(frozen=True)
class Material:
    """A protein and its crystal form."""

    acronym: str
    name: str
    mass: float  # Da
    group: str
    lattice: str  # Bravais
    cell: tuple[float, ...]
    fold: int  # points of the reciprocal lattice per unique reflection
    centring: int  # lattice points per cell
    best: float  # resolution, Å


MATERIALS = (
    Material(
        *("lyso", "Lysozyme", 14313.0, "P 43 21 2", "tP"),
        (78.2, 78.2, 37.1, 90, 90, 90),
        16,
        1,
        1.2,
    ),
    Material(
        *("thaum", "Thaumatin", 22204.0, "P 41 21 2", "tP"),
        (57.8, 57.8, 150.2, 90, 90, 90),
        16,
        1,
        1.2,
    ),
    Material(
        *("ins", "Insulin", 5808.0, "I 21 3", "cI"),
        (78.0, 78.0, 78.0, 90, 90, 90),
        24,
        2,
        1.4,
    ),
    Material(
        *("ca2", "Carbonic anhydrase II", 29115.0, "P 1 21 1", "mP"),
        (42.2, 41.4, 72.1, 90, 104.3, 90),
        *(4, 1, 1.3),
    ),
    Material(
        *("protk", "Proteinase K", 28930.0, "P 43 21 2", "tP"),
        (67.9, 67.9, 102.5, 90, 90, 90),
        16,
        1,
        1.2,
    ),
    Material(
        *("therm", "Thermolysin", 34334.0, "P 61 2 2", "hP"),
        (92.7, 92.7, 128.6, 90, 90, 120),
        24,
        1,
        1.5,
    ),
    Material(
        *("tryp", "Trypsin", 23305.0, "P 21 21 21", "oP"),
        (54.3, 58.4, 66.6, 90, 90, 90),
        8,
        1,
        1.3,
    ),
    Material(
        *("mpro", "Main protease", 33797.0, "C 1 2 1", "mC"),
        (112.5, 52.8, 44.6, 90, 103.0, 90),
        4,
        2,
        1.6,
    ),
    Material(
        *("transp", "A transporter", 52400.0, "C 2 2 21", "oC"),
        (74.6, 121.3, 163.8, 90, 90, 90),
        *(8, 2, 2.5),
    ),
)


@dataclass(frozen=True)
class Stock:
    """A material of a proposal, with the registered crystals."""

    material: Material
    crystal: int
    plan: int
    anomalous: bool


@dataclass(frozen=True)
class Puck:
    """A container; ``slot`` is its place in the sample changer, 0 for none."""

    key: int
    label: str  # of the names of its samples
    slot: int
    filled: datetime


@dataclass(frozen=True)
class Sample:
    """A sample in its puck; ``slot`` is that of the puck in the sample changer."""

    key: int
    name: str
    stock: Stock
    location: int
    slot: int
    barcode: str
    quality: str
    resolution: float  # of its diffraction, Å


def stocks(world: World, rows: Rows, visit: Visit) -> list[Stock]:
    """Add the proteins, crystals and plans of a proposal, on its first ``visit``."""
    rng = world.random("stocks", visit.proposalId)
    when = noon(visit.start.date() - timedelta(days=30))
    return [
        _stock(world, rows, rng, visit, material, when)
        for material in rng.sample(MATERIALS, rng.randint(1, 3))
    ]


def _stock(
    world: World, rows: Rows, rng: random.Random, visit: Visit, of: Material, when
) -> Stock:
    protein, crystal, plan = (
        world.key(Protein),
        world.key(Crystal),
        world.key(DiffractionPlan),
    )
    anomalous = rng.random() < 0.25
    add_to(
        rows,
        Protein,
        proteinId=protein,
        proposalId=visit.proposalId,
        acronym=of.acronym,
        name=of.name,
        molecularMass=of.mass,
        safetyLevel="GREEN",
        componentTypeId=world.lookups[ComponentType]["Protein"],
        bltimeStamp=when,
    )
    add_to(
        rows,
        DiffractionPlan,
        diffractionPlanId=plan,
        experimentKind="SAD" if anomalous else "OSC",
        requiredResolution=round(of.best + 0.6, 1),
        aimedResolution=of.best,
        requiredCompleteness=0.98,
        preferredBeamSizeX=50.0,
        preferredBeamSizeY=20.0,
        anomalousScatterer="Se" if anomalous else None,
        forcedSpaceGroup=None if anomalous else of.group,
        centringMethod="xray",
        recordTimeStamp=when,
    )
    add_to(
        rows,
        Crystal,
        crystalId=crystal,
        proteinId=protein,
        diffractionPlanId=plan,
        name=f"{of.acronym}-1",
        spaceGroup=of.group,
        recordTimeStamp=when,
        **{f"cell_{name}": float(value) for name, value in zip(CELL, of.cell)},
        **{f"size_{axis}": round(rng.uniform(0.02, 0.2), 3) for axis in "XYZ"},
    )
    return Stock(of, crystal, plan, anomalous)


def add_sample(
    world: World,
    rows: Rows,
    rng: random.Random,
    stock: Stock,
    puck: Puck,
    place: int,
    status: str | None = None,
) -> Sample:
    """Add a sample of ``stock`` at a place of a container."""
    key = world.key(BLSample)
    name, barcode = f"{stock.material.acronym}_{puck.label}_{place}", f"HA{key:08}"
    quality = pick(rng, QUALITIES)
    add_to(
        rows,
        BLSample,
        blSampleId=key,
        name=name,
        code=barcode,
        containerId=puck.key,
        location=str(place),
        subLocation=1,
        crystalId=stock.crystal,
        diffractionPlanId=stock.plan,
        blSampleStatus=status,
        isInSampleChanger=status is not None,
        comments="Small, hardly to be seen" if quality == "none" else None,
        loopType="micro mount",
        loopLength=pick(rng, (0.05, 0.1, 0.2)),
        source="demo",
        recordTimeStamp=puck.filled,
    )
    resolution = round(stock.material.best * rng.uniform(1.0, 1.3) + WORSE[quality], 2)
    return Sample(key, name, stock, place, puck.slot, barcode, quality, resolution)
