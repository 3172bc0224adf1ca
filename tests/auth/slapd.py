"""A private directory for the tests: a slapd with own data, on free ports of the loopback."""

import datetime
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import PATIENCE, end, find, free_port

BASE = "dc=example,dc=org"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
READER = f"cn=reader,{BASE}"
SCHEMAS = ["core", "cosine", "nis", "inetorgperson"]


@dataclass
class Directory:
    """Where the directory listens, and the certificate that it shows."""

    plain: str
    encrypted: str
    certificate: str


@contextmanager
def running(folder: Path, *entries: str, options: str = "") -> Iterator[Directory]:
    """A directory with ``entries`` in LDIF below PEOPLE and GROUPS; ``options`` are slapd's."""
    certificate = make_certificate(folder)
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(_settings(folder, options))
    (folder / "first.ldif").write_text("\n\n".join([*_tree(), *entries]))
    common = ["-f", str(folder / "slapd.conf")]
    subprocess.run(
        [find("slapadd", "slapd"), *common, "-l", str(folder / "first.ldif")],
        check=True,
        capture_output=True,
    )
    plain, encrypted = free_port(), free_port()
    directory = Directory(
        f"ldap://localhost:{plain}", f"ldaps://localhost:{encrypted}", certificate
    )
    addresses = f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{encrypted}/"
    with open(folder / "log", "wb") as log:
        # -d keeps it in the foreground
        command = [find("slapd", "slapd"), *common, "-h", addresses, "-d", "0"]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _await(process, plain, folder / "log")
        yield directory
    finally:
        end(process)


def _settings(folder: Path, options: str) -> str:
    includes = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in SCHEMAS)
    return f"""{includes}
pidfile {folder}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
{options}
database mdb
suffix "{BASE}"
directory {folder}/data
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=closed,{GROUPS}" by dn.exact="{READER}" read by * none
access to * by * read
"""


def _tree() -> list[str]:
    return [
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example",
        f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people",
        f"dn: {GROUPS}\nobjectClass: organizationalUnit\nou: groups",
        f"dn: ou=closed,{GROUPS}\nobjectClass: organizationalUnit\nou: closed",
        f"dn: {READER}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
        "cn: reader\nuserPassword: reader-word",
    ]


def make_certificate(folder: Path) -> str:
    """Make a key and a certificate for localhost that vouches for itself; return the latter."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory of the tests")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(text)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(folder / "key.pem", os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secret)
    return text.decode()


def _await(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"slapd does not start:\n{log.read_text()}") from None
            time.sleep(0.05)
