"""What commands say, in the words of our schemas.

Commands spell the same name in several ways, and send numbers as text: both are forgiven here.
"""

import re
from typing import Any, NoReturn

from marshmallow import Schema, ValidationError, fields, validate

from services.core.models import AutoProc, AutoProcScaling
from services.core.modules.processing import processing_jobs, programs
from shared.access import Rule
from shared.db import db
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.models import AutoProcProgram
from shared.schemas import BLANKED, blanked

LARGEST_KEY = 2**32 - 1
WHOLE = re.compile("-?[0-9]{1,10}")  # Python refuses to read integers of 4,300 digits
FREE_TEXT = {"comments", "shortComments", "statusDescription"}  # cut, if it is too long


class CommandParameters(dict):
    """The parameters of a command by their squashed names; ``warnings`` says what was cut."""

    def __init__(self, *sources: dict):
        """The later of ``sources`` count; "None" is how some say null."""
        self.warnings: list[str] = []
        for source in sources:
            for name, value in source.items():
                self[squashed(name)] = None if value == "None" else value

    def key(self, name: str) -> int | None:
        """The key of a row that goes by ``name``, if it is given."""
        value = self.get(squashed(name))
        if value is None or value == "":
            return None
        try:
            found = int(value)
        except (OverflowError, TypeError, ValueError):
            found = 0
        if isinstance(value, bool | float) or not 0 < found <= LARGEST_KEY:
            raise BadInput("invalid input", {name: ["Not the key of a row."]})
        return found

    def needed(self, name: str) -> int:
        """That key, which must be there."""
        found = self.key(name)
        if found is None:
            raise BadInput("invalid input", {name: ["Missing data for required field."]})
        return found

    def text(self, name: str) -> str:
        """The text of that name, or none at all."""
        value = self.get(squashed(name))
        if isinstance(value, dict | list):
            raise BadInput("invalid input", {name: ["Not a valid string."]})
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """The whole number of that name, if it is given."""
        value = self.get(squashed(name))
        if value is None or value == "":
            return None
        whole = not isinstance(value, bool | float) and WHOLE.fullmatch(str(value))
        if not whole or not -(2**31) <= int(value) < 2**31:
            raise BadInput("invalid input", {name: ["Not an integer of 32 bits."]})
        return int(value)

    def mapping(self, name: str) -> dict:
        """The object of that name, or an empty one."""
        value = self.get(squashed(name)) or {}
        if not isinstance(value, dict):
            raise BadInput("invalid input", {name: ["Not a valid mapping type."]})
        return value

    def parts(self, name: str) -> list[dict]:
        """The list of objects of that name."""
        value = self.get(squashed(name)) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise BadInput("invalid input", {name: ["Not a list of objects."]})
        return value


def squashed(name: str) -> str:
    """A name without case, ``_`` and ``-``."""
    return name.replace("_", "").replace("-", "").lower()


def loaded(schema: Schema, said: CommandParameters, **aliases: str) -> dict:
    """The columns of ``schema`` that a command names; ``aliases`` are columns by other names."""
    known = {n: f for n, f in schema.load_fields.items() if not isinstance(f, fields.Nested)}
    names = {squashed(name): name for name in known} | aliases
    found = {}
    for word, value in said.items():
        name = names.get(word)
        if name is not None and value is not None:
            value = _blanked(said, name, known[name], _fitted(known[name], value))
            found[name] = _cut(said, name, known[name], value)
    try:
        data = schema.load(found)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    said.warnings += data.pop("warnings", [])
    return data


def program(identity: Identity, said: CommandParameters, name: str = "program_id") -> int:
    """The key of a program that the caller sees."""
    key = said.needed(name)
    check(name, AutoProcProgram.autoProcProgramId, key, programs.visible(identity))
    return key


def collection(identity: Identity, said: CommandParameters, name: str = "dcid") -> int:
    """The key of a data collection that the caller sees."""
    key = said.needed(name)
    processing_jobs.check_collections(identity, {key}, name)
    return key


def autoproc(identity: Identity, key: int) -> AutoProc:
    """A result that the caller sees."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    check("autoproc_id", AutoProc.autoProcId, key, rule)
    return db.session.get_one(AutoProc, key)


def scaling(identity: Identity, key: int) -> AutoProc:
    """The result of a scaling, which the caller sees."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    of = AutoProcScaling.autoProcScalingId
    check("scaling_id", of, key, rule, db.select(of).join(AutoProcScaling.autoproc))
    return db.session.scalars(db.select(AutoProc).join(AutoProc.scalings).where(of == key)).one()


def check(name: str, key: Any, value: int, rule: Rule, stmt: Any = None) -> None:
    """Raise NotYet, naming ``name``, unless ``rule`` shows the row; ``stmt`` selects ``key``."""
    wanted = db.select(key) if stmt is None else stmt
    wanted = wanted.where(key == value, rule.condition)
    if not db.session.execute(wanted, rule.values).first():
        _not_yet(name, key.class_.__name__)


def _not_yet(name: str, kind: str) -> NoReturn:
    raise NotYet("a referenced row is not there yet", {name: [f"no such {kind}"]})


def _fitted(field: fields.Field, value: Any) -> Any:
    """``value`` as a number where one is wanted and it looks like one, a number as a text."""
    if isinstance(field, fields.String) and type(value) in (int, float):
        return str(value)
    if not isinstance(value, str) or not isinstance(field, fields.Integer | fields.Float):
        return value
    try:
        number = int if isinstance(field, fields.Integer) else float
        return number(value) if value.strip() else None
    except ValueError:
        return value


def _blanked(said: CommandParameters, name: str, field: fields.Field, value: Any) -> Any:
    text = blanked(field, value)
    if text != value:
        said.warnings.append(f"{name}: {BLANKED}")
    return text


def _cut(said: CommandParameters, name: str, field: fields.Field, value: Any) -> Any:
    limits = [v.max for v in field.validators if isinstance(v, validate.Length) and v.max]
    if name in FREE_TEXT and isinstance(value, str) and limits and len(value) > min(limits):
        said.warnings.append(f"{name}: cut to {min(limits)} characters")
        return value[: min(limits)]
    return value
