"""Plots of columns as PNG, for clients without a plotting library."""

from typing import Any

from shared.plots import render

WIDTH, HEIGHT, EDGE = 8.0, 1.6, 0.7  # inches: of the picture, of each plot, of the margins
DOTS = 100  # per inch
NOTHING = float("nan")


def draw(columns: dict[str, list], x: str) -> bytes:
    """A PNG with a plot over the column ``x`` for each other column that has a value."""
    return render(lambda: _draw(columns, x))


def _draw(columns: dict[str, list], x: str) -> Any:
    from matplotlib.figure import Figure  # here: it takes longer to import than a service

    numbers = columns[x]
    series = {
        name: [NOTHING if value is None else value for value in values]
        for name, values in columns.items()
        if name != x and any(value is not None for value in values)
    }
    figure = Figure((WIDTH, HEIGHT * max(1, len(series)) + EDGE), DOTS, layout="constrained")
    plots = figure.subplots(max(1, len(series)), sharex=True, squeeze=False)[:, 0]
    for axes, (name, values) in zip(plots, series.items()):
        axes.plot(numbers, values, marker=".", markersize=3, linewidth=0.8)
        axes.set_ylabel(name, fontsize="small")
        axes.grid(alpha=0.3)
    if not series:
        plots[0].text(0.5, 0.5, "no values", ha="center", va="center")
    plots[-1].set_xlabel(x)
    return figure
