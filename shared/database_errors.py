"""The answers to failures of the database, and their lines in the log.

A temporary failure is a 503 and a line of level WARNING, for any class of the driver's error. Any
other failure is a bug: a 500 and a line of level ERROR with its trace.
"""

import re

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.wrappers import Response

from shared.db import LOST_CONNECTION, LOST_LOCK, OWN, db, error_code
from shared.errors import BadInput, ServiceError, Unavailable, answer_problem

# Codes of MariaDB and MySQL; those that only one of them has are marked. Names are of SQLite.
BUSY = LOST_LOCK | {
    1205,  # lock wait timeout, of a row or a table
    1206,  # too many locks
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
}
AWAY = LOST_CONNECTION | {
    *(2002, 2003, 2005),  # no connection: socket, port, name of the host
    *(2006, 2012, 2013, 2026, 2055),  # a connection that was lost, or was cut while it began
    *(1040, 1203, 1226),  # too many connections: of all, of the user
    *(1043, 1045, 1049, 1129, 1130),  # refused: handshake, password, database, host
    *(1158, 1159, 1160, 1161, 1184),  # the server could not read or write
    1317,  # the statement was killed
    4031,  # MySQL: closed because it was idle
}
FULL = {
    *(3, 20, 1021, 1026, 1030, 1114),  # the disk is full, or cannot be written
    *(1037, 1041, 1135),  # no memory, no thread
    *("SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_READONLY"),
}
SLOW = {1028, 1969, 3024}  # statement timeout: while it sorted; MariaDB; MySQL
ABSENT = {1146, 1932, "SQLITE_ERROR"}  # no such table, or only its definition
COLLATION = {1267, 1270, 1271}  # illegal mix of collations
NAMES = {1048, 1054, 1142, 1146, 1264, 1305, 1364, 1406}  # their texts quote names, but no values

NEEDS_UPGRADE = f"the database {OWN} is missing or incomplete: run `ispyb-services db upgrade`"
CAUSES = (  # of errors that operators see at a command: codes, and the place to look at
    ({2002, 2003, 2005}, "the database does not answer: see database.uri, and its server"),
    ({1045, 1698}, "the database refuses the user or the password: see section database"),
    ({1044, 1049}, "the server shows no such database to this user: see database.uri"),
)

TEMPORARY = (
    (BUSY, "the database is busy: another request holds a lock that this one needs", 1),
    (AWAY, "the database does not answer", 2),
    (FULL, "the database is out of disk space, memory or threads", 10),
    (SLOW, "the database took too long for one statement: ask for less at once", 10),
)


def handle_database_errors(app: Flask) -> None:
    """Answer failures of the database in ``app`` with problems, also at the end of a request."""
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(TimeoutError, _from_pool)
    app.teardown_appcontext(_end_session)  # before that of Flask-SQLAlchemy, which may raise


def explain(error: DBAPIError) -> str:
    """A sentence for operators about ``error``: the cause, and the text of the driver."""
    if lacks_own(error):
        return NEEDS_UPGRADE
    code = error_code(error.orig)
    cause = next((cause for codes, cause in CAUSES if code in codes), "the database reports")
    arguments: tuple = getattr(error.orig, "args", ())
    text = f"{arguments[1]} ({code})" if len(arguments) > 1 else str(error.orig)
    return f"{cause}: {text}"


def lacks_own(error: DBAPIError) -> bool:
    """Whether a table of our own is absent."""
    return error_code(error.orig) in ABSENT and OWN in str(error.orig)


def _from_database(error: DBAPIError) -> Response:
    """The answer to an error of the database: 503 if it is temporary, else 500.

    A comparison of a column with a character that its character set lacks is a 422.
    """
    if error_code(error.orig) in COLLATION:
        return answer_problem(BadInput("holds a character that ISPyB cannot store (latin1)"))
    if problem := _temporary(error):
        current_app.logger.warning("database: %s", error.orig)
        return answer_problem(problem)
    _hide_values(error)
    current_app.logger.error("database: %s", error.orig, exc_info=error)
    return answer_problem(ServiceError(ServiceError.status.description))


def _from_pool(error: TimeoutError) -> Response:
    """The answer if all connections are busy: threads exceed ``database.pool_size``."""
    current_app.logger.warning("database: %s", error)
    return answer_problem(Unavailable("the database is busy", retry_after=2))


def _temporary(error: DBAPIError) -> Unavailable | None:
    code = error_code(error.orig)
    for codes, detail, seconds in TEMPORARY:
        if code in codes:
            return Unavailable(detail, retry_after=seconds)
    if lacks_own(error):
        detail = (
            f"the database {OWN} is not complete: its operator runs `ispyb-services db upgrade`"
        )
        return Unavailable(detail, retry_after=10)
    return None


def _hide_values(error: DBAPIError) -> None:
    """Remove quoted values from the text of an error: no body enters the log."""
    if error_code(error.orig) in NAMES or error.orig is None:
        return
    whole = str(error.orig)
    error.orig.args = tuple(
        re.sub("'.*'", "'…'", part, flags=re.DOTALL) if isinstance(part, str) else part
        for part in error.orig.args
    )
    error.args = tuple(str(part).replace(whole, str(error.orig)) for part in error.args)


def _end_session(_) -> None:
    """End the session; drop its connection if the server refuses even the ROLLBACK."""
    try:
        db.session.remove()
    except DBAPIError as error:
        current_app.logger.warning("database: at the end of a request: %s", error.orig)
        db.session().invalidate()
