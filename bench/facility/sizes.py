"""The sizes of the facility that ``seed`` fills a database with, and its callers."""

from typing import NamedTuple

PERSON = {"user": 1, "big beamline": 2, "small beamline": 3, "long session": 4}
BEAMLINES = [f"i{number:02}" for number in range(8)]
SMALL_BEAMLINE = "i99"
GROUPS = [
    {"name": "Big", "permission": "mx_admin", "beamlines": BEAMLINES[:4]},
    {"name": "Small", "permission": "em_admin", "beamlines": [SMALL_BEAMLINE]},
]  # the beamline groups of the site: half of all sessions, and some sessions


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


QUICK = {"own": 4, "small": 6, "events": (12, 60, 120), "samples": 60}  # for tests
