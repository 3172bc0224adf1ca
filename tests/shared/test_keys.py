"""The keys that sign tokens: made, published, switched, and refused when they are of no use."""

import os
import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from shared import keys


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A folder with two pairs, and their kids; making keys is slow, so tests copy it."""
    folder = tmp_path_factory.mktemp("pairs") / "keys"
    return folder, keys.new(folder), keys.new(folder)


@pytest.fixture
def folder(pairs, tmp_path):
    """A folder of the test's own, with the two pairs."""
    for source in pairs[0].rglob("*"):
        target = tmp_path / "keys" / source.relative_to(pairs[0])
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for path in (tmp_path / "keys", tmp_path / "keys" / "public"):
        path.chmod(0o755)  # whatever the umask is
    return tmp_path / "keys"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def pem(key) -> bytes:
    """The public half of ``key``."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def faults(work, *args) -> str:
    with pytest.raises(keys.KeysError) as caught:
        work(*args)
    assert str(caught.value) == "; ".join(caught.value.faults)
    return str(caught.value)


def test_a_new_pair_is_published_but_does_not_sign_in_place_of_another(pairs):
    folder, first, second = pairs
    assert first < second and all(keys.KID.fullmatch(kid) for kid in (first, second))
    assert list(keys.public_keys(folder)) == [first, second]
    assert keys.signing_key(folder)[0] == first


def test_only_the_owner_reads_private_keys(pairs):
    folder, first, _ = pairs
    assert mode(folder) == mode(folder / "private") == 0o700
    assert mode(folder / "private" / f"{first}.pem") == 0o600
    assert [path.name for path in folder.rglob(".*")] == []


@pytest.mark.parametrize("umask", [0, 0o002, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        kid = keys.new(tmp_path / "a" / "keys")
    finally:
        os.umask(before)
    folder = tmp_path / "a" / "keys"
    modes = {str(path.relative_to(tmp_path)): mode(path) for path in tmp_path.rglob("*")}
    assert modes == {
        "a": 0o755,
        "a/keys": 0o700,
        "a/keys/current": 0o644,
        "a/keys/private": 0o700,
        f"a/keys/private/{kid}.pem": 0o600,
        "a/keys/public": 0o755,
        f"a/keys/public/{kid}.pem": 0o644,
    }
    assert keys.signing_key(folder)[0] == kid and [*keys.public_keys(folder)] == [kid]


@pytest.mark.parametrize("bits", [0o020, 0o002])
@pytest.mark.parametrize("name", ["", "public", "public/{}.pem"], ids=["folder", "public", "key"])
def test_public_keys_that_others_can_write_are_refused(folder, pairs, monkeypatch, name, bits):
    """They could add one of theirs. On a file system that is mounted read-only nobody can."""
    path = folder / name.format(pairs[1])
    path.chmod(mode(path) | bits)
    reason = f"{path} can be written by others, who could make tokens: chmod go-w it"
    assert faults(keys.public_keys, folder) == reason
    status = os.statvfs(folder)
    read_only = os.statvfs_result([*status[:8], status.f_flag | os.ST_RDONLY, status.f_namemax])
    monkeypatch.setattr(os, "statvfs", lambda _: read_only)
    assert [*keys.public_keys(folder)] == [*pairs[1:]]


def test_tokens_of_an_older_key_are_good_after_rotation(folder, pairs):
    _, first, second = pairs
    kid, key = keys.signing_key(folder)
    token = jwt.encode({"sub": "alice"}, key, "RS256", headers={"kid": kid})

    assert keys.rotate(folder) == second
    assert keys.signing_key(folder)[0] == second
    assert keys.rotate(folder) == second

    public = keys.public_keys(folder)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, public, ["RS256"]) == {"sub": "alice"}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, keys.public_keys(folder)[second], ["RS256"])


def test_a_pair_is_newer_than_those_there_whatever_they_signed(folder, pairs):
    third = keys.new(folder)
    assert third > pairs[2]
    assert keys.signing_key(folder)[0] == pairs[1]
    assert keys.rotate(folder) == third


def test_every_bad_public_key_is_named(folder, pairs):
    public = folder / "public"
    (public / "copied.pem").write_bytes((folder / "private" / f"{pairs[1]}.pem").read_bytes())
    (public / "text.pem").write_text("KID_CURRENT")
    (public / "short.pem").write_bytes(pem(rsa.generate_private_key(65537, 1024)))
    (public / "curve.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    (public / "edwards.pem").write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    (public / "a b.pem").write_bytes((public / f"{pairs[1]}.pem").read_bytes())
    (public / "folder.pem").mkdir()
    (public / "notes.txt").write_text("not a key, and no fault")
    with pytest.raises(keys.KeysError) as caught:
        keys.public_keys(folder)
    assert caught.value.faults == [
        f"{public}/a b.pem: a kid has letters, digits, - and _ only",
        f"{public}/copied.pem holds a PRIVATE key: remove it, and use that key no more",
        f"{public}/curve.pem is not an RSA key of 2048 bits or more",
        f"{public}/edwards.pem is not an RSA key of 2048 bits or more",
        f"{public}/folder.pem: Is a directory",
        f"{public}/short.pem is not an RSA key of 2048 bits or more",
        f"{public}/text.pem is not a public key in PEM",
    ]


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda folder, *_: (folder / "current").unlink(), "does not name"),
        (lambda folder, *_: (folder / "current").write_text("../x"), "does not name"),
        (lambda folder, *_: (folder / "current").write_text("gone"), "No such file"),
        (lambda _, private, __: private.chmod(0o604), "to others than its owner: chmod 600 it"),
        (lambda _, private, __: private.chmod(0o640), "to others than its owner: chmod 600 it"),
        (lambda _, private, __: private.chmod(0o620), "to others than its owner: chmod 600 it"),
        (lambda _, private, __: private.write_text("x"), "is not a private key in PEM"),
        (lambda _, __, public: public.unlink(), "No such file"),
        (
            lambda _, __, public: public.write_bytes(pem(rsa.generate_private_key(65537, 2048))),
            "does not belong to the public key of that name",
        ),
    ],
)
def test_a_key_that_cannot_sign_is_refused(folder, pairs, spoil, reason):
    name = f"{pairs[1]}.pem"
    spoil(folder, folder / "private" / name, folder / "public" / name)
    assert reason in faults(keys.signing_key, folder)


def test_a_key_with_a_pass_phrase_is_refused(folder, pairs):
    path = folder / "private" / f"{pairs[1]}.pem"
    _, key = keys.signing_key(folder)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert "without a pass phrase" in faults(keys.signing_key, folder)


def test_a_pair_that_is_not_whole_never_becomes_the_signer(folder, pairs):
    (folder / "public" / f"{pairs[2]}.pem").unlink()
    assert f"{pairs[2]}.pem: No such file" in faults(keys.rotate, folder)
    assert keys.signing_key(folder)[0] == pairs[1]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert faults(keys.public_keys, tmp_path) == f"{tmp_path}/public: No such file or directory"
    assert faults(keys.rotate, tmp_path) == f"{tmp_path}/private: No such file or directory"
    (tmp_path / "private").mkdir()
    assert faults(keys.rotate, tmp_path) == f"no private key in {tmp_path}/private"
    assert f"{tmp_path}/current" in faults(keys.signing_key, os.fspath(tmp_path))
