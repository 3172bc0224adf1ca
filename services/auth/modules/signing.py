"""Signs tokens, and publishes the keys that they are checked with. Nothing here knows HTTP."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import jwt
from jwt.algorithms import RSAAlgorithm

from services.auth import app_context
from shared import keys
from shared.errors import Unavailable
from shared.identity import ALGORITHM
from shared.log import LOGGER

RETRY_SECONDS = 10  # after which a client may ask again, if keys cannot be read


def sign(login: str, life: timedelta, **claims) -> tuple[str, str]:
    """Return a token that says ``claims`` of ``login`` for ``life``, and its jti.

    Unavailable if the key that signs cannot be read.
    """
    settings = app_context.site()["tokens"]
    with _reading("signing key"):
        kid, private = _key(settings["keys"])
    now, token_id = int(time.time()), uuid4().hex
    standard = {
        "iss": settings["issuer"],
        "aud": settings["audience"],
        "sub": login,
        "iat": now,
        "exp": now + int(life.total_seconds()),
        "jti": token_id,
    }
    return jwt.encode({**claims, **standard}, private, ALGORITHM, {"kid": kid}), token_id


def published() -> dict:
    """The public keys as a JSON Web Key Set."""
    with _reading("public keys"):
        pems = keys.public_keys(app_context.site()["tokens"]["keys"])
    return {"keys": [_jwk(kid, pem) for kid, pem in pems.items()]}


@contextmanager
def _reading(kind: str) -> Iterator[None]:
    """Raise Unavailable for a folder of keys that is out of order; the log has the cause."""
    try:
        yield
    except (OSError, UnicodeDecodeError, keys.KeysError) as error:
        logging.getLogger(LOGGER).error("keys: %s", error)
        reason = f"the {kind} cannot be read: an administrator must mend the folder of keys"
        raise Unavailable(reason, retry_after=RETRY_SECONDS) from error


def _key(folder: str):
    """The kid and key that sign now: a rotation needs no restart."""
    return _loaded(folder, (Path(folder) / "current").read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _loaded(folder: str, _current: str):
    """Reading a private key takes longer than signing with it."""
    return keys.signing_key(folder)


@lru_cache(maxsize=64)
def _jwk(kid: str, pem: str) -> dict:
    key = RSAAlgorithm.to_jwk(RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem), as_dict=True)
    return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": kid, "n": key["n"], "e": key["e"]}
