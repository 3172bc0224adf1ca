"""Proposals and sessions of the simulated facility, with everybody on them."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from demo import words
from demo.facility import BEAMLINES, Beamline
from demo.rows import Rows, World, add_to, external, noon, pick
from services.core.models import LabContact
from shared.models import BLSession, Proposal, ProposalHasPerson, SessionHasPerson, SessionType

FIRST_NUMBER = 23001
PERIOD_YEARS = 2  # an allocation lasts this long
SESSIONS = (4, 17)  # of a proposal
SLOT_DAYS = 3  # no session is longer
AHEAD_DAYS = 90  # of the schedule
ARCHIVED_DAYS, PURGED_DAYS = 180, 360
CANCELLED = 0.03  # of the proposals
WITH_DATA = 0.25  # of the sessions of proposals that are no stories

TECHNIQUES = ("mx",) * 9 + ("ssx",) * 4 + ("em",) * 5 + ("cm",) * 2
CODES = {"mx": ("mx", "mx", "nt", "in"), "ssx": ("mx", "nt"), "em": ("em", "bi"), "cm": ("cm",)}
SHIFTS = {"mx": (1, 3), "ssx": (3, 9), "em": (3, 9), "cm": (3, 6)}
TYPES = {"mx": ("Remote", "On site", "Unattended"), "cm": ("Commissioning",)}
RISKS = ("Low",) * 8 + ("Medium", "High")
COURIERS = ("DHL", "FedEx", "UPS", "World Courier")


@dataclass(frozen=True)
class Story:
    """A proposal with fixed people and a fixed title: each demo user sees some of them."""

    technique: str
    code: str
    beamline: str
    title: str
    leader: str | None = None  # a login; by default any scientist
    member: str | None = None
    guest: str | None = None  # on some sessions, not on the proposal
    today: bool = True  # has beam today


STORIES = (
    Story("mx", "mx", "i03", "Substrate recognition by transporters", "alice", guest="bob"),
    Story("mx", "nt", "i04", "Fragment screening against a cysteine protease", "alice"),
    Story("ssx", "mx", "i24", "Enzymes at work, triggered by light", "alice", guest="bob"),
    Story("em", "em", "m02", "Conformations of the 26S proteasome of yeast", "carol"),
    Story("em", "em", "m03", "Cryo-electron tomography of cilia", member="carol"),
    Story(
        "cm", "cm", "i04", "Commissioning of the sample changer of i04", "staff-mx", today=False
    ),
)


@dataclass
class Plan:
    """A proposal before its rows are made."""

    name: str
    story: Story
    team: list[int]  # persons, the leader first
    start: date
    rng: random.Random
    featured: bool = False
    guests: list[int] = field(default_factory=list)

    @property
    def end(self) -> date:
        """The last day of the allocation."""
        return self.start.replace(year=self.start.year + PERIOD_YEARS) - timedelta(days=1)


@dataclass(frozen=True)
class Visit:
    """The columns of a session that its data collections use."""

    sessionId: int
    proposalId: int
    name: str
    number: int
    beamline: Beamline
    start: datetime
    end: datetime
    featured: bool  # of a story, which demo users look at
    used: bool  # has data


def proposal(world: World, rows: Rows, number: int) -> list[Visit]:
    """Add proposal ``number`` with people and sessions; return the sessions."""
    plan = _plan(world, number)
    key = world.key(Proposal)
    cancelled = not plan.featured and plan.rng.random() < CANCELLED
    add_to(
        rows,
        Proposal,
        proposalId=key,
        personId=plan.team[0],
        title=plan.story.title,
        proposalCode=plan.story.code,
        proposalNumber=str(FIRST_NUMBER + number),
        proposalType="EM" if plan.story.technique == "em" else "MX",
        state="Cancelled" if cancelled else "Closed" if plan.end < world.today else "Open",
        startDate=datetime.combine(plan.start, time()),
        endDate=datetime.combine(plan.end, time(23, 59, 59)),
        externalId=external(plan.rng),
        bltimeStamp=noon(plan.start - timedelta(days=30)),
    )
    _members(world, rows, plan, key)
    if cancelled:
        return []
    return [
        _session(world, rows, plan, key, number, start, shifts)
        for number, (start, shifts) in enumerate(_schedule(plan, world.today), 1)
    ]


def _plan(world: World, number: int) -> Plan:
    rng = world.random("proposal", number)
    featured = number < len(STORIES)
    story = STORIES[number] if featured else _story(rng)
    people = [world.demo[login] for login in (story.leader, story.member) if login]
    first = int(rng.random() * len(world.scientists))
    strangers = world.staff if story.technique == "cm" else world.scientists
    for step in range(rng.randint(2, 5)):  # neighbours share a laboratory
        person = strangers[(first + step * step) % len(strangers)]
        if person not in people:
            people.append(person)
    if featured and not story.leader:
        people.append(people.pop(0))
    return Plan(
        name=f"{story.code}{FIRST_NUMBER + number}",
        story=story,
        team=people,
        start=_period(world.today, 1 if featured else rng.randint(1, 6)),
        rng=rng,
        featured=featured,
        guests=[world.demo[story.guest]] if story.guest else [],
    )


def _story(rng: random.Random) -> Story:
    technique = pick(rng, TECHNIQUES)
    fits = [b.name for b in BEAMLINES if technique in (b.technique, "cm")]
    beamline = pick(rng, fits)
    title = pick(rng, words.SUBJECTS[technique]).format(
        enzyme=pick(rng, words.ENZYMES),
        target=pick(rng, words.TARGETS),
        light_driven=pick(rng, words.LIGHT_DRIVEN),
        complex=pick(rng, words.COMPLEXES),
        organism=pick(rng, words.ORGANISMS),
        beamline=beamline,
    )
    return Story(technique, pick(rng, CODES[technique]), beamline, title)


def _period(today: date, back: int) -> date:
    """The first day of the allocation period, April or October, ``back`` half-years ago."""
    halves = today.year * 2 + (today.month + 2) // 6 - 1 - back
    return date(halves // 2, 10 if halves % 2 else 4, 1)


def _schedule(plan: Plan, today: date) -> list[tuple[datetime, int]]:
    """Start and shifts of the sessions; a story may have one today."""
    rng, low_high = plan.rng, SHIFTS[plan.story.technique]
    last = min(plan.end, today + timedelta(days=AHEAD_DAYS))
    slots = range((last - plan.start).days // SLOT_DAYS)
    number = min(rng.randint(*SESSIONS), len(slots))
    days = [plan.start + timedelta(days=SLOT_DAYS * n) for n in rng.sample(slots, number)]
    schedule = [
        (datetime.combine(day, time(pick(rng, (9, 9, 17)))), rng.randint(*low_high))
        for day in days
        if not plan.featured or abs((day - today).days) > SLOT_DAYS
    ]
    if plan.featured and plan.story.today:
        schedule.append((datetime.combine(today, time()), 6))
    return sorted(schedule)


def _members(world: World, rows: Rows, plan: Plan, key: int) -> None:
    roles = ["Principal Investigator", "Co-Investigator", "Alternate Contact"]
    for place, person in enumerate(plan.team):
        add_to(
            rows,
            ProposalHasPerson,
            proposalHasPersonId=world.key(ProposalHasPerson),
            proposalId=key,
            personId=person,
            role=roles[place] if place < len(roles) else "Co-Investigator",
        )
    contact = world.key(LabContact)
    world.contacts[key] = contact, plan.team[0]
    add_to(
        rows,
        LabContact,
        labContactId=contact,
        personId=plan.team[0],
        proposalId=key,
        cardName=f"{world.families[plan.team[0]]}, {plan.name}",
        defaultCourrierCompany=pick(plan.rng, COURIERS),
        courierAccount=str(plan.rng.randint(100_000_000, 999_999_999)),
        dewarAvgCustomsValue=50,
        dewarAvgTransportValue=1000,
        recordTimeStamp=noon(plan.start),
    )


def _session(
    world: World, rows: Rows, plan: Plan, parent: int, number: int, start: datetime, shifts: int
) -> Visit:
    rng, technique = plan.rng, plan.story.technique
    key, end = world.key(BLSession), start + timedelta(hours=8 * shifts)
    beamline = _beamline(plan, start.date() == world.today)
    done = (world.today - end.date()).days
    busy = plan.featured and beamline.technique == "mx" and start.date() == world.today
    used = busy or done > 0 and (plan.featured or rng.random() < WITH_DATA)
    contact = pick(rng, world.staff)
    kind = pick(rng, TYPES.get(technique, TYPES["mx"][:2]))
    add_to(
        rows,
        BLSession,
        sessionId=key,
        proposalId=parent,
        visit_number=number,
        beamLineName=beamline.name,
        startDate=start,
        endDate=end,
        scheduled=True,
        nbShifts=shifts,
        comments=pick(rng, words.SESSION_COMMENTS) if rng.random() < 0.2 else None,
        beamLineOperator=world.families[contact],
        usedFlag=used,
        lastUpdate=noon(end.date()),
        archived=done > ARCHIVED_DAYS,
        purgedProcessedData=done > PURGED_DAYS,
        riskRating=pick(rng, RISKS),
        beamLineSetupId=world.setups[beamline.name],
        beamCalendarId=_run(world, start),
        externalId=external(rng),
        bltimeStamp=noon(start.date() - timedelta(days=20)),
    )
    add_to(rows, SessionType, sessionTypeId=world.key(SessionType), sessionId=key, typeName=kind)
    guests = plan.guests if number % 2 or done <= 0 else []
    _visitors(rows, plan, key, contact, number, guests, remote=kind == "Remote")
    name = f"{plan.name}-{number}"
    return Visit(key, parent, name, number, beamline, start, end, plan.featured, used)


def _visitors(
    rows: Rows, plan: Plan, key: int, contact: int, number: int, guests: list[int], remote: bool
) -> None:
    """The persons of a session: local contact, leader of the team and some of its members."""
    roles = {contact: "Local Contact"}
    first = number % len(plan.team)
    for person in [*plan.team[first : first + 2], *guests]:
        roles.setdefault(person, "Team Member")
    if number % 4:
        roles.setdefault(plan.team[0], "Team Leader")
    for person, role in roles.items():
        add_to(
            rows,
            SessionHasPerson,
            sessionId=key,
            personId=person,
            role=role,
            remote=remote and person != contact,
        )


def _beamline(plan: Plan, certain: bool) -> Beamline:
    """The beamline of a session: mostly that of the proposal, else another of the technique."""
    [usual] = [each for each in BEAMLINES if each.name == plan.story.beamline]
    if certain or plan.featured or plan.rng.random() < 0.75:
        return usual
    return pick(plan.rng, [each for each in BEAMLINES if each.technique == usual.technique])


def _run(world: World, start: datetime) -> int | None:
    """The run of the machine at ``start``; None while it is shut down."""
    return next((key for first, last, key in world.runs if first <= start < last), None)
