"""Groups and data collections of an MX beamline: grid scans, first images and rotations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from demo import files
from demo.rows import add_to, pick
from demo.samples import Sample
from services.core.models import Image
from shared.models import (
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    ExperimentType,
    Position,
)

if TYPE_CHECKING:
    from demo.experiments import Work

OUTCOMES = ("DataCollection Successful",) * 11 + ("DataCollection Stopped",)
COMMENTS = ("Crystal slightly off centre at 90 degrees", "Best one so far", "Icy")
SE_EDGE, HARD = 0.97934, 0.9763  # Å
TURNS = {"h5": (3600, 0.1, 0.005), "cbf": (1800, 0.2, 0.04)}  # images, their width and exposure
FLUX = 4e12  # photons/s, without attenuator


@dataclass
class Group:
    """A group that has no end yet."""

    key: int
    kind: str
    row: dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """The columns of a data collection that its results use."""

    key: int
    images: int
    width: float  # of an image, degrees
    distance: float
    beam: tuple[float, float]
    end: datetime


def group(work: Work, sample: Sample, word: str, kind: str | None) -> Group:
    """Add a group that begins now; ``kind`` is the name of its experiment type."""
    key = work.world.key(DataCollectionGroup)
    add_to(
        work.rows,
        DataCollectionGroup,
        dataCollectionGroupId=key,
        sessionId=work.visit.sessionId,
        blSampleId=sample.key,
        experimentType=word,
        experimentTypeId=work.world.lookups[ExperimentType][kind] if kind else None,
        startTime=work.now,
        endTime=None,
    )
    return Group(key, word, work.rows[DataCollectionGroup][-1])


def close(work: Work, group: Group) -> None:
    """Set the end of the group to now."""
    group.row["endTime"] = work.now


def mesh(work: Work, sample: Sample, group: Group, run: int, images: int) -> Sweep:
    """A grid scan, ``images`` points of it."""
    return _collect(
        work,
        sample,
        group,
        run,
        f"{sample.name}_xrc",
        images,
        0.01,
        0.0,
        omega=90.0 * (run - 1),
    )


def first_images(work: Work, sample: Sample, group: Group) -> Sweep:
    """Three images at 0, 45 and 90 degrees."""
    return _collect(work, sample, group, 1, f"{sample.name}_scr", 3, 0.1, 0.5, transmission=10.0)


def rotation(work: Work, sample: Sample, group: Group, run: int) -> Sweep:
    """A whole turn of the crystal; some are stopped before the end."""
    images, width, exposure = TURNS[work.visit.beamline.suffix]
    return _collect(
        work,
        sample,
        group,
        run,
        sample.name,
        images,
        exposure,
        width,
        may_stop=True,
    )


def _collect(
    work: Work,
    sample: Sample,
    group: Group,
    run: int,
    prefix: str,
    images: int,
    exposure: float,
    width: float,
    *,
    omega: float = 0.0,
    transmission: float | None = None,
    may_stop: bool = False,
) -> Sweep:
    world, rows, rng, visit = work.world, work.rows, work.rng, work.visit
    key, position = world.key(DataCollection), world.key(Position)
    stopped = may_stop and pick(rng, OUTCOMES) != OUTCOMES[0]
    if stopped:
        images = int(images * rng.uniform(0.5, 0.9))
    begin, end = work.take(images * exposure + rng.randint(12, 25))
    transmission = transmission or float(rng.randint(5, 100))
    beam = round(rng.uniform(155, 160), 2), round(rng.uniform(160, 168), 2)
    suffix = visit.beamline.suffix
    digits = "master" if suffix == "h5" else "####"
    distance = round(140 * sample.resolution, 1)
    add_to(
        rows,
        Position,
        positionId=position,
        recordTimeStamp=begin,
        **{f"pos{axis}": round(rng.gauss(0, 0.4), 4) for axis in "XYZ"},
    )
    add_to(
        rows,
        DataCollection,
        dataCollectionId=key,
        dataCollectionGroupId=group.key,
        SESSIONID=visit.sessionId,
        BLSAMPLEID=sample.key,
        detectorId=world.detectors[visit.beamline.name],
        POSITIONID=position,
        dataCollectionNumber=run,
        experimenttype=group.kind,
        startTime=begin,
        endTime=end,
        runStatus=OUTCOMES[-1] if stopped else OUTCOMES[0],
        comments=pick(rng, COMMENTS) if rng.random() < 0.1 else None,
        imageDirectory=f"/data/{visit.beamline.name}/{begin.year}/{visit.name}/raw/{sample.name}/",
        imagePrefix=prefix,
        imageSuffix=suffix,
        fileTemplate=f"{prefix}_{run}_{digits}.{suffix}",
        numberOfImages=images,
        startImageNumber=1,
        numberOfPasses=1,
        exposureTime=exposure,
        axisStart=omega,
        axisRange=width,
        axisEnd=omega + width * images,
        rotationAxis="Omega",
        omegaStart=omega,
        wavelength=SE_EDGE if sample.stock.anomalous else HARD,
        resolution=sample.resolution,
        detectorDistance=distance,
        transmission=transmission,
        flux=round(FLUX * transmission / 100 * rng.uniform(0.95, 1.05), -8),
        xBeam=beam[0],
        yBeam=beam[1],
        beamSizeAtSampleX=0.05,
        beamSizeAtSampleY=0.02,
        averageTemperature=100.0,
        centeringMethod="X-ray" if group.kind != "Mesh" else "Loop",
        **{
            f"xtalSnapshotFullPath{number}": files.snapshot(world.folder, sample.key, angle)
            for number, angle in enumerate(files.ANGLES, 1)
        },
    )
    if group.kind != "Mesh":
        _pictures(work, sample, key, images, f"{prefix}_{run}", end)
    return Sweep(key, images, width, distance, beam, end)


def _pictures(
    work: Work, sample: Sample, collection: int, images: int, stem: str, when: datetime
) -> None:
    """Pictures of some images, and a picture of the crystal."""
    world, suffix = work.world, work.visit.beamline.suffix
    folder = f"/data/{work.visit.beamline.name}/{when.year}/{work.visit.name}/raw/{sample.name}"
    for number in (1, 2, 3) if images == 3 else (1, images // 2):
        picture = files.diffraction(world.folder, sample.quality, number)
        add_to(
            work.rows,
            Image,
            imageId=world.key(Image),
            dataCollectionId=collection,
            imageNumber=number,
            fileName=f"{stem}_{number:05}.{suffix}",
            fileLocation=folder,
            jpegFileFullPath=picture,
            jpegThumbnailFileFullPath=files.thumbnail(picture),
            recordTimeStamp=when,
        )
    add_to(
        work.rows,
        DataCollectionFileAttachment,
        dataCollectionFileAttachmentId=world.key(DataCollectionFileAttachment),
        dataCollectionId=collection,
        fileFullPath=files.snapshot(world.folder, sample.key, 0),
        fileType="snapshot",
        createTime=when,
    )
