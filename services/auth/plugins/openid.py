"""Tokens of any OpenID Connect provider, checked with its published keys."""

import threading
from typing import ClassVar

import jwt
import requests
from marshmallow import Schema, fields

from services.auth.plugins.base import Account, Authentication
from shared.errors import Unavailable
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
        self._keys: jwt.PyJWKClient | None = None
        self._lock = threading.Lock()

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
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=[self.issuer, f"{self.issuer}/"],
                leeway=LEEWAY,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("the identity provider does not answer", retry_after=10) from error
        except (jwt.PyJWTError, ValueError):
            return None
        return self._account(claims)

    def public(self):
        """What a web page needs to fetch a token."""
        return {"issuer": self.issuer, "clientId": self.client_of(self.config)}

    def _account(self, claims: dict) -> Account | None:
        audience, client = claims.get("aud", []), self.client_of(self.config)
        audiences = [audience] if isinstance(audience, str) else audience
        login = self.login_of(claims)
        meant = client in (*audiences, claims.get("azp")) and claims.get("typ") in KINDS
        if not meant or not isinstance(login, str) or not login:
            return None
        return Account(
            login, claims.get("given_name"), claims.get("family_name"), claims.get("email")
        )

    def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key that a token names; a provider that has only one need not name it."""
        published = self._published()
        if kid is not None:
            return published.get_signing_key(kid)
        found = published.get_signing_keys()
        if len(found) > 1:
            raise jwt.InvalidTokenError("the token names no key")
        return found[0]

    def _published(self) -> jwt.PyJWKClient:
        """The provider's keys; where they are, it is asked once, when somebody signs in."""
        with self._lock:
            if self._keys is None:
                self._keys = jwt.PyJWKClient(self._place(), timeout=TIMEOUT)
            return self._keys

    def _place(self) -> str:
        url = f"{self.issuer}/.well-known/openid-configuration"
        try:
            answer = requests.get(url, timeout=TIMEOUT)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Unavailable("the identity provider does not answer", retry_after=10) from error
        if not isinstance(found, dict) or str(found.get("issuer")).rstrip("/") != self.issuer:
            raise Unavailable("the identity provider is another one than the site file names")
        return found["jwks_uri"]
