"""The document of a shipment that a spreadsheet describes, with the place of each value in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from marshmallow import ValidationError

from services.core.modules.shipping.containers import ALIASES, find_type
from services.core.modules.shipping.plate_wells import Wells
from services.core.modules.shipping.sheet_columns import (
    BY_PATH,
    CONTAINER,
    DEWAR,
    GROUP,
    KIND,
    LOCATION,
    NAME,
    PROFILES,
    PROPOSAL_CODE,
    PROPOSAL_NUMBER,
)
from services.core.modules.shipping.sheet_groups import split_names
from services.core.modules.shipping.sheet_layouts import NEEDED, Cell, read_rows
from services.core.modules.shipping.sheet_mistakes import Mistakes, Place
from services.core.modules.shipping.sheet_values import read_value
from shared.models import ContainerType
from shared.spelling import unknown

USUAL_TYPE = "Unipuck"  # of a container without one
USUAL_DEWAR = "Dewar1"  # of a shipment without one
BARCODE = "Container.barcode"
OF_CONTAINER = (DEWAR, CONTAINER, KIND, BARCODE)
NO_SAMPLE = {*OF_CONTAINER, LOCATION, PROPOSAL_CODE, PROPOSAL_NUMBER}  # columns of empty places
NO_COLUMN = {*NO_SAMPLE, GROUP} - {LOCATION}  # of a sample
MEMBERS = {"Crystal": "crystal", "Protein": "protein", "DiffractionPlan": "plan"}


class Site(NamedTuple):
    """The rows on which the meaning of a file depends.

    ``dewars`` are those of the shipment, with key and name, and ``containers`` its containers, by
    name in lower case. ``names`` are those of the samples of the proposal, in lower case.
    """

    proposal: tuple[str, str]
    types: dict[str, ContainerType]
    dewars: dict[str, tuple[int, str]]
    containers: set[str]
    names: set[str]


@dataclass
class Sheets:
    """The document of a file, its mistakes, and the cells of each row of the document.

    ``stored`` are the keys of dewars of the document that are in the shipment, ``groups`` the
    names of the groups of each sample by its path.
    """

    mistakes: Mistakes = field(default_factory=Mistakes)
    dewars: list[dict] = field(default_factory=list)
    stored: dict[int, int] = field(default_factory=dict)
    groups: dict[tuple, list[str]] = field(default_factory=dict)
    cells: dict[tuple, tuple[Place, dict[str, Cell]]] = field(default_factory=dict)

    def add_fault(self, path: tuple, reason: str) -> None:
        """Add the reason for which the value at ``path`` of the document cannot be stored."""
        at = next((at for at in range(len(path), 0, -1) if path[:at] in self.cells), 0)
        if not at:
            self.mistakes.add(Place(None, 0), ".".join(map(str, path)), None, reason)
            return
        place, cells = self.cells[path[:at]]
        column = ".".join(map(str, path[at:]))
        prefix = {2: "Container.Dewar.", 4: "Container."}.get(at, "")
        cell = cells.get(f"{prefix}{column}")
        if cell:
            self.mistakes.add(cell.place, cell.title, cell.text, reason)
        else:
            self.mistakes.add(place, column, None, reason)


def build(sheets: list[dict], profile_name: str | None, site: Site) -> Sheets:
    """The document that the cells of ``sheets`` describe: all that is right of it."""
    return _Builder(site, profile_name).build(sheets)


def list_types(types: dict[str, ContainerType]) -> list[str]:
    """The names of ``types``, and the usual one, which each site takes."""
    return sorted({USUAL_TYPE, *(row.name for row in types.values() if row.name)})


class _Builder:
    def __init__(self, site: Site, profile_name: str | None):
        self.site, self.profile_name = site, profile_name
        self.result = Sheets()
        self.mistakes = self.result.mistakes
        self.values: dict[tuple[str, str], tuple[Any, str | None]] = {}
        self.dewars: dict[str, tuple[tuple, dict]] = {}
        self.containers: dict[str, tuple[tuple, dict, str]] = {}
        self.stated: dict[tuple, Any] = {}  # kinds and bar codes of containers
        names = PROFILES[profile_name].names if profile_name else ""
        self.names = self._make_names(names) if names else iter(())

    def build(self, sheets: list[dict]) -> Sheets:
        """The document of all rows, and their mistakes."""
        rows = []
        for place, cells in read_rows(sheets, self.profile_name, self.mistakes):
            values = {path: self._read(cell) for path, cell in cells.items()}
            container = self._get_container(place, cells, values)
            if cells.keys() - NO_SAMPLE:
                rows.append((place, cells, values, container))
        for row in rows:  # the kind of a container may be in its last row
            self._add_sample(*row)
        return self.result

    def _make_names(self, pattern: str) -> Iterator[str]:
        """Names that no sample of the proposal has."""
        number = 0
        while True:
            number += 1
            if (name := pattern.format(number)).lower() not in self.site.names:
                yield name

    def _read(self, cell: Cell) -> Any:
        """The value of a cell, or None after a mistake. Equal texts of a column are read once."""
        key = cell.column.path, cell.text
        if key not in self.values:
            self.values[key] = self._check(cell)
        value, reason = self.values[key]
        if reason:
            self.mistakes.add(cell.place, cell.title, cell.text, reason)
        return value

    def _check(self, cell: Cell) -> tuple[Any, str | None]:
        path = cell.column.path
        if path in (PROPOSAL_CODE, PROPOSAL_NUMBER):
            if cell.text.lower() == self.site.proposal[path == PROPOSAL_NUMBER].lower():
                return None, None
            return None, f"The shipment is of proposal {''.join(self.site.proposal)}."
        try:
            value = read_value(cell.column, cell.text)
        except ValidationError as error:
            return None, " ".join(map(str, error.messages))
        if path == KIND and not self._is_type(value):
            reason = unknown(value, list_types(self.site.types), "container type")
            return None, f"Is an {reason}"
        return value, None

    def _is_type(self, word: str) -> bool:
        """Whether the site has this kind of container, or has no list of kinds."""
        is_usual = word.lower().replace(" ", "") in ALIASES
        return not self.site.types or is_usual or find_type(word, self.site.types) is not None

    def _get_dewar(self, place: Place, cells: dict[str, Cell], name: str | None) -> tuple:
        """The path and the document of the dewar of this name, of the first one without a name."""
        if name is None:
            stored = min(self.site.dewars.values(), default=None)
            name = stored[1] if stored else USUAL_DEWAR
        if name.lower() not in self.dewars:
            path = ("Dewar", len(self.result.dewars))
            document: dict = {"code": name, "containers": []}
            if stored := self.site.dewars.get(name.lower()):
                self.result.stored[path[1]] = stored[0]
            self.result.dewars.append(document)
            self.result.cells[path] = place, cells
            self.dewars[name.lower()] = path, document
        return self.dewars[name.lower()]

    def _get_container(self, place: Place, cells: dict[str, Cell], values: dict) -> tuple | None:
        """The path and the document of the container of a row; None after a mistake."""
        name, dewar_name = values.get(CONTAINER), values.get(DEWAR)
        if name is None:
            if CONTAINER not in cells:
                self._miss(place, CONTAINER)
            return None
        if DEWAR in cells and dewar_name is None:
            return None
        dewar_path, dewar = self._get_dewar(place, cells, dewar_name)
        if name.lower() not in self.containers:
            path = (*dewar_path, "Container", len(dewar["containers"]))
            document = {"code": name, "containerType": USUAL_TYPE, "samples": []}
            dewar["containers"].append(document)
            self.containers[name.lower()] = path, document, dewar["code"]
            self.result.cells[path] = place, cells
            if name.lower() in self.site.containers:
                self._complain(cells[CONTAINER], "The shipment has a container of this name.")
        path, document, code = self.containers[name.lower()]
        if code != dewar["code"]:
            self._complain(cells[CONTAINER], f"Is in dewar {code} in a row above.")
        for column, member in ((KIND, "containerType"), (BARCODE, "barcode")):
            if (value := values.get(column)) is not None:
                document[member] = self.stated.setdefault((path, member), value)
                self.result.cells[path][1].setdefault(column, cells[column])
                if document[member] != value:
                    reason = f"Is {document[member]} in a row above, of the same container."
                    self._complain(cells[column], reason)
        return path, document

    def _add_sample(
        self, place: Place, cells: dict[str, Cell], values: dict, container: tuple | None
    ) -> None:
        """Add the sample of a row, if it is in a container and has all that it needs."""
        if NAME not in cells and (name := next(self.names, None)):
            values[NAME] = name
        for path in NEEDED:
            if path not in cells and path not in values:
                self._miss(place, path)
        if container is None or any(values.get(path) is None for path in NEEDED):
            return
        path, document = container
        if not values[LOCATION].isdecimal():
            try:
                values[LOCATION] = self._find_place(values[LOCATION], document["containerType"])
            except ValueError as error:
                return self._complain(cells[LOCATION], str(error))
        sample: dict[str, Any] = {}
        for column, value in values.items():
            if value is not None and column not in NO_COLUMN:
                _put(sample, column, value)
        sample["crystal"]["protein"]["isCreatedBySampleSheet"] = True  # if it is new
        sample_path = (*path, "BLSample", len(document["samples"]))
        if names := split_names(values.get(GROUP) or ""):
            self.result.groups[sample_path] = names
        document["samples"].append(sample)
        self.result.cells[sample_path] = place, cells

    def _find_place(self, well: str, kind: str) -> str:
        """The place of a well in a container of this kind; ValueError if it has none."""
        row = find_type(kind, self.site.types)
        columns = (row.wellPerRow, row.dropPerWellX, row.dropPerWellY, row.wellDrop) if row else ()
        return str(Wells(*columns).find_place(well))

    def _miss(self, place: Place, path: str) -> None:
        self.mistakes.add(place, BY_PATH[path].title, None, "Must have a value.")

    def _complain(self, cell: Cell, reason: str) -> None:
        self.mistakes.add(cell.place, cell.title, cell.text, reason)


def _put(sample: dict, path: str, value: Any) -> None:
    """Set the value of a column in the document of a sample, as its schema loads it."""
    *tables, name = path.split(".")
    for table in tables:
        sample = sample.setdefault(MEMBERS[table], {})
    sample[name] = value
