"""Slows down who guesses passwords: failures are counted by account and by address."""

from datetime import timedelta
from math import ceil

from sqlalchemy import insert, select

from services.auth import running
from services.auth.modules import expiry
from shared.db import db
from shared.errors import TooMany
from shared.own import LoginAttempt
from shared.replay import utc_now

PER_ADDRESS = 10  # times as many as per account: a hall of beamlines may share an address


def check(login: str, address: str) -> None:
    """Raise TooMany while ``login`` or ``address`` failed too often, whatever it brings now."""
    most = running.site()["limits"]["login_attempts"]
    waits = [_wait(LoginAttempt.address == address, most * PER_ADDRESS)]
    if login:
        waits.append(_wait(LoginAttempt.login == _key(login), most))
    if wait := max(waits):
        raise TooMany("too many failed logins: wait", retry_after=wait)


def note(login: str, address: str) -> None:
    """Remember a failure."""
    row = {"login": _key(login), "address": address, "time": utc_now()}
    db.session.execute(insert(LoginAttempt).values(row))


def forget(login: str) -> None:
    """An account that was opened with the right secret starts anew; its address does not."""
    expiry.drop(LoginAttempt, LoginAttempt.login == _key(login))


def _wait(condition, most: int) -> int:
    """Seconds until fewer than ``most`` failures count."""
    window = timedelta(seconds=running.site()["limits"]["login_window_seconds"])
    now = utc_now()
    last = select(LoginAttempt.time).where(condition, LoginAttempt.time > now - window)
    times = db.session.scalars(last.order_by(LoginAttempt.time.desc()).limit(most)).all()
    if len(times) < most:
        return 0
    return max(1, ceil((times[-1] + window - now).total_seconds()))


def _key(login: str) -> str:
    """Directories do not mind capitals."""
    return login.casefold()[:45]
