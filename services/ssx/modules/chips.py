"""The places of chips, and the order in which they are exposed."""

from typing import NamedTuple

import numpy

from services.ssx.schemas.hits import MOST_PLACES
from shared.errors import BadInput, bad_field


class Chip(NamedTuple):
    """The places of a chip, in equal blocks."""

    columns: int
    rows: int
    blockColumns: int
    blockRows: int
    serpentine: bool = True

    def build_order(self) -> numpy.ndarray:
        """The place of each step, counted along the rows of the whole chip from its top left.

        The blocks follow each other down the first column of blocks, then down the next. In a
        block the places follow each other along its first row, then along the next. In a
        serpentine every second column of blocks is climbed: its blocks and their rows follow each
        other from bottom to top. So does every second row of places run from right to left.
        """
        across, down = self.columns // self.blockColumns, self.rows // self.blockRows
        shape = (across, down, self.blockRows, self.blockColumns)
        column, row, y, x = numpy.indices(shape)
        if self.serpentine:
            x = numpy.where(y % 2, self.blockColumns - 1 - x, x)
            climbs = column % 2 == 1
            y = numpy.where(climbs, self.blockRows - 1 - y, y)
            row = numpy.where(climbs, down - 1 - row, row)
        places = (row * self.blockRows + y) * self.columns + column * self.blockColumns + x
        return places.ravel()


MODELS = {  # by their names at I24 of Diamond Light Source
    "Oxford": Chip(160, 160, 20, 20),
    "OxfordInner": Chip(25, 25, 25, 25),
    "Minichip": Chip(20, 20, 20, 20),
}
PATTERNS = {"serpentine": True, "snake": True, "raster": False, "typewriter": False}


def choose(model: str | None, pattern: str | None, query: dict) -> Chip:
    """The chip of the ``model``, in the order of ``pattern``, with the changes of ``query``.

    BadInput by the parameter that is needed, or that does not fit the others.
    """
    sizes = {name: query[name] for name in Chip._fields[:4] if name in query}
    by_model = {name.lower(): chip for name, chip in MODELS.items()}.get((model or "").lower())
    if by_model is None or "columns" in sizes or "rows" in sizes:
        missing = {"columns", "rows"} - sizes.keys()
        if missing:
            reason = f"Is needed: chipModel is none of {', '.join(MODELS)}."
            reason = reason if by_model is None else "Is needed beside the other."
            raise BadInput("invalid input", {name: [reason] for name in sorted(missing)})
        chip = Chip(sizes["columns"], sizes["rows"], sizes["columns"], sizes["rows"])
    else:
        chip = by_model
    default = PATTERNS.get((pattern or "").lower(), chip.serpentine)
    chip = chip._replace(**sizes, serpentine=query.get("serpentine", default))
    for block, whole in (("blockColumns", "columns"), ("blockRows", "rows")):
        if getattr(chip, whole) % getattr(chip, block):
            raise bad_field(block, f"Must divide {whole}, which is {getattr(chip, whole)}.")
    if chip.columns * chip.rows > MOST_PLACES:
        raise bad_field("columns", f"Times rows must be at most {MOST_PLACES}.")
    return chip
