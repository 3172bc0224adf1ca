"""Texts in boxes: fonts, and lines that shrink, wrap and are cut with an ellipsis."""

import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from anyascii import anyascii

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
SMALLEST = 4.5  # points
SHRINK = 0.94
BREAKING = 0.6  # of the largest size: at smaller ones words are broken
LEADING = 1.2  # distance of lines, by the font size; ascent and descent are 0.93 and 0.24
BASELINE = 0.94  # of the first line, below the top of its box
ELLIPSIS = "…"
RIGHT_TO_LEFT = ("R", "AL")  # bidirectional classes


@cache
def load_font(name: str) -> Any:
    """A font that matplotlib brings along, registered for PDFs: Latin, Greek and Cyrillic."""
    import matplotlib  # here: it takes longer to import than a service
    from reportlab.pdfbase import pdfmetrics, ttfonts

    font = ttfonts.TTFont(name, Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return font


def fit(
    text: str, font: str, width: float, height: float, largest: float
) -> tuple[float, list[str]]:
    """The font size and the lines of ``text`` in a box.

    The text is as large as it fits, ``largest`` at most, and wraps at blanks. Long words are
    broken where the text is much smaller than ``largest``. A text that does not fit at the
    smallest size ends with an ellipsis.
    """
    paragraphs = [make_printable(line, font) for line in text.splitlines()]
    size = largest = min(largest, height / LEADING)
    smallest = min(largest, SMALLEST)
    while True:
        lines = [line for each in paragraphs for line in _wrap(each, font, width / size)]
        if size <= max(smallest, BREAKING * largest):
            lines = [part for line in lines for part in _break(line, font, width / size)]
        most = max(1, int(height / size / LEADING + 1e-6))
        if len(lines) <= most and all(_width(line, font) <= width / size for line in lines):
            return size, lines
        if size <= smallest:
            rest = [_cut(lines[most - 1], font, width / size)] if len(lines) > most else []
            return size, [*lines[: most - len(rest)], *rest]
        size = max(smallest, size * SHRINK)


@lru_cache(maxsize=4096)
def make_printable(text: str, font: str) -> str:
    """``text`` with letters that the font has, in ASCII where it lacks them.

    Scripts from right to left are in ASCII too: a PDF holds letters in the order of the page.
    """
    glyphs = load_font(font).face.charToGlyph
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        (
            letter
            if ord(letter) in glyphs and unicodedata.bidirectional(letter) not in RIGHT_TO_LEFT
            else anyascii(letter) or "?"
        )
        for letter in composed
    )


def _wrap(text: str, font: str, width: float) -> list[str]:
    """Lines of whole words, for a font size of 1; a word that is longer is a line of its own."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _width(f"{lines[-1]} {word}", font) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _break(line: str, font: str, width: float) -> list[str]:
    """Parts of ``line`` that fit ``width``, broken inside of words."""
    parts = [""]
    for letter in line:
        if parts[-1] and _width(parts[-1] + letter, font) > width:
            parts.append("")
        parts[-1] += letter
    return parts


def _cut(line: str, font: str, width: float) -> str:
    """The start of ``line`` with an ellipsis, as much as fits ``width``."""
    while line and _width(line + ELLIPSIS, font) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def _width(text: str, font: str) -> float:
    """The width of ``text`` in a font size of 1."""
    return load_font(font).stringWidth(text, 1)
