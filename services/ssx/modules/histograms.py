"""Histograms of unit cells, without outliers."""

import numpy

BINS = 50


def build_histogram(
    values: numpy.ndarray, bins: int = BINS, counts: numpy.ndarray | None = None
) -> dict | None:
    """The histogram of ``values`` without outliers: ``x`` edges and ``y`` counts of equal bins.

    Outliers are the values outside of [Q1 - 1.5 IQR, Q3 + 1.5 IQR], where the quartiles Q1 and Q3
    are interpolated linearly and IQR is Q3 - Q1. The bins have equal widths, from the least to the
    greatest value that is kept; a constant has those from 0.5 below to 0.5 above it. ``median`` is
    that of all values, outliers too; ``kept`` and ``leftOut`` are the numbers of values. None
    without a value; those that are no finite number do not count.

    With ``counts``, ``values`` are distinct and each stands for so many equal ones.
    """
    if counts is None:
        values, counts = numpy.unique(values[numpy.isfinite(values)], return_counts=True)
    if not counts.size:
        return None
    first, middle, third = compute_quantiles(values, counts, (0.25, 0.5, 0.75))
    margin = 1.5 * (third - first)
    kept = (values >= first - margin) & (values <= third + margin)
    y, x = numpy.histogram(values[kept], bins, weights=counts[kept])
    number = int(counts[kept].sum())
    return {
        "x": x.tolist(),
        "y": y.astype(int).tolist(),
        "median": middle,
        "kept": number,
        "leftOut": int(counts.sum()) - number,
    }


def compute_quantiles(
    values: numpy.ndarray, counts: numpy.ndarray, shares: tuple[float, ...]
) -> list[float]:
    """Quantiles of ``values``, which ascend and are there ``counts`` times, by interpolation."""
    ends = numpy.cumsum(counts)
    places = numpy.asarray(shares) * (int(ends[-1]) - 1)
    below = numpy.floor(places)
    lower, upper = (
        values[numpy.searchsorted(ends, each, "right")] for each in (below, numpy.ceil(places))
    )
    return (lower + (upper - lower) * (places - below)).tolist()
