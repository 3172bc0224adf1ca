"""Laboratories, persons and groups of the simulated facility."""

import unicodedata

from demo import facility, words
from demo.rows import Rows, World, add_to, external, noon, pick
from demo.users import DEMO_USERS
from shared.models import Laboratory, Person, UserGroup, UserGroupHasPerson

LABORATORIES = 30  # at scale 1; at most ten times as many
SCIENTISTS = 60  # at scale 1
STAFF = 12
WITHOUT_LOGIN = 0.1  # of the scientists
OURS = ("admin", "staff-mx")  # demo users who work at the facility


def people(world: World, scale: int) -> Rows:
    """All persons and laboratories, with the groups of the persons."""
    rows: Rows = {}
    home = _home(world, rows)
    laboratories = [_laboratory(world, rows, n) for n in range(LABORATORIES * min(scale, 10))]
    taken = {user.login for user in DEMO_USERS}
    for number, user in enumerate(DEMO_USERS):
        where = home if user.login in OURS else laboratories[number]
        world.demo[user.login] = _person(
            world, rows, where, user.givenName, user.familyName, user.login
        )
    world.staff = [_stranger(world, rows, home, f"staff{n}", taken, 0) for n in range(STAFF)]
    each = SCIENTISTS * scale // len(laboratories)
    world.scientists = [
        _stranger(world, rows, laboratory, f"{place}-{n}", taken, WITHOUT_LOGIN)
        for place, laboratory in enumerate(laboratories)
        for n in range(each)
    ]
    _groups(world, rows)
    return rows


def _home(world: World, rows: Rows) -> int:
    return _add_laboratory(
        world,
        rows,
        name="User Office",
        address="1 Ring Road",
        city="Sunnerby",
        postcode="240 10",
        country="Sweden",
        organization=facility.SYNCHROTRON,
    )


def _laboratory(world: World, rows: Rows, number: int) -> int:
    rng = world.random("laboratory", number)
    city, country, postcode = words.CITIES[number % len(words.CITIES)]
    return _add_laboratory(
        world,
        rows,
        name=pick(rng, words.DEPARTMENTS),
        address=f"{pick(rng, words.STREETS)} {rng.randint(1, 99)}",
        city=city,
        postcode=postcode,
        country=country,
        organization=f"{city} Institute of Life Sciences",
    )


def _add_laboratory(world: World, rows: Rows, **values) -> int:
    key = world.key(Laboratory)
    host = _ascii(values["city"]).replace(" ", "-")
    add_to(
        rows,
        Laboratory,
        laboratoryId=key,
        url=f"https://lifesciences.{host}.example",
        laboratoryPk=4000 + key,
        recordTimeStamp=noon(world.today),
        **values,
    )
    return key


def _stranger(
    world: World, rows: Rows, laboratory: int, name: str, taken: set[str], without: float
) -> int:
    rng = world.random("person", name)
    given, family = pick(rng, words.GIVEN_NAMES), pick(rng, words.FAMILY_NAMES)
    login = stem = f"{_ascii(given)[0]}{_ascii(family)}"
    number = 1
    while login in taken:
        number += 1
        login = f"{stem}{number}"
    taken.add(login)
    has_login = rng.random() >= without
    return _person(world, rows, laboratory, given, family, login if has_login else None)


def _person(
    world: World, rows: Rows, laboratory: int, given: str, family: str, login: str | None
) -> int:
    key = world.key(Person)
    rng = world.random("details", key)
    mail = f"{_ascii(given)}.{_ascii(family)}@lab{laboratory}.example"
    world.families[key] = family
    add_to(
        rows,
        Person,
        personId=key,
        login=login,
        givenName=given,
        familyName=family,
        title=pick(rng, words.TITLES),
        emailAddress=mail,
        phoneNumber=f"+00 {rng.randint(100, 999)} {rng.randint(1000, 9999)}",
        laboratoryId=laboratory,
        externalId=external(rng),
        recordTimeStamp=noon(world.today),
    )
    return key


def _groups(world: World, rows: Rows) -> None:
    """Add the members of groups; staff who are no demo users are in one each, in turn."""
    groups = world.lookups[UserGroup]
    for place, name in enumerate(facility.GROUPS):
        members = [world.demo[login] for login in facility.MEMBERS.get(name, ())]
        for person in members + world.staff[place :: len(facility.GROUPS)]:
            add_to(rows, UserGroupHasPerson, userGroupId=groups[name], personId=person)


def _ascii(text: str) -> str:
    """``text`` in lower-case ASCII letters, as in a login."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ø", "o"))
    return "".join(letter for letter in plain if letter.isascii() and letter not in "' ")
