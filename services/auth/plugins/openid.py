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
KINDS = (None, "Bearer", "ID")  # values of ``typ``: not of Keycloak's refresh and logout tokens
LEEWAY = 10  # seconds that the clocks of two hosts may differ
TIMEOUT = 5


class Address(fields.Url):
    """An http(s) address, also of a host without a domain."""

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
    """Signs persons in by a valid token of the provider, from which only its keys are fetched."""

    Config: ClassVar[type[Schema]] = OpenIdConfig

    def __init__(self, config):
        super().__init__(config)
        self.issuer = self.issuer_of(config).rstrip("/")
        self._configuration: dict[str, Any] = {}
        self._keys: jwt.PyJWKClient | None = None

    def issuer_of(self, config: dict) -> str:
        """The address of the provider in the settings."""
        return config["ISSUER"]

    def client_of(self, config: dict) -> str:
        """The client in the settings, whose tokens are accepted."""
        return config["CLIENT_ID"]

    def login_of(self, claims: dict) -> object:
        """The login in the claims of a token, or None."""
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
        """The settings with which a web page gets a token."""
        return {"issuer": self.issuer, "clientId": self.client_of(self.config)}

    def _account(self, claims: dict) -> Account | None:
        audience, client = claims.get("aud"), self.client_of(self.config)
        audiences = audience if isinstance(audience, list) else [audience]
        login = self.login_of(claims)
        is_for_us = client in (*audiences, claims.get("azp")) and claims.get("typ") in KINDS
        if not is_for_us or not isinstance(login, str) or not login:
            return None
        return Account(
            login, claims.get("given_name"), claims.get("family_name"), claims.get("email")
        )

    def endpoint(self, name: str) -> str:
        """An address in the provider's configuration, which is fetched at the first login."""
        with provider_errors():
            if not self._configuration:
                url = f"{self.issuer}/.well-known/openid-configuration"
                answer = requests.get(url, timeout=TIMEOUT)
                answer.raise_for_status()
                self._configuration = self._checked(answer.json())
            return str(self._configuration[name])

    def _checked(self, document: Any) -> dict[str, Any]:
        """The configuration; ValueError for another issuer, or for addresses without TLS."""
        if (
            not isinstance(document, dict)
            or str(document.get("issuer")).rstrip("/") != self.issuer
        ):
            raise ValueError(f"it is another issuer than {self.issuer}")
        urls = [document.get(name) for name in ("jwks_uri", "token_endpoint")]
        if self.issuer.startswith("https:"):
            if not all(url is None or str(url).startswith("https:") for url in urls):
                raise ValueError("it has addresses without encryption")
        return document

    def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key that a token names; a provider that has only one need not name it."""
        url = self.endpoint("jwks_uri")
        with provider_errors():
            keys = self._keys = self._keys or jwt.PyJWKClient(url, timeout=TIMEOUT)
            published = keys.get_signing_keys()
        if kid is None:
            if len(published) > 1:
                raise jwt.InvalidTokenError("the token names no key")
            return published[0]
        try:
            return keys.get_signing_key(kid)  # fetches new keys, at limited intervals
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            raise unavailable(error) from error


def unavailable(reason: object) -> Unavailable:
    """The error for a failing provider; ``reason`` is logged, and holds no secret."""
    logging.getLogger(LOGGER).error("openid: %s", reason)
    return Unavailable("the identity provider does not answer", retry_after=10)


@contextmanager
def provider_errors() -> Iterator[None]:
    """Raise Unavailable for failures of the provider in the block."""
    try:
        yield
    except (jwt.PyJWTError, HTTPException, OSError, ValueError, LookupError) as error:
        raise unavailable(f"{type(error).__name__}: {error}") from error
