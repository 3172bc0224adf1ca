"""The persons who may sign in to the demo; its site file lists the same logins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoUser:
    """A person of the simulated facility; the site file describes each."""

    login: str
    givenName: str
    familyName: str

    @property
    def password(self) -> str:
        """The login, which is the password too."""
        return self.login


DEMO_USERS = (
    DemoUser("admin", "Ada", "Lindgren"),
    DemoUser("alice", "Alice", "Moreau"),
    DemoUser("bob", "Bob", "Okafor"),
    DemoUser("carol", "Carol", "Rossi"),
    DemoUser("staff-mx", "Stella", "Marsh"),
)
