"""The labels of a dewar: one for tracking, one with each address."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from services.core.modules.shipping.pdf_pages import SIZES, Box, Page, Sheet

CODES = 8  # of containers, on the label of their dewar
HANDLING = "\u2191 THIS WAY UP \u2191   HANDLE WITH CARE"
NO_CODE = "no bar code yet"


class DewarLabels(NamedTuple):
    """The texts on the labels of a dewar; addresses are lines, fields are by their captions."""

    facility: str
    session: str  # or the proposal
    name: str
    bar_code: str
    piece: str
    instructions: str
    goods: str
    facility_address: str
    sender: str
    recipient: str
    tracking: dict[str, str]
    outward: dict[str, str]
    homeward: dict[str, str]

    def pages(self, paper: str) -> Iterator[Page]:
        """The three pages, on ``paper``."""
        size = SIZES[paper]
        yield Page(size, partial(_draw_tracking, self))
        addresses = (
            ("TO THE FACILITY", self.facility_address, self.sender, self.outward),
            ("RETURN TO THE USER", self.recipient, self.facility_address, self.homeward),
        )
        for address in addresses:
            yield Page(size, partial(_draw_address, self, *address))


def _draw_tracking(label: DewarLabels, sheet: Sheet, page: Box) -> None:
    sheet.frame(page)
    body = page.inset(1.5 * sheet.unit)
    header, codes, bars, values, notes = body.rows(8, 27, 16, 36, 13)
    _draw_header(sheet, header, label.facility, label.piece)
    left, right = codes.columns(45, 55)
    name, session, kind = right.rows(40, 35, 25)
    sheet.text(name, label.name, 5, bold=True, middle=True)
    sheet.text(session, label.session, 4.5, bold=True, middle=True)
    sheet.text(kind, "Label of the dewar", 1.6, middle=True)
    _draw_codes(sheet, left, bars, label.bar_code)
    sheet.fields(values, label.tracking, 2, 1.9)
    sheet.frame(notes)
    sheet.text(notes.inset(sheet.unit), label.instructions or HANDLING, 1.8, middle=True)


def _draw_address(
    label: DewarLabels,
    title: str,
    address: str,
    sender: str,
    fields: dict[str, str],
    sheet: Sheet,
    page: Box,
) -> None:
    sheet.frame(page)
    body = page.inset(1.5 * sheet.unit)
    rows = body.rows(7, 26, 23, 5, 15, 24, 4, 5)
    header, to, lower, name, bars, values, goods, handling = rows
    _draw_header(sheet, header, title, label.piece)
    sheet.frame(to)
    _draw_lines(sheet, to, "To", address, 3)
    left, right = lower.columns(68, 32)
    _draw_lines(sheet, left, "From", sender, 1.9)
    sheet.text(name, f"{label.name}   {label.session}", 2.5, bold=True, middle=True)
    _draw_codes(sheet, right, bars, label.bar_code)
    sheet.fields(values, fields, 3, 1.7)
    sheet.text(goods, label.goods, 1.6, middle=True, align="center")
    sheet.text(handling, HANDLING, 2.2, bold=True, middle=True, align="center")


def _draw_header(sheet: Sheet, box: Box, left: str, right: str) -> None:
    first, second = box.columns(70, 30)
    sheet.text(first, left, 3.2, bold=True, middle=True)
    sheet.text(second, right, 2.2, middle=True, align="right")


def _draw_lines(sheet: Sheet, box: Box, caption: str, lines: str, largest: float) -> None:
    upper, lower = box.inset(sheet.unit).rows(14, 86)
    sheet.text(upper, caption, 1.4, grey=0.35)
    sheet.text(lower, lines, largest)


def _draw_codes(sheet: Sheet, square: Box, strip: Box, bar_code: str) -> None:
    """Draw a bar code as QR code into ``square``, as Code 128 and text into ``strip``."""
    bars, text = strip.rows(72, 28)
    if bar_code:
        sheet.qr(square, bar_code)
        sheet.code128(bars, bar_code)
    sheet.text(text, bar_code or NO_CODE, 2.4, bold=True, align="center", middle=True)
