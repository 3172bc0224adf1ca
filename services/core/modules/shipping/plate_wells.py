"""The wells of plates, and the places of samples in them.

Wells are counted row by row from A1, and the drops of a well row by row, without the cell of its
reservoir: the first drop of the second well of a plate with three drops has place 4.
"""

import re
from typing import NamedTuple

WELL = re.compile(r"([A-Z]{1,2})0*([1-9]\d?)(?:[.-]([1-9]\d?))?", re.IGNORECASE)
RESERVOIR = "R"


class Wells(NamedTuple):
    """The wells of a kind of plate: their number in a row, and the cells of each.

    The members have the values of the columns of ContainerType, and their order here.
    """

    in_row: int | None = None
    across: int | None = None
    down: int | None = None
    reservoir: int | None = None

    @property
    def cells(self) -> list[list[str]]:
        """The rows of cells in a well: numbers of drops, from 1, or the reservoir."""
        across, down = self.across or 1, self.down or 1
        cells = [f"{number}" for number in range(1, across * down + 1)]
        if self.reservoir is not None and 0 <= self.reservoir < len(cells):
            cells.insert(self.reservoir, RESERVOIR)
            cells.pop()
        return [cells[at : at + across] for at in range(0, len(cells), across)]

    @property
    def drops(self) -> int:
        """The number of drops in a well."""
        return sum(cell != RESERVOIR for row in self.cells for cell in row)

    def find_place(self, name: str) -> int:
        """The place of a sample in the well ``name``: A1, or A1.2 for its second drop.

        Raises ValueError with the reason if plates of this kind have no such place.
        """
        match = WELL.fullmatch(name)
        if not match:
            raise ValueError("Must be the number of a place, from 1 on, or a well: A1, A1.2.")
        if not self.in_row:
            raise ValueError("Must be the number of a place: the container is no plate.")
        row, column, drop = _count_row(match[1]), int(match[2]), int(match[3] or 0)
        if column > self.in_row:
            raise ValueError(f"Must be a well: a row of the plate has {self.in_row}.")
        if self.drops > 1 and not drop:
            raise ValueError(f"Must name one of {self.drops} drops: {name}.1.")
        if drop > self.drops:
            raise ValueError(f"Must be a drop: a well of the plate has {self.drops}.")
        return ((row - 1) * self.in_row + column - 1) * self.drops + (drop or 1)


def _count_row(letters: str) -> int:
    """The number of a row: 1 for A, 26 for Z, 27 for AA."""
    row = 0
    for letter in letters.upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row
