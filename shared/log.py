"""The log: one JSON object a line, on standard error."""

import logging
import time
from datetime import UTC, datetime

import orjson
from flask import Flask, Response, request

from shared import request_context

LOGGER = "ispyb"
ATTRIBUTES = ("service", "method", "path", "status", "ms", "login", "requestId")
PROBES = ("/health", "/ready", "/metrics")  # each is asked every few seconds


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON, with those of ``ATTRIBUTES`` that it has."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        values = vars(record)
        line |= {name: values[name] for name in ATTRIBUTES if name in values}
        if (context := request_context.current_or_none()) is not None:
            line["requestId"] = context.request_id
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure() -> logging.Logger:
    """The logger of all services in this process, which is set up once."""
    logger = logging.getLogger(LOGGER)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


def log_requests(app: Flask) -> None:
    """Log every answer of ``app``, except to probes.

    The query is never logged: it may hold the token of a link.
    """
    logger = configure()

    def log(response: Response) -> Response:
        if request.path in PROBES or not logger.isEnabledFor(logging.INFO):
            return response
        context = request_context.current()
        extra = {
            "service": context.service,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - context.started) * 1000, 1),
            "login": context.identity.login if context.identity else None,
            "requestId": context.request_id,
        }
        # logger.info would walk the stack for the line of code, which is always this one
        record = logger.makeRecord(LOGGER, logging.INFO, "", 0, "request", (), None, extra=extra)
        logger.handle(record)
        return response

    app.after_request(log)
