"""The errors that a service raises, and their answers: RFC 9457 problem documents."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from flask import Flask, current_app, redirect, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as UnknownPath
from werkzeug.wrappers import Response

from shared import request_context

ERRORS_SHOWN = 100  # in one problem
UNKNOWN_PATH = "no operation has this path, or an id in it is not a number"
NOUNS = {
    "BLSample": "Sample",
    "BLSampleGroup": "Sample group",
    "BLSampleGroupHasBLSample": "Sample of the group",
    "BLSampleImage": "Sample image",
    "BLSession": "Session",
    "BLSubSample": "Subsample",
    "PDB": "PDB file",
    "ContainerQueue": "Entry in the queue",
    "ContainerQueueSample": "Queued sample",
    "ContainerRegistry": "Registered container",
    "ContainerRegistryHasProposal": "Proposal of the registered container",
    "DewarRegistry": "Registered dewar",
    "DewarRegistryHasProposal": "Proposal of the registered dewar",
    "ProposalHasPerson": "Member",
    "SampleHasLigand": "Ligand of the sample",
    "SessionHasPerson": "Member",
    "Shipping": "Shipment",
    "ShippingHasSession": "Session of the shipment",
    "UserGroup": "Group",
    "UserGroupHasPermission": "Permission of the group",
    "UserGroupHasPerson": "Member of the group",
    "XFEFluorescenceSpectrum": "XRF spectrum",
    "XRFFluorescenceMapping": "XRF map",
}  # where the name of a model is not that of the field


class ServiceError(Exception):
    """Base of every expected failure; a subclass names its HTTP status."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    keeps = False
    """Whether the rows that the request wrote so far stay, e.g. the count of failed logins."""

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


class NotAcceptable(ServiceError):
    status = HTTPStatus.NOT_ACCEPTABLE


class Conflict(ServiceError):
    status = HTTPStatus.CONFLICT


class Stale(ServiceError):
    """The row has changed since the client read it."""

    status = HTTPStatus.PRECONDITION_FAILED


class TooLarge(ServiceError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotYet(ServiceError):
    """A referenced row is not there yet: the client may try again."""

    status = HTTPStatus.FAILED_DEPENDENCY


class TooMany(ServiceError):
    status = HTTPStatus.TOO_MANY_REQUESTS


class Unavailable(ServiceError):
    status = HTTPStatus.SERVICE_UNAVAILABLE


def bad_field(name: str, reason: str) -> BadInput:
    """The error for a field or parameter of the request whose value cannot be taken."""
    return BadInput("invalid input", {name: [reason]})


def noun(model: Any) -> str:
    """The name of a row of ``model`` for people: Data collection for DataCollection."""
    name = model.__name__
    return NOUNS.get(name) or re.sub("(?<=[a-z])[A-Z]", lambda m: f" {m[0].lower()}", name)


def not_found(model: Any) -> NotFound:
    """The error for a row of ``model`` that is hidden or absent."""
    return NotFound(f"{noun(model)} not found")


def handle_errors(app: Flask) -> None:
    """Answer every failure of ``app`` with a problem document, also for an unknown URL."""
    app.register_error_handler(ServiceError, answer_problem)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(ParseException, _from_server)


def answer_problem(error: ServiceError) -> Response:
    """The problem document for ``error``."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return _problem(Response(headers=headers), error.status, str(error), error.errors)


def _from_http(error: HTTPException) -> Response:
    """The problem document for an error of Flask, with its headers, such as Allow."""
    if isinstance(error, UnknownPath) and error is request.routing_exception:
        path = _without_slash()
        if path and request.method in ("GET", "HEAD"):  # not every client repeats a body
            return redirect(path, HTTPStatus.PERMANENT_REDIRECT)
        error.description = f"the path has no slash at its end: {path}" if path else UNKNOWN_PATH
    return _problem(error.get_response(), HTTPStatus(error.code or 500), error.description)


def _without_slash() -> str | None:
    """Path and query of this request without a slash at the end, if an operation has that path."""
    path = request.path.rstrip("/")
    adapter = current_app.create_url_adapter(request)
    if path in ("", request.path) or adapter is None or not adapter.test(path):
        return None
    query = request.query_string.decode("latin1")
    return f"{quote(path)}?{query}" if query else quote(path)


def _from_server(error: ParseException) -> Response:
    """The problem document for a body whose chunks cannot be read: one has no valid size."""
    return answer_problem(Malformed(f"the body is not chunked as HTTP says: {error}"))


def _problem(
    response: Response, status: HTTPStatus, detail: str | None, errors: dict | None = None
) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"], total = _first(errors, ERRORS_SHOWN)
        if total > ERRORS_SHOWN:
            body["detail"] = f"{detail}; {total - ERRORS_SHOWN} more errors are not shown"
    body["requestId"] = request_context.current().request_id
    response.data = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _first(errors: Any, most: int) -> tuple[Any, int]:
    """The first ``most`` messages of nested ``errors``, and the number of all of them."""
    if not isinstance(errors, dict | list):
        return errors, 1
    first, total = {}, 0
    for name, below in errors.items() if isinstance(errors, dict) else enumerate(errors):
        part, count = _first(below, most - total)
        if total < most:
            first[name] = part
        total += count
    return first if isinstance(errors, dict) else [*first.values()], total
