"""Hits and unit cells of the newest serial runs of a story: many numbers, few runs."""

from collections.abc import Iterator, Mapping

import numpy
from sqlalchemy import Row, Select, select

from demo.proposals import FIRST_NUMBER, STORIES
from services.ssx.app import create_app
from services.ssx.models import SSXDataCollection
from services.ssx.modules import images
from services.ssx.modules.chips import MODELS
from services.ssx.schemas.images import CELL, MOST
from shared.db import db, transaction_scope
from shared.identity import Identity
from shared.models import (
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Proposal,
)

RUNS = 2  # of each kind
BEST, EDGE = 0.55, 9.0  # hit rate in the middle of a chip; width of its dry edge, places
JET, GAPS = 0.22, ((0.31, 0.37), (0.68, 0.7))  # hit rate of a jet; parts of a run without jet
INDEXED, LOST = 0.78, 0.02  # shares: of hits that are indexed, of cells that are wrong
SPREAD, SHRUNK = 0.0015, 0.008  # of lengths of a cell; how much shorter they are at a dry edge
NOTHING = numpy.nan
PROGRAM = Identity(
    login="demo",
    personId=None,
    permissions=frozenset({"all_sessions", "ssx_write"}),
    beamlines=frozenset(),
    beamline_limit=None,
    is_service=True,
    tokenId="",
    expires=0.0,
)

Columns = dict[str, numpy.ndarray]


def store(site: Mapping, seed: int = 1) -> int:
    """Store the images of runs in the filled database of ``site``; return their number."""
    app, stored = create_app(site), 0
    with app.app_context():
        with transaction_scope():
            runs = [run for is_chip in (True, False) for run in _list_runs(is_chip)]
        for run in runs:
            rng = numpy.random.default_rng((seed, run.dataCollectionId))
            for columns in _split(_simulate(rng, run)):
                with transaction_scope():
                    stored += images.put(PROGRAM, run.dataCollectionId, columns)["upserted"]
    return stored


def _list_runs(is_chip: bool) -> list[Row]:
    """The runs of the newest group of the story on chips, or in jets."""
    rows = db.session.execute(_select_runs(is_chip)).all()
    return [row for row in rows if row.dataCollectionGroupId == rows[0].dataCollectionGroupId]


def _select_runs(is_chip: bool) -> Select:
    number = next(n for n, story in enumerate(STORIES, FIRST_NUMBER) if story.technique == "ssx")
    run = SSXDataCollection
    return (
        select(
            run.dataCollectionId,
            run.chipModel,
            DataCollection.dataCollectionGroupId,
            DataCollection.numberOfImages,
            DataCollection.startImageNumber,
            DataCollection.resolution,
            *(getattr(Crystal, name) for name in CELL),
        )
        .join(DataCollection, DataCollection.dataCollectionId == run.dataCollectionId)
        .join(DataCollectionGroup)
        .join(BLSession)
        .join(Proposal)
        .join(BLSample, BLSample.blSampleId == DataCollectionGroup.blSampleId)
        .join(Crystal, Crystal.crystalId == BLSample.crystalId)
        .where(Proposal.proposalNumber == str(number))
        .where(run.chipModel.is_not(None) if is_chip else run.jetSize.is_not(None))
        .order_by(DataCollection.dataCollectionGroupId.desc(), run.dataCollectionId)
        .limit(RUNS)
    )


def _simulate(rng: numpy.random.Generator, run: Row) -> Columns:
    """The images of a run: hits by the place on the chip, or by the state of the jet."""
    number = run.numberOfImages
    if run.chipModel:
        rate, dryness = _expose_chip(rng, run.chipModel)
        rate, dryness = rate[:number], dryness[:number]
    else:
        rate, dryness = _expose_jet(rng, number), numpy.zeros(number)
    is_hit = rng.random(number) < rate
    strength = rng.lognormal(0, 0.5, number) * (1 - 0.5 * dryness)
    is_indexed = is_hit & (rng.random(number) < INDEXED * numpy.clip(strength * 1.6, 0, 1.15))
    spots = numpy.where(is_hit, 12 + 60 * strength, rng.poisson(3, number)).astype(int)
    resolution = run.resolution + 0.5 / numpy.sqrt(strength) * rng.uniform(0.7, 1.3, number)
    columns = {
        "imageNumber": numpy.arange(number) + run.startImageNumber,
        "isHit": is_hit,
        "isIndexed": is_indexed,
        "spots": spots,
        "resolution": numpy.where(is_hit, resolution.round(2), NOTHING),
    }
    wrong = rng.random(number) < LOST
    scale = rng.normal(1, SPREAD, number) - SHRUNK * dryness  # dry crystals shrink
    scale[wrong] = rng.uniform(0.8, 1.3, wrong.sum())
    for name in CELL:
        value = getattr(run, name)
        if name in CELL[:3]:
            values = value * scale * rng.normal(1, SPREAD / 3, number)
        else:
            values = (
                numpy.full(number, value) if value in (90, 120) else rng.normal(value, 0.1, number)
            )
        columns[name] = numpy.where(is_indexed, values.round(3), NOTHING)
    return columns


def _expose_chip(rng: numpy.random.Generator, model: str) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The hit rate and the dryness of each place of a chip, in the order of exposure.

    It dries at its edges, most crystals settle left of the middle, and two blocks are torn.
    """
    chip = MODELS[model]
    order = chip.build_order()
    y, x = order // chip.columns, order % chip.columns
    border = numpy.minimum.reduce([x, y, chip.columns - 1 - x, chip.rows - 1 - y])
    dryness = numpy.exp(-((border / EDGE) ** 2))
    settled = numpy.exp(-((x / chip.columns - 0.4) ** 2 + (y / chip.rows - 0.55) ** 2) / 0.25)
    rate = BEST * settled * (1 - dryness)
    across = chip.columns // chip.blockColumns
    blocks = y // chip.blockRows * across + x // chip.blockColumns
    torn = rng.choice(across * (chip.rows // chip.blockRows), 2, replace=False)
    rate[numpy.isin(blocks, torn)] *= 0.1
    return rate, dryness


def _expose_jet(rng: numpy.random.Generator, number: int) -> numpy.ndarray:
    """The hit rate of each image of a jet, which drops out, and slowly runs thin."""
    part = numpy.arange(number) / number
    drift = numpy.cumsum(rng.normal(0, 0.02, number // 500 + 1)).repeat(500)[:number]
    rate = JET * (1.1 - 0.4 * part) * numpy.exp(drift)
    for begin, end in GAPS:
        rate[(part > begin) & (part < end)] = 0.004
        back = (part >= end) & (part < end + 0.02)
        rate[back] *= (part[back] - end) / 0.02
    return numpy.clip(rate, 0, 0.9)


def _split(columns: Columns) -> Iterator[Columns]:
    """``columns`` in chunks that one request may have."""
    for begin in range(0, len(columns["imageNumber"]), MOST):
        yield {name: values[begin : begin + MOST] for name, values in columns.items()}
