"""The state that all generators of rows share: random numbers, the day, the last keys."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from shared.db import Base

Rows = dict[type[Base], list[dict[str, Any]]]  # rows to insert; an absent column is null


@dataclass
class World:
    """The facility while it is generated; it depends on the seed and the day alone."""

    seed: int
    today: date
    keys: dict[type[Base], Iterator[int]]  # the next primary keys
    lookups: dict[type[Base], dict[str, int]]  # name -> key
    scientists: list[int] = field(default_factory=list)  # neighbours share a laboratory
    staff: list[int] = field(default_factory=list)
    demo: dict[str, int] = field(default_factory=dict)  # login -> person
    families: dict[int, str] = field(default_factory=dict)  # person -> last name
    contacts: dict[int, tuple[int, int]] = field(
        default_factory=dict
    )  # by proposal; with the person
    setups: dict[str, int] = field(default_factory=dict)  # beamline -> setup
    detectors: dict[str, int] = field(default_factory=dict)  # beamline -> detector
    runs: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    folder: str = "/data"  # of the files that rows name

    def key(self, model: type[Base]) -> int:
        """The next primary key of ``model``."""
        return next(self.keys[model])

    def random(self, *parts: Any) -> random.Random:
        """A generator of numbers that depend on the seed and ``parts`` alone."""
        return random.Random("/".join(map(str, (self.seed, *parts))))


def noon(day: date) -> datetime:
    """Noon of ``day``, a time that exists in every time zone, also when clocks change."""
    return datetime.combine(day, time(12))


def pick(rng: random.Random, values: Sequence) -> Any:
    """One of ``values``; twice as fast as ``rng.choice``, which matters for millions of rows."""
    return values[int(rng.random() * len(values))]


def external(rng: random.Random) -> bytes:
    """An id of a user office."""
    return rng.getrandbits(128).to_bytes(16, "big")


def add_to(rows: Rows, model: type[Base], **values: Any) -> None:
    """Add a row of ``model``; the columns have their names in the database."""
    rows.setdefault(model, []).append(values)
