"""Column types and defaults that MariaDB and SQLite must agree on."""

from sqlalchemy import BINARY, DateTime, Integer, Text
from sqlalchemy.dialects.mysql import LONGTEXT, MEDIUMINT
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

UTF8 = {
    "info": {"charset": "utf8mb4"},
    "mysql_charset": "utf8mb4",
    "mariadb_charset": "utf8mb4",
}  # table arguments; without them a table is latin1, which MariaDB reads as Windows-1252

External = BINARY(16)  # a UUID of the user office, as raw bytes
LongText = Text().with_variant(LONGTEXT(charset="utf8mb4"), "mysql", "mariadb")
MediumInteger = MEDIUMINT().with_variant(Integer(), "sqlite")


class local_now(FunctionElement):
    """The present in local time, as ISPyB keeps all times; SQLite's own default is UTC."""

    inherit_cache = True
    type = DateTime()


@compiles(local_now)
def _mariadb(element, compiler, **kwargs) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(local_now, "sqlite")
def _sqlite(element, compiler, **kwargs) -> str:
    return "datetime('now', 'localtime')"
