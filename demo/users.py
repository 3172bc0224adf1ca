"""The people who may sign in to the demo; the site file of the demo lists the same logins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoUser:
    """A person of the simulated facility; ``sees`` tells a newcomer what to expect."""

    login: str
    givenName: str
    familyName: str
    sees: str

    @property
    def password(self) -> str:
        """The login: nobody has to remember it."""
        return self.login


DEMO_USERS = (
    DemoUser(
        "admin", "Ada", "Lindgren", "everything; manages groups, permissions and service tokens"
    ),
    DemoUser("alice", "Alice", "Moreau", "the three proposals that she leads, with all sessions"),
    DemoUser("bob", "Bob", "Okafor", "the sessions of Alice that he takes part in"),
    DemoUser("carol", "Carol", "Rossi", "the microscopy proposals that she leads or works on"),
    DemoUser("staff-mx", "Stella", "Marsh", "every session on the beamlines i03, i04 and i24"),
)
