"""Statistics of scaled data that fit the cell, the symmetry and the rotation."""

import random
from math import cos, pi, radians, sqrt

from demo.samples import Sample
from demo.sweeps import Sweep


def shells(
    rng: random.Random, sample: Sample, sweep: Sweep, cell: list[float], low: float, high: float
) -> list[dict]:
    """The statistics of all reflections, of the inner and of the outer shell."""
    of, fair = sample.stock.material, sample.quality == "fair"
    density = 4 / 3 * pi * _volume(cell) / of.centring / of.fold  # unique reflections, times Å3
    turn = min(1.0, sweep.images * sweep.width / 360)
    copies = 2 * of.fold * turn * rng.uniform(0.76, 0.84)
    merge = rng.uniform(0.09, 0.16) if fair else rng.uniform(0.045, 0.085)
    signal = rng.uniform(7, 11) if fair else rng.uniform(12, 22)
    within = {  # limits, Rmerge, I/sigma, CC1/2 and completeness
        "overall": (low, high, merge, signal, (0.994, 0.997), (97.5, 99)),
        "innerShell": (low, 2.7 * high, 0.45 * merge, 3 * signal, (0.997, 0.999), (99, 100)),
        "outerShell": (
            *(1.02 * high, high, rng.uniform(0.9, 1.7), rng.uniform(1.1, 2.1)),
            *((0.35, 0.65), (90, 97)),
        ),
    }
    rows = []
    for kind, (first, last, r, ratio, half, full) in within.items():
        completeness = rng.uniform(*full)
        unique = int(density * (last**-3 - first**-3) * completeness / 100)
        several = copies * rng.uniform(0.97, 1.03)
        rows.append(
            {
                "scalingStatisticsType": kind,
                "resolutionLimitLow": round(first, 2),
                "resolutionLimitHigh": round(last, 2),
                "rMerge": round(r, 3),
                "rMeasAllIPlusIMinus": round(r * sqrt(several / (several - 1)), 3),
                "rPimAllIPlusIMinus": round(r * sqrt(1 / (several - 1)), 3),
                "nTotalObservations": int(unique * several),
                "nTotalUniqueObservations": unique,
                "meanIOverSigI": round(ratio, 1),
                "completeness": round(completeness, 1),
                "multiplicity": round(several, 1),
                "anomalousCompleteness": round(completeness - 0.4, 1),
                "anomalousMultiplicity": round(several / 2, 1),
                "ccHalf": round(rng.uniform(*half), 3),
                "ccAnomalous": round(rng.uniform(0, 0.6 if sample.stock.anomalous else 0.1), 3),
            }
        )
    return rows


def _volume(cell: list[float]) -> float:
    """The volume of the cell, Å3."""
    a, b, c, *angles = cell
    x, y, z = (cos(radians(angle)) for angle in angles)
    return a * b * c * sqrt(1 - x * x - y * y - z * z + 2 * x * y * z)
