"""The sizes of the facility that ``seed`` fills a database with, and its callers."""

from typing import Any, NamedTuple

PERSON = {"user": 1, "big beamline": 2, "small beamline": 3, "long session": 4}
BEAMLINES = [f"i{number:02}" for number in range(8)]
SMALL_BEAMLINE = "i99"
SHARES = (0.1, 0.2, 0.04, 0.03)  # of screenings … spectra among the events; the rest are groups
GROUPS = [
    {"name": "Big", "permission": "mx_admin", "beamlines": BEAMLINES[:4]},
    {"name": "Small", "permission": "em_admin", "beamlines": [SMALL_BEAMLINE]},
]  # the beamline groups of the site: half of all sessions, and some sessions


def count_usual_groups(session: int) -> int:
    """The groups of data collections of a session without a number of its own."""
    return 7 + session % 2


def count_others(events: int) -> list[int]:
    """The screenings, robot actions, scans and spectra among the events of a session."""
    return [round(events * share) for share in SHARES]


def count_groups(events: int) -> int:
    """The groups of data collections among the events of a session."""
    return events - sum(count_others(events))


class Size(NamedTuple):
    """The numbers of rows. Everything grows with the data collections but the user's share."""

    collections: int
    own: int = 42  # proposals of the user, of ten sessions each; of the last, six sessions
    small: int = 60  # sessions at the small beamline
    events: tuple[int, int, int] = (124, 2_296, 10_000)  # of sessions; the last is not the user's
    samples: int = 2_020  # of the user's second proposal; others have 20

    @property
    def proposals(self) -> int:
        return max(self.own, round(self.collections / 150))

    @property
    def sessions(self) -> int:
        return 10 * self.proposals

    @property
    def groups(self) -> int:
        """Groups of data collections, each with two of these."""
        usual = sum(count_usual_groups(session) for session in self.event_sessions)
        pairs = count_usual_groups(1) + count_usual_groups(2)
        return self.sessions // 2 * pairs - usual + sum(map(count_groups, self.events))

    @property
    def all_samples(self) -> int:
        return 20 * self.proposals + self.samples - 20

    def own_proposal(self, number: int) -> int:
        """The key of the user's proposal ``number``, from 0: they are spread evenly."""
        return 1 + number * self.proposals // self.own

    def session(self, proposal: int, visit: int) -> int:
        """The key of the session ``visit``, from 0, of a proposal."""
        return visit * self.proposals + proposal

    @property
    def long_proposal(self) -> int:
        """The proposal of the longest session, which is hidden from the user."""
        return self.own_proposal(2) + 1

    @property
    def event_sessions(self) -> dict[int, int]:
        """The sessions with ``events``, and their numbers of events."""
        sessions = (
            self.session(self.own_proposal(0), 4),
            self.session(self.own_proposal(2), 8),
            self.session(self.long_proposal, 6),
        )
        return dict(zip(sessions, self.events))


QUICK: dict[str, Any] = {"own": 3, "small": 6, "events": (12, 60, 120), "samples": 60}  # for tests
