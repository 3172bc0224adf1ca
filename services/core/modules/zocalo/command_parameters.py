"""The parameters of commands, as the columns and keys that our schemas and modules take.

Commands spell the same name in several ways, and send numbers as text: both are accepted here.
"""

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError, fields

from services.core.models import AutoProc, AutoProcScaling
from services.core.modules.processing import processing_jobs, programs
from services.core.modules.processing.autoproc_xml import parse_time
from shared.access import Rule
from shared.db import db
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.models import AutoProcProgram
from shared.schemas import LARGEST_KEY, TIMESTAMPS, fit_text

WHOLE = re.compile("-?[0-9]{1,10}")  # Python refuses to read integers of 4,300 digits
EMPTY: tuple[Any, ...] = (None, "", "None", [], {})
FREE_TEXT = {"comments", "shortComments", "statusDescription"}  # may change to fit its column


class CommandParameters(dict):
    """The parameters of a command by their squashed names; ``warnings`` names changed texts.

    ``used`` has the squashed names of those that were read.
    """

    def __init__(self, *sources: dict):
        """A later one of ``sources`` overrides an earlier one; "None" is how some write null."""
        self.warnings: list[str] = []
        self.used: set[str] = set()
        for source in sources:
            for name, value in source.items():
                self[squash(name)] = None if value == "None" else value

    def __getitem__(self, name: str) -> Any:
        """As in a dict, and the parameter counts as used."""
        self.used.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As in a dict, and the parameter counts as used."""
        self.used.add(name)
        return super().get(name, default)

    def get_key(self, name: str) -> int | None:
        """The key of a row under ``name``, or None; BadInput if it is no key."""
        value = self.get(squash(name))
        if value is None or value == "":
            return None
        try:
            key = int(value)
        except (OverflowError, TypeError, ValueError):
            key = 0
        if isinstance(value, bool | float) or not 0 < key <= LARGEST_KEY:
            raise BadInput("invalid input", {name: ["Not the key of a row."]})
        return key

    def require_key(self, name: str) -> int:
        """The key of a row under ``name``; BadInput without one."""
        key = self.get_key(name)
        if key is None:
            raise BadInput("invalid input", {name: ["Missing data for required field."]})
        return key

    def get_text(self, name: str) -> str:
        """The text under ``name``, or an empty one."""
        value = self.get(squash(name))
        if isinstance(value, dict | list):
            raise BadInput("invalid input", {name: ["Not a valid string."]})
        return "" if value is None else str(value)

    def get_number(self, name: str) -> int | None:
        """The integer under ``name``, or None."""
        value = self.get(squash(name))
        if value is None or value == "":
            return None
        whole = not isinstance(value, bool | float) and WHOLE.fullmatch(str(value))
        if not whole or not -(2**31) <= int(value) < 2**31:
            raise BadInput("invalid input", {name: ["Not an integer of 32 bits."]})
        return int(value)

    def get_mapping(self, name: str) -> dict:
        """The object under ``name``, or an empty one."""
        value = self.get(squash(name)) or {}
        if not isinstance(value, dict):
            raise BadInput("invalid input", {name: ["Not a valid mapping type."]})
        return value

    def get_objects(self, name: str) -> list[dict]:
        """The list of objects under ``name``, or an empty one."""
        value = self.get(squash(name)) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise BadInput("invalid input", {name: ["Not a list of objects."]})
        return value


def squash(name: str) -> str:
    """``name`` in lower case, without ``_`` and ``-``."""
    return name.replace("_", "").replace("-", "").lower()


def load_columns(schema: Schema, parameters: CommandParameters, **aliases: str) -> dict:
    """The columns of ``schema`` that a command names; ``aliases`` are columns by other names."""
    columns = {n: f for n, f in schema.load_fields.items() if not isinstance(f, fields.Nested)}
    names = {squash(name): name for name in columns} | aliases
    values = {}
    for parameter, value in parameters.items():
        name = names.get(parameter)
        if name is not None and value is not None:
            parameters.used.add(parameter)
            value = _convert(columns[name], value)
            values[name], changes = fit_text(columns[name], value, free=name in FREE_TEXT)
            parameters.warnings += [f"{name}: {change}" for change in changes]
    try:
        data = schema.load(values)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    parameters.warnings += data.pop("warnings", [])
    return data


def load_part(schema: Schema, part: dict, place: str, warnings: list[str], **aliases: str) -> dict:
    """The columns of ``schema`` that ``part`` of a command names, as ``load_columns`` has them.

    ``warnings`` gets the changed texts, and the values without a column, with their ``place``.
    """
    warn_of_others(part, (*schema.load_fields, *aliases), place, warnings)
    values = CommandParameters(part)
    columns = load_columns(schema, values, **aliases)
    warnings += [f"{place}.{warning}" for warning in values.warnings]
    return columns


def warn_of_others(part: dict, names: Iterable[str], place: str, warnings: list[str]) -> None:
    """Add a warning for each value in ``part`` under another name than ``names``."""
    squashed = {*map(squash, names)}
    for name, value in part.items():
        if value not in EMPTY and squash(str(name)) not in squashed:
            warnings.append(f"{place}.{name!s:.80}: not stored")


def get_time(part: dict, name: str, place: str, warnings: list[str]) -> dict:
    """The time of the row of ``part``, from the text under ``name``; empty without a time.

    ``warnings`` gets a text that is no time, or none that all tables take; it is in ``place``.
    """
    text, (first, last) = part.get(name), TIMESTAMPS
    moment = None if text is None else parse_time(str(text))
    if moment and first <= moment <= last:
        return {"recordTimeStamp": moment}
    if text is not None:
        warnings.append(f"{place}.{name}: not understood: {text!s:.80}")
    return {}


def get_program_id(
    identity: Identity, parameters: CommandParameters, name: str = "program_id"
) -> int:
    """The key of a visible program; NotYet if it is hidden or absent."""
    key = parameters.require_key(name)
    check_visible(name, AutoProcProgram.autoProcProgramId, key, programs.visible(identity))
    return key


def get_collection_id(
    identity: Identity, parameters: CommandParameters, name: str = "dcid"
) -> int:
    """The key of a visible data collection; NotYet if it is hidden or absent."""
    key = parameters.require_key(name)
    processing_jobs.check_collections(identity, {key}, name)
    return key


def get_result(identity: Identity, key: int) -> AutoProc:
    """The row of a visible result; NotYet if it is hidden or absent."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    check_visible("autoproc_id", AutoProc.autoProcId, key, rule)
    return db.session.get_one(AutoProc, key)


