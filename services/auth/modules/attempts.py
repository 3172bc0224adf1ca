"""Limits on failed logins, which are counted by account and address, by account, by address."""

from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import mysql, sqlite

from services.auth import app_context
from shared.db import db
from shared.errors import TooMany
from shared.service_tables import LoginAttempt, utc_now

PER_ACCOUNT = (
    20  # times the limit of one address: a stranger elsewhere does not lock the account out
)
PER_ADDRESS = 10  # times the limit of one account: a hall of beamlines may share an address
ADDRESS = 45  # characters; a forged X-Forwarded-For has more, if trusted_proxies is too large
TABLE = LoginAttempt.__table__


def check(login: str, address: str, lock: bool = False) -> None:
    """Raise TooMany if ``login`` or ``address`` failed too often, also for a right password.

    With ``lock`` no other failure is counted before this transaction ends.
    """
    _check(_counters(login, address), spare=1, lock=lock)


def note(login: str, address: str) -> None:
    """Count a failure; raise TooMany if simultaneous failures have reached the limit.

    The upsert locks each counter. All transactions do so in the order of the keys.
    """
    counters, now = _counters(login, address), utc_now()
    rows = [
        {"hash": key, "login": account, "address": network, "failures": 1, "time": now}
        for key, (account, network, _) in sorted(counters.items())
    ]
    is_old = TABLE.c.time <= now - _window()
    changes = [  # in this order: MariaDB compares with values that it has already replaced
        ("failures", case((is_old, 1), else_=TABLE.c.failures + 1)),
        ("time", case((is_old, now), else_=TABLE.c.time)),
    ]
    if db.engine.dialect.name == "sqlite":
        upsert = sqlite.insert(TABLE).values(rows)
        db.session.execute(
            upsert.on_conflict_do_update(index_elements=["hash"], set_=dict(changes))
        )
    else:
        db.session.execute(mysql.insert(TABLE).values(rows).on_duplicate_key_update(changes))
    _check(counters, spare=0)


def forget(login: str, address: str) -> None:
    """Reset the counter of an account at ``address``, after a login with the right secret."""
    own = _key(_account(login), _network(address))
    db.session.execute(delete(TABLE).where(TABLE.c.hash == own))


def _check(counters: dict, spare: int, lock: bool = False) -> None:
    """Raise TooMany unless each counter has room for ``spare`` more failures."""
    stmt = select(TABLE).where(TABLE.c.hash.in_(sorted(counters)))
    if lock:  # by the primary key: MariaDB would scan, and lock, the whole of a small table
        for dialect in ("mysql", "mariadb"):
            stmt = stmt.with_hint(TABLE, "FORCE INDEX (PRIMARY)", dialect)
        stmt = stmt.with_for_update()
    rows = db.session.execute(stmt).all()
    now, most = utc_now(), app_context.site()["limits"]["login_attempts"]
    waits = [
        (row.time + _window() - now).total_seconds()
        for row in rows
        if row.failures + spare > most * counters[row.hash][2]
    ]
    if (wait := max(waits, default=0)) > 0:
        raise TooMany("too many failed logins: wait", retry_after=ceil(wait))


def _counters(login: str, address: str) -> dict[str, tuple[str, str, int]]:
    """The counters of a login by key: account, network, and how many times the limit it has."""
    account, network = _account(login), _network(address)
    counters = [("", network, PER_ADDRESS)]
    if account:
        counters += [(account, network, 1), (account, "", PER_ACCOUNT)]
    return {_key(*counter[:2]): counter for counter in counters}


def _key(account: str, network: str) -> str:
    return sha256(f"{account}\n{network}".encode()).hexdigest()


def _account(login: str) -> str:
    """The login without capitals, which directories do not tell apart, as the column holds it."""
    return login.casefold()[:45]


def _network(address: str) -> str:
    """The network of an IPv6 address, as a host has 2**64 of them; any other text as it is."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:ADDRESS]
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))


def _window() -> timedelta:
    return timedelta(seconds=app_context.site()["limits"]["login_window_seconds"])
