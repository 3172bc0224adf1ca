"""Column types and defaults that MariaDB and SQLite must agree on."""

from typing import Any

from sqlalchemy import BINARY, TIMESTAMP, DateTime, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT, MEDIUMINT, TINYINT, VARCHAR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

UTF8 = {
    "info": {"charset": "utf8mb4"},
    "mysql_charset": "utf8mb4",
    "mariadb_charset": "utf8mb4",
}  # table arguments; without them a table is latin1, which MariaDB reads as Windows-1252
ZERO = "'0000-00-00 00:00:00'"  # MariaDB's time that is none, as the default of a LateTime


class Lines(String):
    """A short text that may have tabs and several lines, as a ``Text`` may."""


External = BINARY(16)  # a UUID of the user office as raw bytes, or a number
LongText = Text().with_variant(LONGTEXT(charset="utf8mb4"), "mysql", "mariadb")
LongBytes = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
JsonShort = Lines(200).with_variant(VARCHAR(200, charset="utf8mb4"), "mysql", "mariadb")
MediumInteger = MEDIUMINT().with_variant(Integer(), "sqlite")
TinyInteger = TINYINT().with_variant(Integer(), "sqlite")  # for more states than a flag has


def _zero_for_none(value: Any) -> Any:
    return ZERO.strip("'") if value is None else value


class _MariaDBLateTime(mysql.TIMESTAMP):
    """The driver reads the zero time as None; a None that is written would be the present."""

    def bind_processor(self, dialect):
        return _zero_for_none


class _SQLiteLateTime(sqlite.DATETIME):
    """SQLite keeps the zero time as text, which is no date."""

    def bind_processor(self, dialect):
        write = super().bind_processor(dialect)
        assert write is not None
        return lambda value: _zero_for_none(None if value is None else write(value))

    def result_processor(self, dialect, coltype):
        read = super().result_processor(dialect, coltype)
        assert read is not None
        return lambda value: None if value == ZERO.strip("'") else read(value)


# A time that is not known yet at first, though its column cannot be NULL
LateTime = (
    TIMESTAMP()
    .with_variant(_MariaDBLateTime(), "mysql", "mariadb")
    .with_variant(_SQLiteLateTime(), "sqlite")
)


class local_now(FunctionElement):
    """The present in local time, as ISPyB keeps all times; SQLite's own default is UTC."""

    inherit_cache = True
    type = DateTime()


class now_on_update(FunctionElement):
    """The present, and again at each update that does not set the column.

    That loses what was there, so a column with it also has ``onupdate=literal_column(name)``.
    """

    inherit_cache = True
    type = DateTime()


class database_user(FunctionElement):
    """The user of the connection to the database; SQLite has no users."""

    inherit_cache = True
    type = String()


@compiles(local_now)
def _mariadb(element, compiler, **kwargs) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(now_on_update)
def _mariadb_update(element, compiler, **kwargs) -> str:
    return "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"


@compiles(local_now, "sqlite")
@compiles(now_on_update, "sqlite")
def _sqlite(element, compiler, **kwargs) -> str:
    return "datetime('now', 'localtime')"


@compiles(database_user)
def _mariadb_user(element, compiler, **kwargs) -> str:
    return "current_user()"


@compiles(database_user, "sqlite")
def _sqlite_user(element, compiler, **kwargs) -> str:
    return "'local'"