def get_result_of_scaling(identity: Identity, key: int) -> AutoProc:
    """The row of the result of a visible scaling; NotYet if that is hidden or absent."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    scaling_key = AutoProcScaling.autoProcScalingId
    statement = db.select(scaling_key).join(AutoProcScaling.autoproc)
    check_visible("scaling_id", scaling_key, key, rule, statement)
    results = db.select(AutoProc).join(AutoProc.scalings).where(scaling_key == key)
    return db.session.scalars(results).one()


def check_visible(name: str, key: Any, value: int, rule: Rule, statement: Any = None) -> None:
    """Raise NotYet that names ``name`` unless ``rule`` shows the row; ``statement`` selects it."""
    statement = db.select(key) if statement is None else statement
    statement = statement.where(key == value, rule.condition)
    if not db.session.execute(statement, rule.values).first():
        reasons = {name: [f"no such {key.class_.__name__}"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _convert(field: fields.Field, value: Any) -> Any:
    """``value`` as a number for a field of numbers, if it reads as one; a number as a text."""
    if isinstance(field, fields.String) and type(value) in (int, float):
        return str(value)
    if not isinstance(value, str) or not isinstance(field, fields.Integer | fields.Float):
        return value
    try:
        number = int if isinstance(field, fields.Integer) else float
        return number(value) if value.strip() else None
    except ValueError:
        return value
