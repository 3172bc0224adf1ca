"""The errors a service may raise, and the one shape they leave in: RFC 9457 problems."""

from http import HTTPStatus

import orjson
from flask import Flask, current_app, g
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

COLLATION_ERRORS = {1267, 1270, 1271}  # MariaDB: illegal mix of collations


class ServiceError(Exception):
    """Base of every expected failure. A subclass only names a status."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    keeps = False
    """Whether what the request wrote so far stays, e.g. the note of a login that failed."""

    def __init__(self, detail: str, errors: dict | None = None, retry_after: int | None = None):
        """``errors`` are the reasons by field; ``retry_after`` is in seconds."""
        super().__init__(detail)
        self.errors = errors
        self.retry_after = retry_after


class BadInput(ServiceError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class Malformed(ServiceError):
    status = HTTPStatus.BAD_REQUEST


class Unauthenticated(ServiceError):
    status = HTTPStatus.UNAUTHORIZED


class Forbidden(ServiceError):
    status = HTTPStatus.FORBIDDEN


class NotFound(ServiceError):
    status = HTTPStatus.NOT_FOUND


class Conflict(ServiceError):
    status = HTTPStatus.CONFLICT


class Stale(ServiceError):
    """The row changed since the client read it."""

    status = HTTPStatus.PRECONDITION_FAILED


class TooLarge(ServiceError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotYet(ServiceError):
    """A row the request refers to is not there yet: the client may try again."""

    status = HTTPStatus.FAILED_DEPENDENCY


class TooMany(ServiceError):
    status = HTTPStatus.TOO_MANY_REQUESTS


class Unavailable(ServiceError):
    status = HTTPStatus.SERVICE_UNAVAILABLE


def handle_errors(app: Flask) -> None:
    """Let every failure of ``app`` leave as a problem, known URL or not."""
    app.register_error_handler(ServiceError, _from_service)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(TimeoutError, _from_pool)


def _from_service(error: ServiceError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return _problem(Response(headers=headers), error.status, str(error), error.errors)


def _from_http(error: HTTPException) -> Response:
    """Keep the headers Flask chose, such as Allow; replace its page."""
    return _problem(error.get_response(), HTTPStatus(error.code or 500), error.description)


def _from_database(error: DBAPIError) -> Response:
    """A database that is away or overloaded is not the client's fault, and passes.

    It is if a column was compared with a character that its character set lacks.
    """
    code, *_ = getattr(error.orig, "args", ()) or (None,)
    if code in COLLATION_ERRORS:
        return _from_service(BadInput("holds a character that ISPyB cannot store (latin1)"))
    current_app.logger.error("database", exc_info=error)
    if isinstance(error, OperationalError):
        return _from_service(Unavailable("the database does not answer", retry_after=2))
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _problem(Response(), status, status.description)


def _from_pool(error: TimeoutError) -> Response:
    """All connections are busy: more threads than ``database.pool_size`` provides for."""
    current_app.logger.error("database", exc_info=error)
    return _from_service(Unavailable("the database is busy", retry_after=2))


def _problem(
    response: Response, status: HTTPStatus, detail: str | None, errors: dict | None = None
) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    response.data = orjson.dumps(
        {**body, "requestId": g.request_id}, option=orjson.OPT_NON_STR_KEYS
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response
