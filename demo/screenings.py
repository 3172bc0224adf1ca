"""Characterisations: first images, their output, and a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo import sweeps
from demo.rows import add_to
from demo.samples import CELL, Sample
from services.core.models import (
    Screening,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)

if TYPE_CHECKING:
    from demo.experiments import Work

PROGRAM = "EDNA MXv1"


def screen(work: Work, sample: Sample) -> None:
    """Take three images of ``sample`` and add the characterisation."""
    world, rows, rng = work.world, work.rows, work.rng
    group = sweeps.group(work, sample, "Characterization", None)
    sweep = sweeps.first_images(work, sample, group)
    work.take(60)
    sweeps.close(work, group)
    screening, output = world.key(Screening), world.key(ScreeningOutput)
    good = sample.quality != "none"
    images, _, exposure = sweeps.TURNS[work.visit.beamline.suffix]
    spots = {"good": 900, "fair": 300, "none": 12}[sample.quality] + rng.randint(0, 90)
    add_to(
        rows,
        Screening,
        screeningId=screening,
        dataCollectionId=sweep.key,
        programVersion=PROGRAM,
        shortComments="EDNA-1",
        comments=None if good else "Indexing failed",
        bltimeStamp=work.now,
    )
    add_to(
        rows,
        ScreeningInput,
        screeningInputId=world.key(ScreeningInput),
        screeningId=screening,
        beamX=sweep.beam[0],
        beamY=sweep.beam[1],
        minimumSignalToNoise=3.0,
    )
    add_to(
        rows,
        ScreeningOutput,
        screeningOutputId=output,
        screeningId=screening,
        program=PROGRAM,
        statusDescription="Success" if good else "No solution was found in indexing",
        indexingSuccess=good,
        strategySuccess=good,
        alignmentSuccess=False,
        mosaicityEstimated=good,
        mosaicity=round(rng.uniform(0.05, 0.6), 2) if good else None,
        iOverSigma=round(rng.uniform(3, 25), 1) if good else None,
        resolutionObtained=sample.resolution if good else None,
        rankingResolution=sample.resolution if good else None,
        numSpotsFound=spots,
        numSpotsUsed=int(0.9 * spots) if good else 0,
        numSpotsRejected=spots - int(0.9 * spots) if good else spots,
        diffractionRings=sample.quality == "fair",
        totalExposureTime=images * exposure if good else None,
        totalRotationRange=360.0 if good else None,
        totalNumberOfImages=images if good else None,
    )
    if good:
        _lattice(work, sample, output)
        _strategy(work, output, sample.resolution)


def _lattice(work: Work, sample: Sample, output: int) -> None:
    material = sample.stock.material
    add_to(
        work.rows,
        ScreeningOutputLattice,
        screeningOutputLatticeId=work.world.key(ScreeningOutputLattice),
        screeningOutputId=output,
        spaceGroup=material.group,
        bravaisLattice=material.lattice,
        labelitIndexing=False,
        bltimeStamp=work.now,
        **{f"unitCell_{name}": float(value) for name, value in zip(CELL, material.cell)},
    )


def _strategy(work: Work, output: int, resolution: float) -> None:
    world, rows = work.world, work.rows
    strategy, wedge = world.key(ScreeningStrategy), world.key(ScreeningStrategyWedge)
    images, width, exposure = sweeps.TURNS[work.visit.beamline.suffix]
    figures = {"resolution": resolution, "completeness": 99.5, "multiplicity": 12.0}
    turn = {"exposureTime": exposure, "transmission": 40.0}
    add_to(
        rows,
        ScreeningStrategy,
        screeningStrategyId=strategy,
        screeningOutputId=output,
        program="BEST",
        phiStart=0.0,
        phiEnd=360.0,
        rotation=width,
        rankingResolution=resolution,
        anomalous=False,
        **figures,
        **turn,
    )
    add_to(
        rows,
        ScreeningStrategyWedge,
        screeningStrategyWedgeId=wedge,
        screeningStrategyId=strategy,
        wedgeNumber=1,
        numberOfImages=images,
        doseTotal=5.0,
        wavelength=sweeps.HARD,
        **figures,
    )
    sub = {**figures, "RESOLUTION": figures["resolution"]}
    del sub["resolution"]
    add_to(
        rows,
        ScreeningStrategySubWedge,
        screeningStrategySubWedgeId=world.key(ScreeningStrategySubWedge),
        screeningStrategyWedgeId=wedge,
        subWedgeNumber=1,
        rotationAxis="Omega",
        axisStart=0.0,
        axisEnd=360.0,
        oscillationRange=width,
        numberOfImages=images,
        **sub,
        **turn,
    )
