"""The folder of the keys that sign and check tokens.

``public/<kid>.pem`` is for every service and Kong, ``private/<kid>.pem`` for auth only, and
``current`` has the kid of the signing key. A kid is the time of creation: kids sort by age.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BITS = 2048
TIME_FORMAT = "%Y%m%dT%H%M%S%f"  # of a kid, in UTC
KID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Folder = str | os.PathLike


class KeysError(RuntimeError):
    """A folder whose keys cannot be used; ``faults`` are the reasons."""

    def __init__(self, *faults: str):
        self.faults = list(faults)
        super().__init__("; ".join(faults))


def new(folder: Folder) -> str:
    """Create a pair of keys; return its kid. It signs if there is no other key: see rotate."""
    folder = Path(folder)
    _make(folder, 0o700)
    _make(folder / "private", 0o700)
    _make(folder / "public", 0o755)
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    kid = datetime.now(UTC).strftime(TIME_FORMAT)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(folder / "private" / f"{kid}.pem", private, 0o600)
    _write(folder / "public" / f"{kid}.pem", public, 0o644)
    if not (folder / "current").exists():
        _write(folder / "current", kid.encode(), 0o644)
    return kid


def rotate(folder: Folder) -> str:
    """Let the newest pair sign from now on; return its kid. Earlier tokens stay valid."""
    folder = Path(folder)
    paths = _files(folder / "private")
    if not paths:
        raise KeysError(f"no private key in {folder / 'private'}")
    kid = paths[-1].stem
    _pair(folder, kid)
    _write(folder / "current", kid.encode(), 0o644)
    return kid


def list_(folder: Folder) -> list[dict]:
    """The keys, oldest first: kid, UTC of creation, whether it signs, whether it could."""
    folder = Path(folder)
    private = folder / "private"  # absent where only services run that sign nothing
    kids = {path.stem for path in _files(private)} if private.is_dir() else set()
    signing = signing_key(folder)[0] if kids else None
    return [
        {"kid": kid, "created": _created(kid), "signs": kid == signing, "private": kid in kids}
        for kid in public_keys(folder)
    ]


def public_keys(folder: Folder) -> dict[str, str]:
    """The public keys that check tokens, as PEM by kid."""
    folder, pems, faults = Path(folder), {}, []
    paths = _files(folder / "public")
    for path in (folder, folder / "public"):
        faults += _faults_of_mode(path)
    for path in paths:
        faults += _faults_of_mode(path)
        try:
            pems[path.stem] = _public(path)
        except KeysError as error:
            faults += error.faults
    if faults:
        raise KeysError(*faults)
    return pems


def signing_key(folder: Folder) -> tuple[str, rsa.RSAPrivateKey]:
    """The kid and the private key that sign at present."""
    folder = Path(folder)
    try:
        kid = (folder / "current").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        kid = ""
    if not KID.fullmatch(kid):
        raise KeysError(f"{folder / 'current'} does not name the key that signs")
    return kid, _pair(folder, kid)


def _created(kid: str) -> str | None:
    try:
        return datetime.strptime(kid, TIME_FORMAT).isoformat(timespec="seconds")
    except ValueError:  # the site chose the kid
        return None


def _make(folder: Path, mode: int) -> None:
    """Create ``folder`` and its parents, with modes that do not depend on the umask."""
    if not folder.exists():
        _make(folder.parent, 0o755)
        folder.mkdir(mode, exist_ok=True)
        folder.chmod(mode)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file by renaming a draft: readers see all of it or none, and no wider mode."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
    os.replace(draft, path)


def _files(folder: Path) -> list[Path]:
    """The PEM files of ``folder``, oldest first."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise KeysError(f"{folder}: {error.strerror}") from None
    return [folder / name for name in names if name.endswith(".pem")]


def _read(path: Path) -> bytes:
    if not KID.fullmatch(path.stem):
        raise KeysError(f"{path}: a kid has letters, digits, - and _ only")
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysError(f"{path}: {error.strerror}") from None


def _faults_of_mode(path: Path) -> list[str]:
    """The fault of a path that is writable by others than its owner: they could add keys."""
    try:
        if not path.stat().st_mode & 0o022 or os.statvfs(path).f_flag & os.ST_RDONLY:
            return []
    except OSError:
        return []  # the reader of the file names the fault
    return [f"{path} can be written by others, who could make tokens: chmod go-w it"]


def _public(path: Path) -> str:
    content = _read(path)
    if b"PRIVATE KEY" in content:
        raise KeysError(f"{path} holds a PRIVATE key: remove it, and use that key no more")
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError:
        raise KeysError(f"{path} is not a public key in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < BITS:
        raise KeysError(f"{path} is not an RSA key of {BITS} bits or more")
    return content.decode("ascii")


def _pair(folder: Path, kid: str) -> rsa.RSAPrivateKey:
    """The private key ``kid``; KeysError unless the public key of that name belongs to it."""
    path = folder / "private" / f"{kid}.pem"
    content = _read(path)
    if path.stat().st_mode & 0o077:
        raise KeysError(f"{path} is open to others than its owner: chmod 600 it")
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError):
        raise KeysError(f"{path} is not a private key in PEM without a pass phrase") from None
    public = serialization.load_pem_public_key(_public(folder / "public" / f"{kid}.pem").encode())
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != public:
        raise KeysError(f"{path} does not belong to the public key of that name")
    return key
