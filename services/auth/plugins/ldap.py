"""Accounts of an LDAP directory: a login is a bind with the password of the account."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validates_schema

from services.auth.plugins.base import Account, Authentication
from shared.errors import Unavailable
from shared.log import LOGGER
from shared.settings import MISSING, PERMISSION_LENGTH, Items, Secret, Section, Switch, Text

TIMEOUT = 5  # seconds, to connect and for each answer
REFUSED = {  # result codes of a bind that is refused
    "constraintViolation",  # too many guesses, with some
    "inappropriateAuthentication",
    "insufficientAccessRights",
    "invalidCredentials",
    "invalidDNSyntax",
    "noSuchObject",
    "unwillingToPerform",  # the account is locked, with some
}


def _uri(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        good = parts.scheme in ("ldap", "ldaps") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValidationError("must be ldaps://host, ldap://host or one of them with :port")


def _certificates(text: str) -> None:
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValidationError("holds no certificate in PEM format") from None


class LdapConfig(Section):
    """The settings of a directory."""

    LDAP_URI = Text("`ldaps://host`, or `ldap://host`.", required=True, check=_uri)
    LDAP_START_TLS = Switch("Whether `ldap://` is encrypted before it carries a password.")
    LDAP_CA = Text(
        "Certificates that sign the directory's, else the system's.", check=_certificates
    )
    LDAP_BASE_INTERNAL = Text("The entry right above the accounts, `uid=...`.", required=True)
    LDAP_BASE_GROUPS = Text("The entry above the groups.")
    LDAP_GROUPS = fields.Dict(
        keys=Text(),
        values=Items(Text(most=PERMISSION_LENGTH)),
        load_default=dict,
        metadata={"description": "Permissions of the members of a group, by its name (`cn`)."},
        error_messages={"invalid": "must hold permissions by group", "null": MISSING},
    )
    LDAP_BIND_DN = Text("Who reads the groups, where not everybody may.")
    LDAP_BIND_PASSWORD = Secret("The password of `LDAP_BIND_DN`.")

    @validates_schema
    def need_each_other(self, config, **_):
        """Raise for a setting whose counterpart is missing."""
        for name, needed in (
            ("LDAP_GROUPS", "LDAP_BASE_GROUPS"),
            ("LDAP_BIND_DN", "LDAP_BIND_PASSWORD"),
            ("LDAP_BIND_PASSWORD", "LDAP_BIND_DN"),
        ):
            if config.get(name) and needed not in config:
                raise ValidationError(f"is needed for {name}", needed)


class LdapAuthentication(Authentication):
    """Signs in accounts below ``LDAP_BASE_INTERNAL`` of the directory, by login and password."""

    Config = LdapConfig

    def __init__(self, config):
        super().__init__(config)
        self._ldap3 = _library()

    def authenticate_by_login(self, login, password):
        """Bind as the account."""
        # An LDAP bind without a password succeeds for everybody, as anonymous.
        if not password or not _plain(login):
            return None
        with self._connected(self._entry(login), password) as connection:
            return Account(login) if connection else None

    def permissions(self, login):
        """The permissions of the directory's groups with the member ``login``."""
        groups = {name.casefold(): granted for name, granted in self.config["LDAP_GROUPS"].items()}
        if not groups or not _plain(login):
            return ()
        names = self._groups_of(login) & groups.keys()
        return {permission for name in names for permission in groups[name]}

    def _groups_of(self, login: str) -> set[str]:
        """The names of all groups with ``login``: posixGroup, groupOfNames, groupOfUniqueNames."""
        escaped = self._ldap3.utils.conv.escape_filter_chars
        uid, entry = escaped(login), escaped(self._entry(login))
        member = f"(|(memberUid={uid})(member={entry})(uniqueMember={entry}))"
        reader = self.config.get("LDAP_BIND_DN"), self.config.get("LDAP_BIND_PASSWORD")
        with self._connected(*reader) as connection:
            if connection is None:
                raise _unavailable("LDAP_BIND_DN and LDAP_BIND_PASSWORD are refused")
            base = self.config["LDAP_BASE_GROUPS"]
            _, answer, entries, _ = connection.search(base, member, attributes=["cn"])
            if answer["description"] != "success":
                raise _unavailable(f"groups cannot be searched: {answer['description']}")
            names = [entry["attributes"]["cn"] for entry in entries if "attributes" in entry]
        return {name.casefold() for several in names for name in several}

    def _entry(self, login: str) -> str:
        escaped = self._ldap3.utils.dn.escape_rdn(login)
        return f"uid={escaped},{self.config['LDAP_BASE_INTERNAL']}"

    @contextmanager
    def _connected(self, user: str | None, password: str | None) -> Iterator[Any]:
        """A connection that is bound as ``user``, or None if the directory refuses."""
        connection = self._connection(user, password)
        try:
            connection.open()
            if not connection.server.ssl and self.config["LDAP_START_TLS"]:
                connection.start_tls()
                if not connection.tls_started:
                    raise _unavailable("the connection is not encrypted")
            done, answer, *_ = connection.bind()
            if not done and answer["description"] not in REFUSED:
                raise _unavailable(f"the directory answers {answer['description']}")
            yield connection if done else None
        except (self._ldap3.core.exceptions.LDAPException, OSError) as error:
            raise _unavailable(f"{type(error).__name__}: {error}") from error
        finally:
            connection.strategy.close()

    def _connection(self, user: str | None, password: str | None) -> Any:
        """A connection that is not open yet, for one use by one thread."""
        library, parts = self._ldap3, urlsplit(self.config["LDAP_URI"])
        encrypted = parts.scheme == "ldaps"
        server = library.Server(
            parts.hostname,
            parts.port or (636 if encrypted else 389),
            use_ssl=encrypted,
            tls=library.Tls(
                validate=ssl.CERT_REQUIRED,
                ca_certs_data=self.config.get("LDAP_CA"),
                sni=parts.hostname,
            ),
            get_info=library.NONE,
            connect_timeout=TIMEOUT,
        )
        return library.Connection(
            server,
            user,
            password and password.encode(),  # ldap3 would normalise text, even to an empty one
            client_strategy=library.SAFE_SYNC,
            check_names=False,
            auto_referrals=False,  # else the password would go to other servers
            receive_timeout=TIMEOUT,
        )


def _library() -> ModuleType:
    """The package ldap3, of the extra ``ldap``, which only this plugin needs."""
    try:
        import ldap3
    except ImportError:
        raise ValidationError("needs the package ldap3: pip install '.[ldap]'") from None
    return ldap3


def _plain(login: str) -> bool:
    """Whether no other spelling than capitals means the same login.

    Directories ignore blanks and take look-alike letters for equal: a guesser of passwords could
    go on with another spelling after one is locked.
    """
    has_one_spelling = (
        login.isprintable() and " " not in login and normalize("NFKC", login) == login
    )
    return bool(login) and has_one_spelling


def _unavailable(reason: str) -> Unavailable:
    logging.getLogger(LOGGER).error("ldap: %s", reason)
    return Unavailable("the directory of accounts does not answer", retry_after=10)
