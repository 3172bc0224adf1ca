"""Pictures of serial runs: hit rate over time, hits over the chip, unit cells."""

from textwrap import fill
from typing import Any

import numpy

from services.ssx.schemas.images import CELL, LENGTHS
from shared.plots import render

DOTS = 100  # per inch
INK, PALE = "#1f2933", "#e4e7eb"
HIT, INDEXED = "#e8a33d", "#1b7f79"
GREEK = {"alpha": "α", "beta": "β", "gamma": "γ"}


def draw_rate(data: dict, title: str, media_type: str) -> bytes:
    """A picture of the hit rate and index rate over time, or over image numbers."""
    return render(lambda: _draw_rate(data, title), media_type)


def draw_map(data: dict, title: str, media_type: str) -> bytes:
    """A picture of the chip: each place by its state, or each block by its hit rate."""
    return render(lambda: _draw_map(data, title), media_type)


def draw_histograms(data: dict, title: str, media_type: str) -> bytes:
    """A picture of the histograms of the six parameters of the unit cell."""
    return render(lambda: _draw_histograms(data, title), media_type)


def _start(title: str, width: float, height: float) -> Any:
    from matplotlib.figure import Figure  # here: it takes longer to import than a service

    figure = Figure((width, height), DOTS, layout="constrained")
    _write_title(figure, title)
    return figure


def _write_title(figure: Any, title: str) -> None:
    """Write the title in lines; a label of a run may have signs of formulas, which stay signs."""
    text = fill(title, int(9 * figure.get_figwidth()))
    figure.suptitle(text, color=INK, fontsize="large", parse_math=False)


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)" if whole else "none"


def _draw_rate(data: dict, title: str) -> Any:
    images, hits, indexed = (sum(data[name]) for name in ("images", "hits", "indexed"))
    figure = _start(f"{title}: {images:,} images", 9, 4)
    axes = figure.subplots()
    is_timed = bool(data["time"]) and data["time"][0] is not None
    x = data["time"] if is_timed else data["imageNumber"]
    edges = [*x, 2 * x[-1] - x[-2]] if len(x) > 1 else [*x, *(each + 1 for each in x)] or [0]
    for name, wholes, color, label in (
        ("hits", "images", HIT, f"hits / images: {_share(hits, images)}"),
        ("indexed", "hits", INDEXED, f"indexed / hits: {_share(indexed, hits)}"),
    ):
        rates = [100 * p / w if w else float("nan") for p, w in zip(data[name], data[wholes])]
        axes.stairs(rates, edges, baseline=None, color=color, label=label, linewidth=1.5)
    axes.set(ylim=(0, 100), ylabel="rate, %")
    axes.set_xlabel("time from the start, s" if is_timed else "image number")
    axes.margins(x=0)
    axes.grid(color=PALE)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return figure


def _draw_map(data: dict, title: str) -> Any:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    images, hits, indexed = (numpy.array(data[name]) for name in ("images", "hits", "indexed"))
    is_by_place = data["by"] == "place"
    shape = max(0.4, min(2.0, data["rows"] / data["columns"]))
    figure = _start(title, 8, (8 if is_by_place else 6.6) * shape + 0.8)
    axes = figure.subplots()
    extent = (0.5, data["columns"] + 0.5, data["rows"] + 0.5, 0.5)
    options = {"extent": extent, "interpolation": "nearest", "aspect": "equal"}
    if is_by_place:
        states = numpy.select([indexed > 0, hits > 0, images > 0], [3, 2, 1], 0)
        colors = ("white", PALE, HIT, INDEXED)
        axes.imshow(states, ListedColormap(colors), vmin=0, vmax=3, **options)
        numbers = numpy.bincount(states.ravel(), minlength=4)
        labels = ("no image", "blank", "hit, not indexed", "indexed")
        handles = [
            Patch(facecolor=color, edgecolor=INK, label=f"{label}: {number:,}")
            for color, label, number in zip(colors, labels, numbers)
        ]
        axes.legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False
        )
    else:
        rates = numpy.array(data["hitRate"], float) * 100
        highest = numpy.nanmax(rates, initial=1)
        shading = axes.imshow(rates, "viridis", vmin=0, vmax=highest, **options)
        figure.colorbar(shading, label="hit rate, %", shrink=0.8)
        _write_rates(axes, data, rates, highest)
    _draw_blocks(axes, data)
    share = _share(int(hits.sum()), int(images.sum()))
    _write_title(figure, f"{title}: hits {share}")
    return figure


def _draw_blocks(axes: Any, data: dict) -> None:
    """Draw the edges of the blocks, and name the axes."""
    for draw, size, whole in (
        (axes.axvline, data["blockColumns"], data["columns"]),
        (axes.axhline, data["blockRows"], data["rows"]),
    ):
        for edge in range(size, whole, size):
            draw(edge + 0.5, color="white", linewidth=2)
            draw(edge + 0.5, color=INK, linewidth=0.6)
    axes.locator_params(integer=True)
    axes.set(xlabel="column of places", ylabel="row of places")


def _write_rates(axes: Any, data: dict, rates: numpy.ndarray, highest: float) -> None:
    """Write into each block its hit rate, if there is room."""
    if rates.size > 144:
        return
    for (y, x), rate in numpy.ndenumerate(rates):
        if numpy.isfinite(rate):
            axes.text(
                (x + 0.5) * data["blockColumns"] + 0.5,
                (y + 0.5) * data["blockRows"] + 0.5,
                f"{rate:.0f}",
                ha="center",
                va="center",
                color="black" if rate > 0.6 * highest else "white",
            )


def _draw_histograms(data: dict, title: str) -> Any:
    figure = _start(title, 11, 6)
    for axes, name in zip(figure.subplots(2, 3).ravel(), CELL):
        symbol = name.removeprefix("cell_")
        is_length = name in LENGTHS
        label, unit = ("Å", " Å") if is_length else ("degrees", "°")
        axes.set(xlabel=f"{GREEK.get(symbol, symbol)}, {label}", ylabel="unit cells")
        histogram = data[name]
        if histogram is None:
            axes.text(0.5, 0.5, "no cells", ha="center", va="center", transform=axes.transAxes)
            axes.set(xticks=[], yticks=[])
            continue
        axes.stairs(histogram["y"], histogram["x"], fill=True, color=INDEXED, alpha=0.85)
        axes.axvline(histogram["median"], color=HIT, linewidth=1.5)
        axes.set_title(
            f"median {histogram['median']:.2f}{unit}, {histogram['kept']:,} cells"
            f" and {histogram['leftOut']:,} outliers",
            fontsize="small",
        )
        axes.set_xlim(histogram["x"][0], histogram["x"][-1])
        axes.locator_params(axis="x", nbins=5)  # of lengths with five digits
        axes.grid(color=PALE, axis="y")
        axes.set_axisbelow(True)
        axes.ticklabel_format(useOffset=False)
    return figure
