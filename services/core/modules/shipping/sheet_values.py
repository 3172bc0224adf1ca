"""The values of the cells of spreadsheets of samples, checked as those of JSON."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from services.core.modules.samples import space_groups
from services.core.modules.shipping.plate_wells import WELL
from services.core.modules.shipping.sheet_columns import (
    ACRONYM,
    EXPERIMENT,
    EXPERIMENTS,
    LOCATION,
    NAME,
    SPACE_GROUP,
    Column,
)
from services.core.schemas.samples.crystals import CrystalSchema
from services.core.schemas.samples.diffraction_plans import DiffractionPlanSchema
from services.core.schemas.samples.groups import SampleGroupSchema
from services.core.schemas.samples.proteins import ProteinSchema
from services.core.schemas.samples.samples import SampleSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.shipping.dewars import DewarSchema
from shared import names
from shared.spelling import nearest

SCHEMAS: dict[str, type[Schema]] = {
    "": SampleSchema,
    "Crystal": CrystalSchema,
    "Crystal.Protein": ProteinSchema,
    "DiffractionPlan": DiffractionPlanSchema,
    "BLSampleGroup": SampleGroupSchema,
    "Container": ContainerSchema,
    "Container.Dewar": DewarSchema,
}
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
FRACTION = "DiffractionPlan.transmission"  # the one number that may be written in percent


def read_value(column: Column, text: str) -> Any:
    """The value of the cell of a ``column`` with this ``text``; ValidationError if it has none."""
    field = get_field(column.path)
    read = READERS.get(column.path) or _reader_of(field)
    return field.deserialize(read(column, field, text))


@cache
def get_field(path: str) -> fields.Field:
    """The field of a schema with the value of the column at ``path``."""
    table, _, name = path.rpartition(".")
    return _load_fields(table)[name]


def get_words(path: str) -> list[str]:
    """The words that the column at ``path`` takes; empty if it takes others too."""
    checks = [each for each in get_field(path).validators if isinstance(each, validate.OneOf)]
    return [str(word) for each in checks for word in each.choices]


@cache
def _load_fields(table: str) -> Mapping[str, fields.Field]:
    return SCHEMAS[table]().load_fields


def _reader_of(field: fields.Field) -> Callable[[Column, fields.Field, str], Any]:
    if isinstance(field, fields.Float | fields.Integer):
        return _read_number
    if any(isinstance(each, validate.OneOf) for each in field.validators):
        return _read_word
    return _read_text


def _read_text(column: Column, field: fields.Field, text: str) -> str:
    return text


def _read_number(column: Column, field: fields.Field, text: str) -> float | int:
    """The number in ``text``, with a decimal point or comma, in the range of its column."""
    percent = column.path == FRACTION and text.endswith("%")
    digits = text.rstrip("% ") if percent else text
    if not NUMBER.fullmatch(digits):
        raise ValidationError(f"Must be a number{_describe_range(column)}.")
    number = float(digits.replace(",", ".")) / (100 if percent else 1)
    if column.span and not column.span[0] <= number <= column.span[1]:
        raise ValidationError(f"Must be a number{_describe_range(column)}.")
    if isinstance(field, fields.Integer):
        if not number.is_integer():
            raise ValidationError(f"Must be a whole number{_describe_range(column)}.")
        return int(number)
    return number


def _describe_range(column: Column) -> str:
    """The range of the numbers of a column, and their unit, for errors."""
    limits = " from {:,g} to {:,g}".format(*column.span) if column.span else ""
    unit = "or a percentage" if column.path == FRACTION else column.title.partition("(")[2]
    return f"{limits} {unit.rstrip(')')}".rstrip()


def _read_word(column: Column, field: fields.Field, text: str) -> str:
    """The word of an enumeration, written in any case."""
    words = {word.lower(): word for word in get_words(column.path)}
    if column.path == EXPERIMENT:
        words |= EXPERIMENTS
    word = words.get(" ".join(text.lower().split()))
    if word is None:
        near = nearest(text, words)
        reason = (
            f"Did you mean {words[near]}?" if near else f"Must be {', '.join(words.values())}."
        )
        raise ValidationError(reason)
    return word


def _read_group(column: Column, field: fields.Field, text: str) -> str:
    name = space_groups.get_name(text)
    if name is None:
        near = nearest(text.replace(" ", ""), space_groups.CHIRAL)
        more = f" Did you mean {near}?" if near else ""
        raise ValidationError(f"Must be a space group, such as P43212.{more}")
    return name


def _read_location(column: Column, field: fields.Field, text: str) -> str:
    if not re.fullmatch("0*[1-9][0-9]{0,4}", text) and not WELL.fullmatch(text):
        raise ValidationError("Must be the number of a place, from 1 on, or a well: A1, A1.2.")
    return text.lstrip("0")


def _read_name(column: Column, field: fields.Field, text: str) -> str:
    if not re.fullmatch(names.SAMPLE, text):
        raise ValidationError("Must be of letters, digits and : + _ - only.")
    return text


READERS = {
    SPACE_GROUP: _read_group,
    "DiffractionPlan.forcedSpaceGroup": _read_group,
    LOCATION: _read_location,
    NAME: _read_name,
    ACRONYM: _read_text,
}
