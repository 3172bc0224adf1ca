"""Data collections of microscopes, and the parts that those of other techniques share."""

import random
from datetime import datetime, timedelta
from typing import Any

from demo.proposals import Visit
from demo.rows import Rows, World, add_to, pick
from services.em.models import Atlas, GridSquare
from shared.models import DataCollection, DataCollectionGroup, ExperimentType

OUTCOMES = ("DataCollection Successful",) * 9 + ("DataCollection Stopped",)


def acquire(world: World, rows: Rows, visit: Visit) -> None:
    """Add the data of ``visit`` at a microscope."""
    rng = world.random("data", visit.sessionId)
    start = visit.start + timedelta(hours=2)
    kind = "Tomography" if visit.beamline.name == "m03" else "Single Particle"
    group = add_group(world, rows, visit, start, None, kind)
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
        add_collection(
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


def add_group(
    world: World,
    rows: Rows,
    visit: Visit,
    start: datetime,
    word: str | None,
    kind: str,
    sample: int | None = None,
) -> int:
    """Add a group of data collections; ``kind`` is the name of its experiment type."""
    key = world.key(DataCollectionGroup)
    add_to(
        rows,
        DataCollectionGroup,
        dataCollectionGroupId=key,
        sessionId=visit.sessionId,
        blSampleId=sample,
        experimentType=word,
        experimentTypeId=world.lookups[ExperimentType][kind],
        startTime=start,
        endTime=min(start + timedelta(hours=4), visit.end),
    )
    return key


def add_collection(
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
    period: float | None = None,
    **measured: Any,
) -> int:
    """Add a data collection; ``period`` is the time from one image to the next, s."""
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
        endTime=start + timedelta(seconds=int(images * (period or exposure)) + 2),
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
