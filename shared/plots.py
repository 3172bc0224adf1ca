"""Plots as PNG or SVG, for clients without a plotting library."""

import gc
from collections.abc import Callable
from io import BytesIO
from typing import Any

PNG, SVG = PICTURES = ("image/png", "image/svg+xml")
MODULES = (  # that a picture needs
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)


def render(draw: Callable[[], Any], media_type: str = PNG) -> bytes:
    """The figure of matplotlib that ``draw`` returns, as a file of ``media_type``.

    The same figure gives the same bytes: they have no time, and names by their content.
    """
    picture = _render(draw, media_type)
    gc.collect()  # a figure has 12 MB, and cycles of references: it would stay for minutes
    return picture


def _render(draw: Callable[[], Any], media_type: str) -> bytes:
    from matplotlib import rcParams  # here: it takes longer to import than a service

    rcParams["svg.hashsalt"] = "plot"
    picture, is_vector = BytesIO(), media_type == SVG
    draw().savefig(
        picture,
        format="svg" if is_vector else "png",
        metadata={"Date": None} if is_vector else None,
    )
    return picture.getvalue()
