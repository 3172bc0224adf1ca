"""The caller of a request, from its token, which the auth service has issued."""

import logging
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
from shared.log import LOGGER

REMEMBERED = 4096
REREAD_SECONDS = 60  # after which the keys are read again
UNKNOWN_SECONDS = 5  # the same, for a token with an unknown key
INDUSTRY_READ = "industry_read"  # opens industrial proposals to a person by its other permissions
WHOLE_SITE = frozenset({"uportal_sync"})  # not for tokens that are limited to beamlines
ALGORITHM = "RS256"
LEEWAY = 10  # seconds that the clocks of two hosts may differ
REASONS = (
    (jwt.MissingRequiredClaimError, "the token lacks the claim {error.claim}"),
    (jwt.ImmatureSignatureError, "the token is not yet valid"),
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.InvalidIssuerError, "the token is one of another issuer"),
    (jwt.InvalidAudienceError, "the token is for another audience"),
    (jwt.InvalidSignatureError, "the signature of the token does not match"),
    (jwt.InvalidAlgorithmError, f"the token is not signed by {ALGORITHM}"),
)  # by the error of the library; other tokens are malformed
CLAIMS = ["sub", "exp", "iat", "iss", "aud", "jti"]


@dataclass(frozen=True)
class VisibleKeys:
    """The keys of a caller's proposals and sessions, as text for SQL; None if they are too many.

    ``beamlines``: the sessions on the caller's beamlines are among them.
    """

    proposals: str | None
    sessions: str | None
    beamlines: bool


@dataclass(frozen=True)
class Identity:
    """The caller, by the claims of its token."""

    login: str
    personId: int | None
    permissions: frozenset[str]
    beamlines: frozenset[str]
    """The beamlines of the site's beamline groups that the caller has the permission for."""
    beamline_limit: frozenset[str] | None
    """The beamlines that a service token is limited to; None: not limited."""
    is_service: bool
    tokenId: str
    expires: float
    visible: VisibleKeys | None = None
    """The keys of its proposals and sessions, if they were looked up."""
    closed_codes: tuple[str, ...] = ()
    """The codes of the industrial proposals that it sees as a member only, in lower case."""
    closed_groups: str = ""
    """The groups of samples that are shared with other persons only, as text for SQL."""
    own_groups: str = ""
    """The other shared groups of its proposals, if there are closed ones."""

    def can(self, *permissions: str) -> bool:
        """Whether the caller has one of ``permissions``."""
        return not self.permissions.isdisjoint(permissions)

    def need(self, *permissions: str) -> None:
        """Raise Forbidden unless the caller has one of ``permissions``."""
        if permissions and not self.can(*permissions):
            limited = "" if self.beamline_limit is None else ", not limited to beamlines"
            raise Forbidden(f"needs one of: {', '.join(permissions)}{limited}")


class Verifier:
    """The check of bearer tokens; identities are cached by the hash of the token."""

    def __init__(
        self,
        folder: str,
        issuer: str,
        audience: str,
        groups: Iterable[Mapping] = (),
        industrial_codes: Iterable[str] = (),
    ):
        """``folder`` holds the keys; ``groups`` are the site's beamline groups."""
        self._folder, self._groups = Path(folder), list(groups)
        self._industrial_codes = tuple(sorted(code.lower() for code in industrial_codes))
        self._expected: dict[str, Any] = {"issuer": issuer, "audience": audience}
        self._identities: dict[bytes, Identity] = {}
        self._lock = threading.Lock()
        self._read = time.monotonic()
        self._keys = self._published()

    def identify(self, header: str) -> Identity:
        """Return the caller of an Authorization header; Unauthenticated if it is not valid."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send: Authorization: Bearer <token>")
        self._reread(REREAD_SECONDS)
        digest, identities = sha256(token.encode()).digest(), self._identities
        identity = identities.get(digest)
        if identity is None:
            identity = self.identity(self._verify(token))
            if len(identities) >= REMEMBERED:  # a new cache is cheaper than bookkeeping
                identities.clear()
            identities[digest] = identity
        if identity.expires <= time.time():
            raise Unauthenticated("the token has expired")
        return identity

    def identity(self, claims: Mapping) -> Identity:
        """The caller that the claims of a token describe."""
        beamline_limit = claims.get("beamlines")
        permissions = frozenset(claims.get("permissions", ()))
        if beamline_limit is not None:
            permissions -= WHOLE_SITE
        beamlines = {
            name
            for group in self._groups
            if group["permission"] in permissions
            for name in group["beamlines"]
        }
        is_service = bool(claims.get("service"))
        is_open = is_service or INDUSTRY_READ in permissions
        return Identity(
            login=claims["sub"],
            personId=claims.get("personId"),
            permissions=permissions,
            beamlines=frozenset(beamlines),
            beamline_limit=None if beamline_limit is None else frozenset(beamline_limit),
            is_service=is_service,
            tokenId=claims["jti"],
            expires=claims["exp"],
            closed_codes=() if is_open else self._industrial_codes,
        )

    def _verify(self, token: str) -> dict:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                self._key(kid),
                algorithms=[ALGORITHM],
                options={"require": CLAIMS},
                leeway=LEEWAY,  # for iat and nbf: identify() has none for exp
                **self._expected,
            )
            if not isinstance(claims["exp"], int | float):  # PyJWT takes digits in a string too
                raise ValueError("exp is not a number")
            return claims
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated(_reason(error)) from error

    def _key(self, kid: str) -> RSAPublicKey:
        """The public key ``kid``; an unknown one may be new, so the keys are read again."""
        if kid not in self._keys:
            self._reread(UNKNOWN_SECONDS)
        key = self._keys.get(kid)
        if key is None:
            raise Unauthenticated("the token is signed with an unknown key")
        return key

    def _reread(self, age: float) -> None:
        """Read the keys again if they are older than ``age`` seconds.

        While the folder cannot be read, the earlier keys stay valid.
        """
        if time.monotonic() <= self._read + age:
            return
        with self._lock:
            if time.monotonic() <= self._read + age:
                return
            try:
                before, self._keys = self._keys, self._published()
            except keys.KeysError as error:
                logging.getLogger(LOGGER).error("keys: %s", error)
            else:
                if before.keys() - self._keys.keys():
                    self._identities = {}  # tokens of a removed key must not stay valid
            self._read = time.monotonic()

    def _published(self) -> dict[str, RSAPublicKey]:
        pems = keys.public_keys(self._folder)
        loaded = {kid: load_pem_public_key(pem.encode()) for kid, pem in pems.items()}
        return {kid: key for kid, key in loaded.items() if isinstance(key, RSAPublicKey)}


def _reason(error: Exception) -> str:
    """The reason that a token is refused."""
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return reason.format(error=error)
    return "the token is malformed: send the whole token that /auth/login answered"
