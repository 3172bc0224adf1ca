"""The paths of an MXLIMS message for the parts of the document that is made from it."""

from collections.abc import Iterator
from typing import Any

from services.core.modules.shipping.mxlims_plans import EXPERIMENT
from services.core.modules.shipping.tree_rows import Faults, Path
from shared.errors import BadInput

MEMBERS = {
    "Shipment": {"shippingName": "name", "comments": "annotation"},
    "Dewar": {"code": "name", "facilityCode": "barcode", "comments": "annotation"},
    "Puck": {"code": "name", "containerType": "puckType", "capacity": "numberPositions"},
    "Plate": {"code": "name", "containerType": "plateType"},
    "Pin": {"location": "positionInPuck", "code": "barcode"},
    "PinPosition": {"location": "positionInPin", "subLocation": "positionInPin"},
    "WellDrop": {"location": "dropNumber"},
    "MxExperiment": {column: name for name, column in EXPERIMENT.items()},
}  # of objects, by the columns that they are stored in


class DocumentPaths:
    """The paths in a message, by those in the document that is made from it."""

    def __init__(self) -> None:
        self._paths: dict[Path, Path] = {}

    def add(self, path: Path, source: Path) -> None:
        """Note that the part at ``path`` of the document is made from ``source``."""
        self._paths[path] = source

    def translate(self, error: BadInput) -> BadInput:
        """The error with the paths of the message in place of those of the document."""
        faults, reported = Faults(), set()
        reasons = [(self._find(path), texts) for path, texts in _flatten(error.errors or {})]
        for path, texts in sorted(reasons, key=lambda each: -len(each[0])):
            if path in reported:
                continue
            reported |= {path[:length] for length in range(1, len(path) + 1)}
            for text in texts:
                faults.add(path, text)
        return BadInput(str(error), faults.errors)

    def _find(self, path: Path) -> Path:
        for length in range(len(path), -1, -1):
            if source := self._paths.get(path[:length]):
                names = MEMBERS.get(source[0], {}) if len(source) == 2 else {}
                return (*source, *(names.get(name, name) for name in path[length : length + 1]))
        return path


def _flatten(errors: Any, path: Path = ()) -> Iterator[tuple[Path, list[str]]]:
    if isinstance(errors, dict):
        for name, below in errors.items():
            yield from _flatten(below, (*path, name))
    else:
        yield path, errors if isinstance(errors, list) else [errors]
