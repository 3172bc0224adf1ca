"""The check of a live database for gaps: tables, columns and values that services need.

Nothing is changed in the database. Its results are sentences for operators.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from itertools import chain

from sqlalchemy import Column, Engine, Enum, Inspector, Table, inspect, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from shared.database_errors import NEEDS_UPGRADE
from shared.db import OWN, Base
from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson
from shared.service_tables import Activity

SPINE = (Person, Proposal, ProposalHasPerson, BLSession, SessionHasPerson)
OWN_TABLES = len(Activity.metadata.tables)
NO_TABLES = "the database has no table of ISPyB that this user may read: see database.uri"
CLOCKS_DIFFER = timedelta(seconds=10)  # by which services refuse each other's tokens
HIDDEN = {1044, 1049, 1142}  # MariaDB: no right to the database, no such one, none to the table


@dataclass(frozen=True)
class Gap:
    """The missing parts of one table and the services that need it; as text, a sentence."""

    table: str
    services: tuple[str, ...]
    columns: tuple[str, ...] = ()  # no columns and no values: no table, or no right to read
    values: tuple[str, ...] = ()  # values of enumerations, as column='value'

    def __str__(self) -> str:
        parts = [f"column {name}" for name in self.columns]
        parts += [f"value {value}" for value in self.values]
        fault = f"lacks {', '.join(parts)}" if parts else "is missing or cannot be read"
        return f"table {self.table} {fault} (needed by {', '.join(self.services)})"


def tables_of(service: str) -> set[Table]:
    """The tables in the code of ``service``, those of the rules of access, and our own.

    The service is imported, not started.
    """
    import_module(f"services.{service}.app")
    named = [
        value
        for name, module in sys.modules.items()
        if name.startswith(f"services.{service}.")
        for value in vars(module).values()
    ]
    classes = {value for value in named if isinstance(value, type) and issubclass(value, Base)}
    tables = {inspect(model).local_table for model in {*SPINE, *classes} - {Base}}
    return {*Activity.metadata.tables.values(), *tables}


def list_faults(engine: Engine, needs: Mapping[str, Iterable[Table]]) -> list[str]:
    """The reasons for which requests would fail, with the command or setting that mends each."""
    if refused := refused_writes(engine):
        return [refused]
    gaps = missing(engine, needs)
    own = [gap for gap in gaps if gap.table.startswith(f"{OWN}.")]
    others = [gap for gap in gaps if gap not in own]
    faults = [NEEDS_UPGRADE] if own else []
    absent = [gap for gap in others if not gap.columns and not gap.values]
    if len(absent) == len({*chain(*needs.values())}) - OWN_TABLES:
        return [*faults, NO_TABLES]
    return [*faults, *map(str, others)]


def missing(engine: Engine, needs: Mapping[str, Iterable[Table]]) -> list[Gap]:
    """The gaps in the database of ``engine``, of the tables that each service ``needs``.

    Columns and values beyond those needed are no gap; neither are types that differ.
    """
    users: dict[Table, list[str]] = {}
    for service, tables in sorted(needs.items()):
        for table in tables:
            users.setdefault(table, []).append(service)
    with engine.connect() as connection:
        inspector = inspect(connection)
        gaps = [_gap(inspector, table, tuple(users[table])) for table in users]
    return sorted((gap for gap in gaps if gap), key=lambda gap: gap.table)


def refused_writes(engine: Engine) -> str | None:
    """The reason for which the server refuses all writes of the services, or None."""
    if engine.dialect.name == "sqlite":
        return None
    with engine.connect() as connection:
        query = "SHOW VARIABLES WHERE variable_name IN ('log_bin', 'binlog_format')"
        variables = {name: value for name, value in connection.execute(text(query))}
    if variables.get("log_bin") != "ON" or variables.get("binlog_format") != "STATEMENT":
        return None
    return (
        "binlog_format is STATEMENT, with which InnoDB refuses every write: set it to MIXED or ROW"
    )


def compare_clocks(engine: Engine) -> str | None:
    """A sentence if the server's local time is not that of this process, else None."""
    if engine.dialect.name == "sqlite":
        return None
    with engine.connect() as connection:
        before = datetime.now()
        there = connection.execute(text("SELECT NOW()")).scalar_one()
        after = datetime.now()
    if before - CLOCKS_DIFFER <= there <= after + CLOCKS_DIFFER:
        return None
    return (
        f"the clock of the database shows {there:%Y-%m-%d %H:%M:%S}, and that of this process"
        f" {after:%Y-%m-%d %H:%M:%S}: set TZ to the time zone of the facility on both, and let NTP"
        " set both clocks"
    )


def advised(engine: Engine, needs: Mapping[str, Iterable[Table]]) -> dict[str, str]:
    """Statements for indexes that ISPyB lacks and some lists need, with the gain of each."""
    with engine.connect() as connection:
        inspector = inspect(connection)
        return {
            f"CREATE INDEX {table.name}_{'_'.join(names)} ON {table.name} ({', '.join(names)});": (
                gain
            )
            for table in sorted(set().union(*needs.values()), key=lambda table: table.name)
            for names, gain in table.info.get("advised", {}).items()
            if not any(
                tuple(index["column_names"][: len(names)]) == names
                for index in inspector.get_indexes(table.name)
            )
        }


def _gap(inspector: Inspector, table: Table, services: tuple[str, ...]) -> Gap | None:
    try:
        stored = inspector.get_columns(table.name, schema=table.schema)
    except NoSuchTableError:
        return Gap(table.fullname, services)
    except DBAPIError as error:
        if getattr(error.orig, "args", (None,))[0] not in HIDDEN:
            raise
        return Gap(table.fullname, services)
    types = {column["name"].lower(): column["type"] for column in stored}
    columns = [column.name for column in table.columns if column.name.lower() not in types]
    values = [
        f"{column.name}='{value}'"
        for column in table.columns
        for value in _missing_values(column, types.get(column.name.lower()))
    ]
    if not columns and not values:
        return None
    return Gap(table.fullname, services, tuple(columns), tuple(values))


def _missing_values(column: Column, stored_type) -> list[str]:
    """The values of the enumeration ``column`` that the database does not have."""
    if not isinstance(column.type, Enum) or not isinstance(stored_type, Enum):
        return []
    return [value for value in column.type.enums if value not in stored_type.enums]
