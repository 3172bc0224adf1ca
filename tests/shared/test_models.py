"""Every mapped table against the official ORM of ISPyB, package ``ispyb``.

It does not know what is unsigned, nor any character set; it takes flags for small integers, and
doubles for decimals. All else must agree.
"""

import importlib
import pkgutil
import re

import pytest
from ispyb import sqlalchemy as official
from sqlalchemy import Table, UniqueConstraint, inspect
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import configure_mappers

import services
from shared.db import Base

OFFICIAL = official.Person.metadata.tables
UTF8_TABLES = {
    *("Atlas", "BFactorFit", "BLSampleImage_has_Positioner", "BLSamplePosition"),
    *("BLSample_has_Ligand", "Component", "CrystalComposition", "Event", "EventChain"),
    *("EventType", "FoilHole", "GridSquare", "LDAPSearchBase", "LDAPSearchParameters"),
    *("LaserParameters", "LaserPoint", "Ligand", "Ligand_has_PDB", "ProcessedTomogram"),
    *("Protein_has_Component", "RelativeIceThickness", "SSXDataCollection"),
    *("SampleComposition", "UserGroup_has_LDAPSearchParameters", "XrayCentring"),
    "XrayCentringResult",
}
UTF8_COLUMNS = {"extra", "scanParameters", "strategyOption"}


def mapped() -> list[Table]:
    """The tables of the spine and of every service there is."""
    importlib.import_module("shared.models")
    for service in pkgutil.iter_modules(services.__path__):
        if service.ispkg:
            models = importlib.import_module(f"services.{service.name}.models")
            for module in pkgutil.iter_modules(models.__path__):
                importlib.import_module(f"{models.__name__}.{module.name}")
    configure_mappers()
    return Base.metadata.sorted_tables


def ddl(column) -> str:
    """The type as MariaDB would declare it, without what the official ORM does not know."""
    text = column.type.compile(dialect=mysql.dialect()).replace("BOOL", "TINYINT")
    text = text.replace(" UNSIGNED", "").replace(" CHARACTER SET utf8mb4", "")
    return re.sub(r"INT(EGER)?\(\d+\)", r"INT\1", text)


def owner(name: str) -> str | None:
    """The service that maps a table, or shared; None if no one maps it."""
    for mapper in Base.registry.mappers:
        if mapper.local_table.name == name:
            package, service, *_ = mapper.class_.__module__.split(".")
            return service if package == "services" else package
    return None


def parents(column) -> set[tuple]:
    """The mapped tables to which the column refers, and the effect of a deletion there.

    A table that another service maps is none: its model cannot be imported here.
    """
    here = {"shared", owner(column.table.name)}
    return {
        (key.target_fullname, key.ondelete)
        for key in column.foreign_keys
        if owner(key.target_fullname.split(".")[0]) in here
    }


def default(column) -> str | None:
    """The default of the database in one spelling."""
    if column.server_default is None:
        return None
    text = str(getattr(column.server_default.arg, "text", column.server_default.arg))
    return "now" if "current_timestamp" in text.lower() else text.strip("'")


def unique(table: Table, columns: set[str]) -> set[frozenset[str]]:
    """The unique keys of ``table`` that lie within ``columns``."""
    keys = [i.columns for i in table.indexes if i.unique]
    keys += [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    names = {frozenset(column.name for column in key) for key in keys}
    return {key for key in names if key <= columns}


@pytest.mark.parametrize("table", mapped(), ids=lambda table: table.name)
def test_table_is_that_of_the_official_orm(table):
    theirs = OFFICIAL[table.name]
    names = {column.name for column in table.columns}
    assert names <= {column.name for column in theirs.columns}
    for column in table.columns:
        other = theirs.columns[column.name]
        assert ddl(column) == ddl(other), column
        assert not getattr(column.type, "asdecimal", False), column
        assert column.nullable == other.nullable, column
        assert column.primary_key == other.primary_key, column
        assert default(column) == default(other), column
        assert parents(column) == parents(other), column
    assert unique(table, names) == unique(theirs, names)


@pytest.mark.parametrize("table", mapped(), ids=lambda table: table.name)
def test_a_row_can_be_inserted_with_the_mapped_columns_alone(table):
    needed = {
        column.name
        for column in OFFICIAL[table.name].columns
        if not (column.nullable or column.server_default is not None)
    }
    assert needed <= {column.name for column in table.columns}


@pytest.mark.parametrize("table", mapped(), ids=lambda table: table.name)
def test_character_sets_and_meanings_are_told(table):
    assert (table.info.get("charset") == "utf8mb4") == (table.name in UTF8_TABLES)
    for column in table.columns:
        assert column.doc, column
        assert (column.info.get("charset") == "utf8mb4") == (column.name in UTF8_COLUMNS), column


# columns of one idea with another word in one table
PRESENT_NAMES = {"blsessionId": "sessionId", "blsampleId": "blSampleId"}


def test_an_attribute_is_its_column_in_camel_case():
    mapped()
    for mapper in Base.registry.mappers:
        for attribute in inspect(mapper).column_attrs:
            name = attribute.columns[0].name
            key = attribute.key.removesuffix("_")  # of a word that Python reserves
            if PRESENT_NAMES.get(name) == key:
                continue
            assert key.lower() == name.lower()
            camel = name[0].lower() + name[1:]
            assert key in (name, camel) or name.isupper() or name.islower(), name
