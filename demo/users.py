"""The people who may sign in to the demo; the site file of the demo lists the same logins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoUser:
    """A person of the simulated facility; the site file says what to expect of it."""

    login: str
    givenName: str
    familyName: str

    @property
    def password(self) -> str:
        """The login: nobody has to remember it."""
        return self.login


DEMO_USERS = (
    DemoUser("admin", "Ada", "Lindgren"),
    DemoUser("alice", "Alice", "Moreau"),
    DemoUser("bob", "Bob", "Okafor"),
    DemoUser("carol", "Carol", "Rossi"),
    DemoUser("staff-mx", "Stella", "Marsh"),
)
