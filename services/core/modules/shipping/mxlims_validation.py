"""The check of MXLIMS messages by the published JSON Schemas."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import orjson

from services.core.modules.shipping.tree_rows import Faults
from services.core.schemas.shipping.mxlims_messages import VERSION
from shared.errors import TooLarge

FOLDER = Path(__file__).parents[2] / "mxlims_schemas"
ADDRESS = "https://mxlims.org/schemas/"
LARGEST = 500_000  # bytes of a message without blanks: its check takes a second at most
MOST_FAULTS = 1000  # that are looked at; an answer shows a hundred
LONGEST = 200  # characters of a reason, which cites the value
CORRELATIONS = ("CC_one_half", "CC_ano")
UNKNOWN = ("unevaluatedProperties", "additionalProperties")


def check_message(document: dict) -> None:
    """Raise TooLarge, or BadInput with the path of each value that the schemas refuse."""
    size = len(orjson.dumps(document))
    if size > LARGEST:
        raise TooLarge(f"the message has {size} bytes: a message has {LARGEST} at most")
    errors = _load_validator().iter_errors({**document, "version": VERSION})
    reasons = [reason for error in islice(errors, MOST_FAULTS) for reason in _explain(error)]
    faults, reported = Faults(), set()
    # One wrong value is reported for each object around it too: the longest path tells most.
    for path, reason in sorted(reasons, key=lambda each: -len(each[0])):
        if path in reported:
            continue
        reported |= {path[:length] for length in range(1, len(path) + 1)}
        faults.add(path, reason)
    faults.raise_any()


def get_space_groups() -> set[str]:
    """The spellings of space groups that messages may have."""
    names = load_schemas()["datatypes/Enumerations.json"]["$defs"]["SpaceGroupName"]["enum"]
    return {*names}


@cache
def load_schemas() -> dict[str, dict]:
    """The schemas by path, with two faults mended: an ``$id`` of another file, a range of -1."""
    schemas = {}
    for path in sorted(FOLDER.glob("*/*.json")):
        name = path.relative_to(FOLDER).as_posix()
        schemas[name] = {**orjson.loads(path.read_bytes()), "$id": ADDRESS + name}
        for member in CORRELATIONS:
            if limits := schemas[name].get("properties", {}).get(member):
                limits["maximum"] = 1.0
    return schemas


@cache
def _load_validator() -> Any:
    """The validator of messages of all classes; that of shipments allows no plans."""
    schemas = [(schema["$id"], schema) for schema in load_schemas().values()]
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{ADDRESS}messages/MxlimsMessageStrict.json"},
        registry=jsonschema_rs.Registry(schemas),
    )


def _explain(error: jsonschema_rs.ValidationError) -> Iterator[tuple[tuple, str]]:
    """The paths of the values that an error is about, with the reason."""
    path, kind = tuple(error.instance_path), cast(Any, error.kind)
    if kind.name == "required":
        yield (*path, kind.property), "Missing data for required field."
    elif kind.name in UNKNOWN:
        yield from (((*path, name), "Unknown field.") for name in kind.unexpected)
    else:
        yield path, error.message[:LONGEST]
