"""What a site implements to let its people sign in: see docs/how-to/write-an-auth-plugin.md."""

from abc import ABC
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema

from shared.settings import Section


@dataclass(frozen=True)
class Account:
    """Who somebody proved to be.

    ``login`` is that of ISPyB's table Person; the rest is for a Person yet to be made.
    """

    login: str
    givenName: str | None = None
    familyName: str | None = None
    emailAddress: str | None = None


class Authentication(ABC):
    """A way to sign in; a plugin overrides one or both of the ``authenticate_by_...``.

    Both return None for whoever is not let in. They raise ``shared.errors.Unavailable`` when
    what they ask does not answer; any other exception is a bug, and a 500. One object serves
    many threads. Nothing is asked of the network before somebody signs in.
    """

    Config: ClassVar[type[Schema]] = Section
    """What CONFIG may hold: checked at the start, every fault listed with its key."""

    demo_only: ClassVar[bool] = False
    """Whether the plugin refuses to load in production mode."""

    creates_persons: ClassVar[bool] = False
    """Whether somebody whom the table Person does not know is added to it, or refused."""

    def __init__(self, config: dict[str, Any]):
        """``config`` is CONFIG as ``Config`` loaded it; a ValidationError lists what is wrong."""
        self.config = config

    def authenticate_by_login(self, login: str, password: str) -> Account | None:
        """Return whose ``login`` and ``password`` these are."""
        return None

    def authenticate_by_token(self, token: str) -> Account | None:
        """Return whom ``token``, of the site's own identity provider, was issued to."""
        return None

    def permissions(self, login: str) -> Collection[str]:
        """Return what ``login`` may do beyond what the database says; asked at each refresh."""
        return ()

    def public(self) -> dict[str, str]:
        """Return the settings that a login page needs; everybody can read them."""
        return {}

    @classmethod
    def ways(cls) -> tuple[str, ...]:
        """What the plugin can be asked with: ``password``, ``token`` or both."""
        ways = {"password": "authenticate_by_login", "token": "authenticate_by_token"}
        return tuple(
            way
            for way, method in ways.items()
            if getattr(cls, method) is not getattr(Authentication, method)
        )
