"""The errors a service may raise, and the one shape they leave in: RFC 9457 problems."""

from http import HTTPStatus

import orjson
from flask import Flask, g
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response


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
    app.register_error_handler(ServiceError, answer_problem)
    app.register_error_handler(HTTPException, _from_http)


def answer_problem(error: ServiceError) -> Response:
    """The answer that says what ``error`` is."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return _problem(Response(headers=headers), error.status, str(error), error.errors)


def _from_http(error: HTTPException) -> Response:
    """Keep the headers Flask chose, such as Allow; replace its page."""
    return _problem(error.get_response(), HTTPStatus(error.code or 500), error.description)


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
