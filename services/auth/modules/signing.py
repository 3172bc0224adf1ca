"""The signature of tokens, and the public keys that check it. Nothing here knows HTTP."""

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
    """Return a token with ``claims`` about ``login``, valid for ``life``, and its jti.

    Unavailable if the key that signs cannot be read.
    """
    settings = app_context.site()["tokens"]
    with _unavailable_without("signing key"):
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


def key_set() -> dict:
    """The public keys as a JSON Web Key Set."""
    with _unavailable_without("public keys"):
        pems = keys.public_keys(app_context.site()["tokens"]["keys"])
    return {"keys": [_jwk(kid, pem) for kid, pem in pems.items()]}


@contextmanager
def _unavailable_without(kind: str) -> Iterator[None]:
    """Raise Unavailable if the keys cannot be read; the log has the cause."""
    try:
        yield
    except (OSError, UnicodeDecodeError, keys.KeysError) as error:
        logging.getLogger(LOGGER).error("keys: %s", error)
        reason = f"the {kind} cannot be read: an administrator must repair the folder of keys"
        raise Unavailable(reason, retry_after=RETRY_SECONDS) from error


def _key(folder: str):
    """The kid and key that sign now, read at each call: a rotation needs no restart."""
    return _load(folder, (Path(folder) / "current").read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _load(folder: str, _current: str):
    """The kid and key, cached by the content of ``current``: to read a key takes long."""
    return keys.signing_key(folder)


@lru_cache(maxsize=64)
def _jwk(kid: str, pem: str) -> dict:
    key = RSAAlgorithm.to_jwk(RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem), as_dict=True)
    return {"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": kid, "n": key["n"], "e": key["e"]}
