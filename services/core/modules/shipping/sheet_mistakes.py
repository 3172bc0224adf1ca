"""The mistakes in a spreadsheet, each with its place."""

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.errors import BadInput

MOST_MISTAKES = 1000  # that an answer lists; all are counted


class Place(NamedTuple):
    """The place of a cell: its sheet, and row and column as indexes."""

    sheet: str | None
    row: int
    column: int | None = None


@dataclass
class Mistakes:
    """The mistakes of a file, each with its place, and warnings."""

    listed: list[dict] = field(default_factory=list)
    count: int = 0
    warnings: list[str] = field(default_factory=list)

    def add(self, place: Place, title: str | None, value: str | None, reason: str) -> None:
        """Add a mistake: the title of its column, the value of its cell, what would be right."""
        self.count += 1
        if len(self.listed) < MOST_MISTAKES:
            row = place.row + 1
            name = None if place.column is None else f"{get_letters(place.column)}{row}"
            self.listed.append(
                {
                    "sheet": place.sheet,
                    "row": row,
                    "cell": name,
                    "column": title,
                    "value": value,
                    "reason": reason,
                }
            )

    def raise_any(self) -> None:
        """Raise BadInput if there are mistakes, each under the name of its cell."""
        if not self.count:
            return
        errors: dict[str, list[str]] = {}
        for each in self.listed:
            place = each["cell"] or f"row {each['row']}"
            name = f"{each['sheet']}!{place}" if each["sheet"] else place
            words = dict.fromkeys((each["column"], each["value"], each["reason"]))
            errors.setdefault(name, []).append(": ".join(filter(None, words)))
        raise BadInput(f"{self.count} mistakes in the file, nothing is stored", errors)

    def report(self) -> dict:
        """The members of an answer with the mistakes."""
        return {
            "mistakes": self.listed,
            "mistakeCount": self.count,
            "warnings": self.warnings,
        }

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def get_letters(column: int) -> str:
    """The letters of a column, as a spreadsheet program shows it: AB for 27."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
