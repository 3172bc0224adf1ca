"""Who is calling. Tokens are issued by the auth service; here they are only checked."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from shared import keys
from shared.errors import Forbidden, Unauthenticated

REMEMBERED = 4096
REREAD_SECONDS = 5  # how soon an unknown kid lets the keys be read again
ALGORITHM = "RS256"
CLAIMS = ["sub", "exp", "iat", "iss", "aud", "jti"]


@dataclass(frozen=True)
class Identity:
    """The caller, as its token states it."""

    login: str
    personId: int | None
    permissions: frozenset[str]
    beamlines: frozenset[str]
    """Those that the caller's permissions open, by the site's groups."""
    only: frozenset[str] | None
    """The beamlines a program's token is limited to; None: not limited."""
    program: bool
    tokenId: str
    expires: float

    def can(self, *permissions: str) -> bool:
        """True if the caller holds any of ``permissions``."""
        return not self.permissions.isdisjoint(permissions)

    def need(self, *permissions: str) -> None:
        """Raise unless the caller holds any of ``permissions``."""
        if permissions and not self.can(*permissions):
            raise Forbidden(f"needs one of: {', '.join(permissions)}")


class Verifier:
    """Turns bearer tokens into identities; remembers the good ones, by hash, until they expire."""

    def __init__(self, folder: str, issuer: str, audience: str, groups: Iterable[Mapping] = ()):
        """``folder`` holds the keys; ``groups`` are the site's beamline groups."""
        self._folder, self._groups = Path(folder), list(groups)
        self._expected: dict[str, Any] = {"issuer": issuer, "audience": audience}
        self._known: dict[bytes, Identity] = {}
        self._lock = threading.Lock()
        self._read = 0.0
        self._keys: dict[str, RSAPublicKey] = {}
        self._reread()

    def identify(self, header: str) -> Identity:
        """Return the caller an Authorization header names."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send: Authorization: Bearer <token>")
        digest = sha256(token.encode()).digest()
        identity = self._known.get(digest)
        if identity is None:
            identity = self.identity(self._verify(token))
            if len(self._known) >= REMEMBERED:  # starting afresh is cheaper than bookkeeping
                self._known.clear()
            self._known[digest] = identity
        if identity.expires <= time.time():
            raise Unauthenticated("the token has expired")
        return identity

    def identity(self, claims: Mapping) -> Identity:
        """The caller that the claims of a token describe."""
        permissions = frozenset(claims.get("permissions", ()))
        beamlines = {
            name
            for group in self._groups
            if group["permission"] in permissions
            for name in group["beamlines"]
        }
        only = claims.get("beamlines")
        return Identity(
            login=claims["sub"],
            personId=claims.get("personId"),
            permissions=permissions,
            beamlines=frozenset(beamlines),
            only=None if only is None else frozenset(only),
            program=bool(claims.get("service")),
            tokenId=claims["jti"],
            expires=claims["exp"],
        )

    def _verify(self, token: str) -> dict:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token,
                self._key(kid),
                algorithms=[ALGORITHM],
                options={"require": CLAIMS},
                **self._expected,
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated(f"the token is not good: {error}") from error

    def _key(self, kid: str) -> RSAPublicKey:
        """A key that came after this process started is found too."""
        with self._lock:
            if kid not in self._keys and time.monotonic() > self._read + REREAD_SECONDS:
                self._reread()
        if kid not in self._keys:
            raise Unauthenticated("the token is signed with an unknown key")
        return self._keys[kid]

    def _reread(self) -> None:
        pems = keys.public_keys(self._folder)
        loaded = {kid: load_pem_public_key(pem.encode()) for kid, pem in pems.items()}
        self._keys = {kid: key for kid, key in loaded.items() if isinstance(key, RSAPublicKey)}
        self._read = time.monotonic()
