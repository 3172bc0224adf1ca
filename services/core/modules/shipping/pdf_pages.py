"""Pages of a PDF: texts, lines, Code 128 and QR codes in boxes of a page."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from math import ceil
from threading import Lock
from typing import NamedTuple

from reportlab import rl_config
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.core.modules.shipping.text_fitting import (
    BASELINE,
    BOLD,
    LEADING,
    PLAIN,
    fit,
    load_font,
)
from services.core.schemas.shipping.labels import PAPERS

SIZES = {name: (width * mm, height * mm) for name, (width, height) in PAPERS.items()}
MARGIN = 0.05  # of the width of a page
THINNEST, THICKEST = 0.15 * mm, 0.5 * mm  # bars that scanners read
QUIET, QR_QUIET = 10, 4  # modules beside a Code 128, around a QR code
GREY = 0.35
SAVING = Lock()


class Box(NamedTuple):
    """A part of a page, in points."""

    left: float
    bottom: float
    width: float
    height: float

    def rows(self, *weights: float) -> list["Box"]:
        """The box in rows of these weights, from the top."""
        heights = [self.height * weight / sum(weights) for weight in weights]
        top = self.bottom + self.height
        return [
            Box(self.left, top - sum(heights[: at + 1]), self.width, height)
            for at, height in enumerate(heights)
        ]

    def columns(self, *weights: float) -> list["Box"]:
        """The box in columns of these weights, from the left."""
        widths = [self.width * weight / sum(weights) for weight in weights]
        return [
            Box(self.left + sum(widths[:at]), self.bottom, width, self.height)
            for at, width in enumerate(widths)
        ]

    def inset(self, margin: float) -> "Box":
        """The box without a margin."""
        left, bottom, width, height = self
        return Box(left + margin, bottom + margin, width - 2 * margin, height - 2 * margin)


class Page(NamedTuple):
    """A page: its size, and the function that draws into the box inside of its margins."""

    size: tuple[float, float]
    draw: Callable[["Sheet", Box], None]


class Sheet:
    """The page that is drawn."""

    def __init__(self, canvas: Canvas, size: tuple[float, float]):
        self._canvas = canvas
        self.unit = min(size[1], 1.5 * size[0]) / 100  # texts grow with the page

    def text(
        self,
        box: Box,
        text: str,
        largest: float,
        bold: bool = False,
        grey: float = 0,
        align: str = "left",
        middle: bool = False,
    ) -> None:
        """Write ``text`` into ``box``, of ``largest`` units at most; ``middle`` is vertical."""
        if not text:
            return
        font = BOLD if bold else PLAIN
        size, lines = fit(text, font, box.width, box.height, largest * self.unit)
        space = (box.height - len(lines) * size * LEADING) / 2 if middle else 0
        top = box.bottom + box.height - space - size * BASELINE
        self._canvas.setFont(font, size)
        self._canvas.setFillGray(grey)
        for at, line in enumerate(lines):
            y = top - at * size * LEADING
            if align == "right":
                self._canvas.drawRightString(box.left + box.width, y, line)
            elif align == "center":
                self._canvas.drawCentredString(box.left + box.width / 2, y, line)
            else:
                self._canvas.drawString(box.left, y, line)

    def field(self, box: Box, caption: str, value: str, largest: float) -> None:
        """Write ``value`` below its caption."""
        upper, lower = box.rows(1, 2.2)
        self.text(upper, caption, 0.9 * min(largest, 1.3), grey=GREY)
        self.text(lower, value, largest)

    def fields(self, box: Box, values: Mapping[str, str], columns: int, largest: float) -> None:
        """Write fields in three rows or more; those without a value are left out."""
        rows = box.rows(*[1] * max(3, ceil(len(values) / columns)))
        cells = [cell for row in rows for cell in row.columns(*[1] * columns)]
        for cell, (caption, value) in zip(cells, filter(lambda item: item[1], values.items())):
            self.field(cell.inset(0.4 * self.unit), caption, value, largest)

    def frame(self, box: Box, dashed: bool = False) -> None:
        """Draw a line around ``box``."""
        self._canvas.setLineWidth(0.5)
        self._canvas.setDash(*([2, 2] if dashed else []))
        self._canvas.rect(*box)

    def fill(self, box: Box, grey: float) -> None:
        """Fill ``box`` with a grey, 1 is white."""
        self._canvas.setFillGray(grey)
        self._canvas.rect(*box, stroke=0, fill=1)

    def code128(self, box: Box, text: str) -> None:
        """Draw ``text`` as Code 128; not if it has other than ASCII, or the box is too narrow."""
        if not (text.isascii() and text.isprintable()):
            return
        modules = Code128(text, barWidth=1, quiet=0).width
        width = min(box.width / (modules + 2 * QUIET), THICKEST)
        if width >= THINNEST:
            code = Code128(text, barWidth=width, barHeight=box.height, quiet=0)
            self._canvas.setFillGray(0)
            code.drawOn(self._canvas, box.left + (box.width - modules * width) / 2, box.bottom)

    def qr(self, box: Box, text: str) -> None:
        """Draw ``text`` as a QR code, a square at the top left of ``box``."""
        size, squares = _make_qr(text)
        module = min(box.width, box.height) / size
        left, top = box.left, box.bottom + box.height
        # Operators of PDF: to draw each square by a method takes five times as long.
        scale = f"{module:.4f} 0 0 {-module:.4f} {left:.3f} {top:.3f} cm"
        self._canvas.addLiteral(f"q {scale} 0 g {squares} f Q")


def write(title: str, pages: list[Page]) -> bytes:
    """A PDF of ``pages``; the same pages are the same bytes, as ETags need."""
    for font in (PLAIN, BOLD):
        load_font(font)
    rl_config.useA85 = 0  # streams in ASCII are a quarter larger, and slow
    content = BytesIO()
    canvas = Canvas(content, invariant=1)
    canvas.setTitle(title)
    for page in pages:
        canvas.setPageSize(page.size)
        margin = MARGIN * min(page.size)
        page.draw(Sheet(canvas, page.size), Box(0, 0, *page.size).inset(margin))
        canvas.showPage()
    with SAVING:  # a font has one place to read from, for all threads
        canvas.save()
    return content.getvalue()


@lru_cache(maxsize=256)
def _make_qr(text: str) -> tuple[int, str]:
    """The size of a QR code in modules, and the PDF operators for its dark ones."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.version = code.calculate_version()
    code.makeImpl(False, 2)  # any mask is valid; to compare all takes 20 times as long
    runs = " ".join(
        f"{start + QR_QUIET} {row + QR_QUIET} {length} 1 re"
        for row, line in enumerate(code.modules)
        for start, length in _find_runs(line)
    )
    return code.moduleCount + 2 * QR_QUIET, runs


def _find_runs(line: list[bool]) -> Iterator[tuple[int, int]]:
    """The dark modules of a line: where each run of them starts, and its length."""
    start = 0
    for dark, group in groupby(line, bool):
        length = len([*group])
        if dark:
            yield start, length
        start += length
