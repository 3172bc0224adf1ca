"""Warnings about settings with which a site starts, but which are usually mistakes."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url

from shared.settings import ROOT_WORDS

ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
ZONE_RULE = re.compile(r"([A-Za-z]{3,}|<[\w+-]{3,}>)[+-]?\d.*")  # POSIX, such as CET-1CEST
SIGNED_OUT = "services.auth: is switched off, so that nobody can sign in"


def list_warnings(site: Mapping, document: Mapping) -> list[str]:
    """The warnings about ``site``, each a sentence behind its key.

    ``document`` is the site file as it is written: the paths in ``site`` are absolute.
    """
    warnings = [
        *_database(site["database"]["uri"]),
        *_issuer(site["tokens"]["issuer"]),
        *_roots(site["file_roots"]),
        *_templates(site["notices"]),
        *_zone(os.environ.get("TZ")),
    ]
    if site["site"]["mode"] == "production":
        warnings += _relative_roots(document.get("file_roots") or [], site["file_roots"])
    if not site["services"]["auth"]["enabled"]:
        warnings.append(SIGNED_OUT)
    return warnings


def _database(uri: str) -> Iterator[str]:
    url = make_url(uri)
    if url.host == "localhost" and url.port:
        yield (
            "database.uri: with localhost the client of MariaDB takes the socket, and ignores"
            f" port {url.port}: write 127.0.0.1"
        )


def _issuer(issuer: str) -> Iterator[str]:
    try:
        url = urlsplit(issuer)
        is_url = url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        yield f"tokens.issuer: {issuer} is no URL such as https://ispyb.example.org"


def _roots(roots: list[str]) -> Iterator[str]:
    """Roots whose folders, up to the first word for many, are absent or cannot be read."""
    for place, root in enumerate(roots):
        folder = Path()
        for part in Path(root).parts:
            if part in ROOT_WORDS:
                break
            folder /= part
        if not folder.is_dir():
            yield f"file_roots.{place}: there is no folder {folder}: none of its files is shown"
        elif not os.access(folder, os.R_OK | os.X_OK):
            yield (
                f"file_roots.{place}: this user may not read {folder}: give it a group that may"
            )


def _templates(notices: Mapping) -> Iterator[str]:
    folder = notices.get("templates")
    if notices["enabled"] and folder and not os.access(folder, os.R_OK | os.X_OK):
        yield f"notices.templates: {folder} cannot be read: mails have the texts of the package"


def _relative_roots(written: list[str], roots: list[str]) -> Iterator[str]:
    for place, (path, root) in enumerate(zip(written, roots, strict=True)):
        if not os.path.isabs(path):
            yield (
                f"file_roots.{place}: {path} is relative, and starts from the folder of the site"
                f" file: write {root}, or the folder that is meant"
            )


def _zone(name: str | None) -> Iterator[str]:
    """A time zone that the C library does not know: it takes UTC then, without an error."""
    name = (name or "").removeprefix(":")
    if not name or ZONE_RULE.fullmatch(name):
        return
    if not any(Path(folder, name).is_file() for folder in ZONES):
        yield f"TZ: there is no time zone {name}, and UTC is taken: write one such as Europe/Paris"
