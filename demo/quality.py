"""The results of a spot finder for each image of a data collection."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, pi
from typing import TYPE_CHECKING

from demo.rows import add_to
from demo.samples import Sample
from demo.sweeps import Sweep
from shared.models import ImageQualityIndicators

if TYPE_CHECKING:
    from demo.experiments import Work

STRONG = {"good": 160, "fair": 60, "none": 2}  # spots of a whole crystal


def in_grid(wide: int, x: float, y: float) -> Callable[[int], float]:
    """The share of a crystal at ``x``, ``y`` in the beam at each point of a snaked grid."""

    def share(number: int) -> float:
        row, column = divmod(number - 1, wide)
        if row % 2:
            column = wide - 1 - column
        return exp(-((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2) / 3)

    return share


def in_turn(images: int) -> Callable[[int], float]:
    """The strength of diffraction as a crystal turns and suffers from radiation."""
    return lambda number: (1 - 0.3 * number / images) * (0.9 + 0.1 * cos(4 * pi * number / images))


def judge(
    work: Work, sample: Sample, sweep: Sweep, share: Callable[[int], float], every: int = 1
) -> None:
    """Spots and resolution of each image, or of every tenth."""
    rng = work.rng
    for number in range(1, sweep.images + 1, every):
        strength = share(number)
        spots = max(0, int(rng.gauss(1, 0.08) * strength * STRONG[sample.quality]))
        limit = sample.resolution * (1.4 - 0.35 * strength)
        first, second = (
            round(limit * rng.uniform(1, 1.05), 2) if spots > 5 else None for _ in range(2)
        )
        add_to(
            work.rows,
            ImageQualityIndicators,
            dataCollectionId=sweep.key,
            imageNumber=number,
            spotTotal=spots + rng.randint(0, 9),
            inResTotal=spots,
            goodBraggCandidates=int(0.9 * spots),
            iceRings=rng.choice((2, 2, 3)) if sample.quality == "fair" else 0,
            method1Res=first,
            method2Res=second,
            totalIntegratedSignal=round(spots * rng.uniform(150, 250), 1),
            dozor_score=round(spots * rng.uniform(0.2, 0.3), 2),
            recordTimeStamp=sweep.end,
        )
