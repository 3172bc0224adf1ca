"""The base class of plugins for signing in: see docs/how-to/write-an-auth-plugin.md."""

from abc import ABC
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema

from shared.settings import Section


@dataclass(frozen=True)
class Account:
    """The account of a person who has signed in.

    ``login`` is that of ISPyB's table Person; the rest is for a Person that is created.
    """

    login: str
    givenName: str | None = None
    familyName: str | None = None
    emailAddress: str | None = None


class Authentication(ABC):
    """A login method; a plugin overrides one or both of the ``authenticate_by_...``.

    Both return None to refuse. They raise ``shared.errors.Unavailable`` if their server does not
    answer; any other exception is a bug, and a 500. Many threads use one object. A plugin uses
    the network only when somebody signs in, not before.
    """

    Config: ClassVar[type[Schema]] = Section
    """The schema of CONFIG, which is checked at the start; faults are listed by key."""

    demo_only: ClassVar[bool] = False
    """Whether the plugin refuses to load in production mode."""

    creates_persons: ClassVar[bool] = False
    """Whether an account without a row in Person gets one; else it is refused."""

    def __init__(self, config: dict[str, Any]):
        """``config`` is CONFIG as ``Config`` loaded it; a ValidationError lists its faults."""
        self.config = config

    def authenticate_by_login(self, login: str, password: str) -> Account | None:
        """Return the account with this ``login`` and ``password``, or None."""
        return None

    def authenticate_by_token(self, token: str) -> Account | None:
        """Return the account to which the site's identity provider issued ``token``, or None."""
        return None

    def permissions(self, login: str) -> Collection[str]:
        """Return permissions of ``login`` beyond those of the database; asked at each refresh."""
        return ()

    def public(self) -> dict[str, Any]:
        """Return the settings that a login page needs, which everybody can read."""
        return {}

    @classmethod
    def login_methods(cls) -> tuple[str, ...]:
        """Return the secrets that the plugin takes: ``password``, ``token`` or both."""
        overridable = {"password": "authenticate_by_login", "token": "authenticate_by_token"}
        return tuple(
            secret
            for secret, method in overridable.items()
            if getattr(cls, method) is not getattr(Authentication, method)
        )
