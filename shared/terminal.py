"""The output of the command line: messages, warnings and tables."""

from collections.abc import Callable, Iterable, Mapping

import click

OURS = {"demo", "gateway", "services", "shared"}


def explain(error: Exception) -> str | None:
    """The message for ``error``, or None if it is a bug."""
    from sqlalchemy.exc import DBAPIError  # here: it would slow down commands without a database

    from shared import database_errors

    if type(error).__module__.partition(".")[0] in OURS:  # one of our own error classes
        return str(error)
    if isinstance(error, DBAPIError):
        return database_errors.explain(error)
    if isinstance(error, ModuleNotFoundError) and error.name == "MySQLdb":
        return "the driver of MariaDB is not installed: pip install -e '.[mysql]'"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return None


def print_warnings(warnings: Iterable[str]) -> None:
    """Print each warning as a line on standard error."""
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)


def print_table(
    rows: list[dict], columns: Mapping[str, Callable[[dict], str]], empty: str
) -> None:
    """Print ``rows`` as a table, or ``empty`` on standard error if there are none.

    ``columns`` are functions that return the text of a cell, by the heads of the columns.
    """
    if not rows:
        click.echo(empty, err=True)
        return
    lines = [[*columns], *([cell(row) for cell in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def counted(count: int, noun: str) -> str:
    """``count`` and the noun, in the plural unless it is one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
