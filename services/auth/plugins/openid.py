"""Tokens of any OpenID Connect provider, checked with its published keys."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, ClassVar

import jwt
import requests
from marshmallow import Schema, fields

from services.auth.plugins.base import Account, Authentication
from shared.errors import Unavailable
from shared.log import LOGGER
from shared.settings import MISSING, Section, Text

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
KINDS = (None, "Bearer", "ID")  # of Keycloak's tokens: not its refresh and logout tokens
LEEWAY = 10  # seconds that two clocks may differ
TIMEOUT = 5


class Address(fields.Url):
    """An http(s) address, also of a host inside."""

    default_error_messages = {"invalid": "is not a URL", "required": MISSING, "null": MISSING}

    def __init__(self, about: str):
        metadata = {"description": about}
        super().__init__(
            schemes={"http", "https"}, require_tld=False, required=True, metadata=metadata
        )


class OpenIdConfig(Section):
    """The settings of an OpenID Connect provider."""

    ISSUER = Address("Its issuer, below which `/.well-known/openid-configuration` is.")
    CLIENT_ID = Text("Client that tokens must be for (`aud`) or come from (`azp`).", required=True)
    LOGIN_CLAIM = Text("Claim that is the login.", load_default="preferred_username")


class OpenIdAuthentication(Authentication):
    """Lets in whoever brings a good token of the provider; nothing is asked of it but its keys."""

    Config: ClassVar[type[Schema]] = OpenIdConfig

    def __init__(self, config):
        super().__init__(config)
        self.issuer = self.issuer_of(config).rstrip("/")
        self._told: dict[str, Any] = {}
        self._keys: jwt.PyJWKClient | None = None

    def issuer_of(self, config: dict) -> str:
        """Where the provider is, by the settings."""
        return config["ISSUER"]

    def client_of(self, config: dict) -> str:
        """The client whose tokens are good here, by the settings."""
        return config["CLIENT_ID"]

    def login_of(self, claims: dict) -> object:
        """The login that a token states, if it does."""
        return claims.get(self.config.get("LOGIN_CLAIM", "preferred_username"))

    def authenticate_by_token(self, token):
        """Check signature, issuer, client and time of ``token``."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                return None
            claims = jwt.decode(
                token,
                self._key(header.get("kid")),
                algorithms=ALGORITHMS,
                issuer=[self.issuer, f"{self.issuer}/"],
                leeway=LEEWAY,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError):
            return None
        return self._account(claims)

    def public(self):
        """What a web page needs to fetch a token."""
        return {"issuer": self.issuer, "clientId": self.client_of(self.config)}

    def _account(self, claims: dict) -> Account | None:
        audience, client = claims.get("aud"), self.client_of(self.config)
        audiences = audience if isinstance(audience, list) else [audience]
        login = self.login_of(claims)
        meant = client in (*audiences, claims.get("azp")) and claims.get("typ") in KINDS
        if not meant or not isinstance(login, str) or not login:
            return None
        return Account(
            login, claims.get("given_name"), claims.get("family_name"), claims.get("email")
        )

    def endpoint(self, name: str) -> str:
        """An address that the provider tells of itself; it is asked at the first login only."""
        with answering():
            if not self._told:
                url = f"{self.issuer}/.well-known/openid-configuration"
                answer = requests.get(url, timeout=TIMEOUT)
                answer.raise_for_status()
                self._told = self._believed(answer.json())
            return str(self._told[name])

    def _believed(self, told: Any) -> dict[str, Any]:
        """What the provider tells, if it is the right one, and tells it behind no lesser lock."""
        if not isinstance(told, dict) or str(told.get("issuer")).rstrip("/") != self.issuer:
            raise ValueError(f"it is another issuer than {self.issuer}")
        places = [told.get(name) for name in ("jwks_uri", "token_endpoint")]
        if self.issuer.startswith("https:"):
            if not all(place is None or str(place).startswith("https:") for place in places):
                raise ValueError("it has addresses without encryption")
        return told

    def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key that a token names; a provider that has only one need not name it."""
        place = self.endpoint("jwks_uri")
        with answering():
            keys = self._keys = self._keys or jwt.PyJWKClient(place, timeout=TIMEOUT)
            found = keys.get_signing_keys()
        if kid is None:
            if len(found) > 1:
                raise jwt.InvalidTokenError("the token names no key")
            return found[0]
        try:
            return keys.get_signing_key(kid)  # looks for new ones, but not too often
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            raise away(error) from error


def away(why: object) -> Unavailable:
    """The answer when the provider is to blame; ``why`` is for the log, and holds no secret."""
    logging.getLogger(LOGGER).error("openid: %s", why)
    return Unavailable("the identity provider does not answer", retry_after=10)


@contextmanager
def answering() -> Iterator[None]:
    """Blame the provider for what goes wrong within."""
    try:
        yield
    except (jwt.PyJWTError, HTTPException, OSError, ValueError, LookupError) as error:
        raise away(f"{type(error).__name__}: {error}") from error
