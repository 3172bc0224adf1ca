"""Serial crystallography: samples on chips and in jets, and runs with pump and probe."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from demo.acquisitions import add_collection, add_group
from demo.proposals import Visit
from demo.rows import Rows, World, add_to, noon, pick
from demo.samples import CELL
from services.ssx.models import (
    Component,
    CrystalComposition,
    Event,
    EventChain,
    EventType,
    SampleComposition,
    SSXDataCollection,
)
from shared.models import BLSample, ComponentType, ConcentrationType, Crystal, Protein

DETECTION, EXPOSURE = "XrayDetection", "XrayExposure"
LASER, TRIGGER = "LaserExcitation", "ReactionTrigger"


@dataclass(frozen=True)
class Target:
    """A protein that light drives, with the ligand that absorbs it."""

    acronym: str
    name: str
    mass: float  # Da
    group: str
    cell: tuple[float, ...]
    ligand: tuple[str, str]  # with its formula
    buffer: str
    acidity: float  # pH of the buffer


TARGETS = (
    Target(
        *("BR", "Bacteriorhodopsin", 26900.0, "P 63", (62.3, 62.3, 111.1, 90, 90, 120)),
        *(("retinal", "C20H28O"), "phosphate", 5.6),
    ),
    Target(
        *("PYP", "Photoactive yellow protein", 13900.0, "P 63", (66.9, 66.9, 40.8, 90, 90, 120)),
        *(("p-coumaric acid", "C9H8O3"), "MES", 6.5),
    ),
    Target(
        *("FAP", "Fatty acid photodecarboxylase", 65300.0, "P 1 21 1"),
        *((61.4, 60.0, 182.9, 90, 90.6, 90), ("FAD", "C27H33N9O15P2"), "citrate", 5.5),
    ),
    Target(
        *("PhrB", "Photolyase", 57900.0, "P 21 21 21", (69.5, 116.6, 117.1, 90, 90, 90)),
        *(("FAD", "C27H33N9O15P2"), "tris", 8.5),
    ),
)


@dataclass(frozen=True)
class Way:
    """A way to bring crystals into the beam, and the measurements with it."""

    kind: str  # of the experiment
    support: str
    material: tuple[str, str, float]  # kind of a component, its name, % of the volume
    images: int
    exposure: float  # s
    rate: float  # Hz
    pulse: float  # of the laser, s
    delays: tuple[float | None, ...]  # from laser to exposure, s; None for a dark run
    serial: dict[str, Any]  # columns of a serial data collection
    collection: dict[str, Any]


CHIP = Way(
    kind="Serial Fixed",
    support="Oxford chip, Mylar",
    material=("Buffer", "PEG 2000", 25.0),
    images=25_600,
    exposure=0.01,
    rate=50.0,
    pulse=0.001,
    delays=(None, 0.005, 0.015, 0.002),
    serial={"monoStripe": "Si(111)", "energyBandwidth": 0.02, "laserEnergy": 12.5}
    | {"chipModel": "Oxford", "chipPattern": "serpentine"},
    collection={"wavelength": 0.6199, "resolution": 1.31, "detectorDistance": 120.0}
    | {
        "transmission": 100.0,
        "flux": 3e12,
        "beamSizeAtSampleX": 0.007,
        "beamSizeAtSampleY": 0.007,
    },
)
JET = Way(
    kind="SSX-Jet",
    support="LCP injector",
    material=("JetMaterial", "monoolein", 60.0),
    images=46_250,
    exposure=9e-5,
    rate=231.25,
    pulse=1e-8,
    delays=(0.003, 0.0005, 0.0000015),
    serial={"monoStripe": "Pd/B4C", "energyBandwidth": 0.5, "laserEnergy": 20.0}
    | {"jetSpeed": 0.0002, "jetSize": 75.0},
    collection={"wavelength": 1.072, "resolution": 1.65, "detectorDistance": 150.0}
    | {
        "transmission": 100.0,
        "flux": 8e13,
        "beamSizeAtSampleX": 0.004,
        "beamSizeAtSampleY": 0.002,
    },
)


def measure(world: World, rows: Rows, visits: list[Visit]) -> None:
    """Add the samples and runs of the used ``visits`` of one proposal at serial beamlines."""
    if not visits:
        return
    rng = world.random("serial", visits[0].proposalId)
    target, when = pick(rng, TARGETS), noon(visits[0].start.date() - timedelta(days=30))
    crystal = _add_crystal(world, rows, rng, visits[0].proposalId, target, when)
    for number, visit in enumerate(visits):
        way = (CHIP, JET)[number % 2]
        _visit(world, rows, visit, way, target, crystal)


def _add_crystal(
    world: World, rows: Rows, rng: random.Random, proposal: int, target: Target, when: datetime
) -> int:
    protein, crystal = world.key(Protein), world.key(Crystal)
    add_to(
        rows,
        Protein,
        proteinId=protein,
        proposalId=proposal,
        acronym=target.acronym,
        name=target.name,
        molecularMass=target.mass,
        safetyLevel="GREEN",
        componentTypeId=world.lookups[ComponentType]["Protein"],
        bltimeStamp=when,
    )
    size = round(rng.uniform(0.005, 0.02), 3)
    add_to(
        rows,
        Crystal,
        crystalId=crystal,
        proteinId=protein,
        name=f"{target.acronym} batch",
        spaceGroup=target.group,
        size_X=size,
        size_Y=size,
        size_Z=round(size / 2, 4),
        abundance=round(rng.uniform(0.1, 0.4), 2),
        recordTimeStamp=when,
        **{f"cell_{name}": float(value) for name, value in zip(CELL, target.cell)},
    )
    ligand = _add_component(world, rows, proposal, "Ligand", *target.ligand)
    add_to(
        rows,
        CrystalComposition,
        crystalCompositionId=world.key(CrystalComposition),
        crystalId=crystal,
        componentId=ligand,
        ratio=1.0,
    )
    return crystal


def _add_component(
    world: World, rows: Rows, proposal: int, kind: str, name: str, formula: str | None = None
) -> int:
    """The key of a component, which is new to the proposal or the same as before."""
    parts = {"proposalId": proposal, "name": name, "composition": formula}
    parts["componentTypeId"] = world.lookups[ComponentType][kind]
    for row in rows.get(Component, ()):
        if parts.items() <= row.items():
            return row["componentId"]
    key = world.key(Component)
    add_to(rows, Component, componentId=key, **parts)
    return key


def _add_sample(
    world: World, rows: Rows, visit: Visit, way: Way, target: Target, crystal: int
) -> int:
    """The key of a new sample in its buffer, with the material that carries it."""
    key, units = world.key(BLSample), world.lookups[ConcentrationType]
    add_to(
        rows,
        BLSample,
        blSampleId=key,
        crystalId=crystal,
        name=f"{target.acronym}_v{visit.number}",
        support=way.support,
        comments="Prepared at the beamline",
        recordTimeStamp=visit.start,
    )
    for kind, name, unit, amount, acidity in (
        ("Buffer", target.buffer, "Molar", 0.05, target.acidity),
        (*way.material[:2], "Percentage Volume / Volume", way.material[2], None),
    ):
        add_to(
            rows,
            SampleComposition,
            sampleCompositionId=world.key(SampleComposition),
            blSampleId=key,
            componentId=_add_component(world, rows, visit.proposalId, kind, name),
            concentrationTypeId=units[unit],
            abundance=amount,
            pH=acidity,
        )
    return key


def _visit(world: World, rows: Rows, visit: Visit, way: Way, target: Target, crystal: int) -> None:
    rng, start = world.random("data", visit.sessionId), visit.start + timedelta(hours=1)
    sample = _add_sample(world, rows, visit, way, target, crystal)
    group = add_group(world, rows, visit, start, way.kind, way.kind, sample)
    delays = way.delays[: rng.randint(2, len(way.delays))]
    for run, delay in enumerate(delays, 1):
        prefix = f"{target.acronym}-{'chip' if way is CHIP else 'jet'}{run:02}"
        key = add_collection(
            world,
            rows,
            rng,
            visit,
            group=group,
            run=run,
            prefix=prefix,
            start=start + timedelta(minutes=30 * run),
            images=way.images,
            exposure=way.exposure,
            period=1 / way.rate,
            BLSAMPLEID=sample,
            experimenttype=way.kind,
            **way.collection,
        )
        add_to(
            rows,
            SSXDataCollection,
            dataCollectionId=key,
            repetitionRate=way.rate,
            reactionDuration=delay,
            experimentName=f"{target.name}, {_name_delay(delay)}",
            **dict.fromkeys({*CHIP.serial, *JET.serial}) | way.serial,
        )
        for name, events in _list_chains(way, delay):
            _add_chain(world, rows, key, name, events)


def _name_delay(delay: float | None) -> str:
    if delay is None:
        return "dark"
    return f"{delay * 1e3:g} ms" if delay >= 1e-3 else f"{delay * 1e6:g} µs"


def _list_chains(way: Way, delay: float | None) -> list[tuple[str, list[tuple]]]:
    """The chains of a run with their events: kind, name, offset, duration, period, repeats.

    On a chip each place has its pulse of the laser, before the shutter opens. In a jet every
    second image is dark.
    """
    period, images = 1 / way.rate, float(way.images)
    if way is CHIP:
        shutter = (EXPOSURE, "fast shutter", 0.0, way.exposure, period, images)
        frame = (DETECTION, "one place", 0.0, way.exposure, period, images)
        if delay is None:
            return [("dark", [shutter, frame])]
        return [
            (
                "laser at each place",
                [(LASER, "450 nm", -delay, way.pulse, period, images), shutter, frame],
            )
        ]
    period, images, first = 2 * period, images / 2, delay or 0.0
    return [
        (
            "light",
            [
                (LASER, "532 nm", 0.0, way.pulse, period, images),
                (DETECTION, "after the laser", first, way.exposure, period, images),
            ],
        ),
        ("dark", [(DETECTION, "without laser", first + period / 2, way.exposure, period, images)]),
    ]


def _add_chain(world: World, rows: Rows, collection: int, name: str, events: list[tuple]) -> None:
    chain, types = world.key(EventChain), world.lookups[EventType]
    add_to(rows, EventChain, eventChainId=chain, dataCollectionId=collection, name=name)
    for kind, label, offset, duration, period, repeats in events:
        add_to(
            rows,
            Event,
            eventId=world.key(Event),
            eventChainId=chain,
            eventTypeId=types[kind],
            name=label,
            offset=offset,
            duration=duration,
            period=period,
            repetition=repeats,
        )
