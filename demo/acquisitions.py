"""Data collections of serial crystallography and of microscopes."""

import random
from datetime import datetime, timedelta
from typing import Any

from demo import words
from demo.proposals import Visit
from demo.rows import Rows, World, add_to, pick
from services.em.models import Atlas, GridSquare
from services.ssx.models import Event, EventChain, EventType, SSXDataCollection
from shared.models import DataCollection, DataCollectionGroup, ExperimentType

OUTCOMES = ("DataCollection Successful",) * 9 + ("DataCollection Stopped",)
CHIP = {"monoStripe": "Si(111)", "chipModel": "Oxford", "chipPattern": "serpentine"}
JET = {"jetSpeed": 0.08, "jetSize": 75.0}
LASER_DELAY, LASER_PULSE = 0.002, 1e-8  # s


def acquire(world: World, rows: Rows, visit: Visit) -> None:
    """Add the data of ``visit``, which is not of an MX beamline."""
    rng = world.random("data", visit.sessionId)
    measure = {"ssx": _serial, "em": _grid}[visit.beamline.technique]
    measure(world, rows, rng, visit)


def _serial(world: World, rows: Rows, rng: random.Random, visit: Visit) -> None:
    start = visit.start + timedelta(hours=1)
    kind = pick(rng, ("Serial Fixed", "Serial Jet"))
    group = _group(world, rows, visit, start, kind, kind)
    prefix = pick(rng, words.CRYSTALS)
    for run in range(1, rng.randint(2, 4) + 1):
        key = _collection(
            world,
            rows,
            rng,
            visit,
            group=group,
            run=run,
            prefix=prefix,
            start=start + timedelta(minutes=30 * run),
            images=25_600,
            exposure=0.01,
            wavelength=0.9686,
            resolution=1.8,
            detectorDistance=200.0,
            transmission=100.0,
            flux=3e12,
        )
        sample = CHIP if kind == "Serial Fixed" else JET
        add_to(
            rows,
            SSXDataCollection,
            dataCollectionId=key,
            repetitionRate=100.0,
            energyBandwidth=0.02,
            laserEnergy=12.5,
            experimentName=f"{prefix} {run}",
            **{name: sample.get(name) for name in (*CHIP, *JET)},
        )
        _events(world, rows, key)


def _events(world: World, rows: Rows, collection: int) -> None:
    """A laser pulse before each exposure."""
    chain, types = world.key(EventChain), world.lookups[EventType]
    add_to(rows, EventChain, eventChainId=chain, dataCollectionId=collection, name="Pump, probe")
    for name, offset, duration in (
        ("LaserExcitation", 0.0, LASER_PULSE),
        ("XrayExposure", LASER_DELAY, 0.005),
        ("XrayDetection", LASER_DELAY, 0.01),
    ):
        add_to(
            rows,
            Event,
            eventId=world.key(Event),
            eventChainId=chain,
            eventTypeId=types[name],
            name=name,
            offset=offset,
            duration=duration,
            period=0.01,
            repetition=25_600.0,
        )


def _grid(world: World, rows: Rows, rng: random.Random, visit: Visit) -> None:
    start = visit.start + timedelta(hours=2)
    kind = "Tomography" if visit.beamline.name == "m03" else "Single Particle"
    group = _group(world, rows, visit, start, None, kind)
    atlas, folder = world.key(Atlas), _folder(visit, "atlas")
    add_to(
        rows,
        Atlas,
        atlasId=atlas,
        dataCollectionGroupId=group,
        atlasImage=f"{folder}Atlas_1.jpg",
        pixelSize=round(rng.uniform(4.0, 5.0), 3) * 1e-7,
        cassetteSlot=rng.randint(1, 12),
        mode=kind,
    )
    for number in range(1, rng.randint(8, 24) + 1):
        _square(world, rows, rng, atlas, number, f"{folder}GridSquare_{number}.jpg")
    for run in range(1, rng.randint(1, 2) + 1):
        _collection(
            world,
            rows,
            rng,
            visit,
            group=group,
            run=run,
            prefix=f"grid{run}",
            start=start + timedelta(hours=run),
            images=41 if kind == "Tomography" else rng.randint(800, 6000),
            exposure=3.2,
        )


def _square(
    world: World, rows: Rows, rng: random.Random, atlas: int, number: int, image: str
) -> None:
    column, row = number % 5 - 2, number // 5 - 2
    add_to(
        rows,
        GridSquare,
        gridSquareId=world.key(GridSquare),
        atlasId=atlas,
        gridSquareLabel=number,
        gridSquareImage=image,
        pixelLocationX=2000 + 300 * column + rng.randint(-9, 9),
        pixelLocationY=2000 + 300 * row + rng.randint(-9, 9),
        height=210,
        width=210,
        angle=1.5,
        stageLocationX=130.0 * column,
        stageLocationY=130.0 * row,
        qualityIndicator=round(rng.random(), 3),
        pixelSize=2.5e-8,
    )


def _group(
    world: World, rows: Rows, visit: Visit, start: datetime, word: str | None, kind: str
) -> int:
    key = world.key(DataCollectionGroup)
    add_to(
        rows,
        DataCollectionGroup,
        dataCollectionGroupId=key,
        sessionId=visit.sessionId,
        experimentType=word,
        experimentTypeId=world.lookups[ExperimentType][kind],
        startTime=start,
        endTime=min(start + timedelta(hours=4), visit.end),
    )
    return key


def _collection(
    world: World,
    rows: Rows,
    rng: random.Random,
    visit: Visit,
    *,
    group: int,
    run: int,
    prefix: str,
    start: datetime,
    images: int,
    exposure: float,
    **measured: Any,
) -> int:
    key, beamline = world.key(DataCollection), visit.beamline
    digits = "master" if beamline.suffix == "h5" else "####"
    add_to(
        rows,
        DataCollection,
        dataCollectionId=key,
        dataCollectionGroupId=group,
        SESSIONID=visit.sessionId,
        detectorId=world.detectors[beamline.name],
        dataCollectionNumber=run,
        startTime=start,
        endTime=start + timedelta(seconds=int(images * exposure) + 2),
        runStatus=pick(rng, OUTCOMES),
        imageDirectory=_folder(visit, "raw"),
        imagePrefix=prefix,
        imageSuffix=beamline.suffix,
        fileTemplate=f"{prefix}_{run}_{digits}.{beamline.suffix}",
        numberOfImages=images,
        startImageNumber=1,
        numberOfPasses=1,
        exposureTime=exposure,
        **measured,
    )
    return key


def _folder(visit: Visit, kind: str) -> str:
    """The folder of the files of ``visit``, with a slash at the end."""
    return f"/data/{visit.beamline.name}/{visit.start.year}/{visit.name}/{kind}/"
