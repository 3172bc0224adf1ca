"""The state of a request that the layers of HTTP share, in one typed object.

Modules do not read it: they get the identity, the settings or the origin as arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import g, has_app_context

if TYPE_CHECKING:  # its imports need the log, which reads this context
    from shared.identity import Identity


@dataclass
class Origin:
    """The request or the command that a line of the audit trail is about."""

    service: str
    path: str
    request_id: str
    address: str = ""


@dataclass
class RequestContext(Origin):
    """The origin of a request, and the facts that its decorators pass to one another."""

    started: float = field(kw_only=True)
    """Of ``time.perf_counter``, in seconds."""
    identity: "Identity | None" = None
    """The caller; None before ``require``, and where the operation is public."""
    by_link: bool = False
    """Whether the caller came by a one-time link."""
    reads_row: bool = False
    """Whether an edit reads its own row, to compare its ETag or the read-only members."""
    read_only: dict[str, Any] = field(default_factory=dict)
    """The members of the body that answers have and bodies have not."""
    field_names: str | None = None
    """The names of the fields of the body, for the audit trail."""
    idempotency_key: str | None = None
    """The Idempotency-Key of the client, or one that the operation takes for it."""
    loads: list[Callable[[], Any]] = field(default_factory=list)
    """The functions that make the last arguments of the method, for when it runs again."""


def open_context(context: RequestContext) -> None:
    """Make ``context`` that of the current request."""
    g.request_context = context


def current() -> RequestContext:
    """The context of the current request."""
    return g.request_context


def current_or_none() -> RequestContext | None:
    """The context of the current request, or None outside of requests."""
    return g.get("request_context") if has_app_context() else None
