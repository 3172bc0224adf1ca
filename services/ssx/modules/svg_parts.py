"""Parts of drawings in SVG, and the width of texts in them.

They have presentation attributes only: a content security policy that forbids style elements does
not change them.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from itertools import accumulate
from typing import Any

FONT, SIZE = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif", 12.5
INK = "#1f2937"
NARROW, WIDE = frozenset("fijlrtI.,:;'|!()[]/ "), frozenset("mwMW%@—…")


def document(width: int, height: int, title: str, words: str, parts: Iterable[str]) -> str:
    """An SVG of ``parts``, with a title and a description in words; these are escaped."""
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}" role="img" aria-label="{escape(title)}"'
            f' font-family="{FONT}" font-size="{SIZE}" fill="{INK}">\n',
            f"<title>{escape(title)}</title>\n<desc>{escape(words)}</desc>\n",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n',
            *(f"{part}\n" for part in parts),
            "</svg>\n",
        )
    )


def clean(content: str) -> str:
    """``content`` without control characters, which XML forbids, and marks of direction."""
    return " ".join("".join(c if c.isprintable() else " " for c in content).split())


def shorten(content: str, most: float, scale: float = 1.0) -> str:
    """``content`` up to a width in px; ``scale`` is the size of the font."""
    if measure(content) * scale <= most:
        return content
    widths = accumulate(map(measure, content), initial=measure("…"))
    return content[: sum(width * scale <= most for width in widths) - 1] + "…"


def measure(content: str) -> float:
    """The width of a text, px, rather too large: fonts differ."""
    return SIZE * sum(map(_measure_character, content))


@lru_cache(512)
def _measure_character(character: str) -> float:
    if character in NARROW:
        return 0.42
    if unicodedata.east_asian_width(character) in "WF" or character in WIDE:
        return 1.08
    return 0.8 if character.isupper() or ord(character) > 0x2FF else 0.66


def text(x: float, y: float, content: str, *, is_safe: bool = False, **style: Any) -> str:
    """A text with a white edge, since lines may cross it; ``content`` is escaped."""
    names = {"size": "font-size", "weight": "font-weight", "anchor": "text-anchor"}
    halo = {"stroke": "#ffffff", "stroke-width": 3, "paint-order": "stroke"}
    style = halo | {names.get(name, name): value for name, value in style.items()}
    content = content if is_safe else escape(content)
    return f'<text x="{x:.1f}" y="{y:.1f}"{_attributes(style)}>{content}</text>'


def rect(x: float, y: float, width: float, height: float, **style: Any) -> str:
    """A rectangle."""
    size = f'width="{width:.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size}{_attributes(style)}/>'


def line(x1: float, y1: float, x2: float, y2: float, **style: Any) -> str:
    """A line."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f"<line {ends}{_attributes(style)}/>"


def arrow(start: float, tip: float, y: float) -> str:
    """A horizontal line with a tip at its end."""
    back = tip + (6 if start > tip else -6)
    shaft = f"M{start:.1f} {y:.1f}H{tip:.1f}"
    head = f"M{back:.1f} {y - 3.5:.1f}L{tip:.1f} {y:.1f} {back:.1f} {y + 3.5:.1f}"
    return f'<path d="{shaft}{head}" fill="none" stroke="{INK}"/>'


def _attributes(style: dict[str, Any]) -> str:
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
