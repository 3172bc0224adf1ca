"""Slows down guesses of passwords: failures are counted by account and address, and by each."""

from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import mysql, sqlite

from services.auth import app_context
from shared.db import db
from shared.errors import TooMany
from shared.service_tables import utc_now
from shared.service_tables import LoginAttempt

PER_ACCOUNT = 20  # times as many as from one address: nobody locks an account out from elsewhere
PER_ADDRESS = 10  # times as many as per account: a hall of beamlines may share an address
ADDRESS = 45  # characters; an address that a client made up, by too many trusted proxies, has more
TABLE = LoginAttempt.__table__


def check(login: str, address: str, lock: bool = False) -> None:
    """Raise TooMany if ``login`` or ``address`` failed too often, whatever it brings now.

    With ``lock`` no other failure is counted before this transaction ends.
    """
    _check(_counters(login, address), spare=1, lock=lock)


def note(login: str, address: str) -> None:
    """Count a failure, or raise TooMany if others that came at the same time were enough.

    The upsert locks each counter. All transactions do so in the order of the keys.
    """
    counters, now = _counters(login, address), utc_now()
    rows = [
        {"hash": key, "login": account, "address": network, "failures": 1, "time": now}
        for key, (account, network, _) in sorted(counters.items())
    ]
    old = TABLE.c.time <= now - _window()
    changes = [  # in this order: MariaDB would compare with a time that it has just replaced
        ("failures", case((old, 1), else_=TABLE.c.failures + 1)),
        ("time", case((old, now), else_=TABLE.c.time)),
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
    """Let an account start anew at ``address``, where it was opened with the right secret."""
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
    """Directories do not mind capitals."""
    return login.casefold()[:45]


def _network(address: str) -> str:
    """The address, of which an IPv6 host has 2**64: then its network; as it is if it is none."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:ADDRESS]
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))


def _window() -> timedelta:
    return timedelta(seconds=app_context.site()["limits"]["login_window_seconds"])
