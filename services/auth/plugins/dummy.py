"""Demo users whose passwords stand in the site file: for trying and testing only."""

from hmac import compare_digest
from secrets import token_hex

from marshmallow import ValidationError, fields, validates_schema

from services.auth.plugins.base import Account, Authentication
from shared.settings import Items, Section, Text


class DummyUser(Section):
    """Somebody who may sign in to a demo."""

    login = Text("Of the table Person.", 45, required=True)
    password = Text("To sign in with the login.")
    token = Text("To sign in as those clients do that bring the token of another provider.")
    name = Text("Shown to people.", 45)
    givenName = Text("For a Person yet to be made.", 45)
    familyName = Text("For a Person yet to be made; else `name`.", 100)
    emailAddress = Text("For a Person yet to be made.", 60)
    permissions = Items(Text(), "Beyond those of the database.")

    @validates_schema
    def need_a_secret(self, user, **_):
        """Without one nobody could sign in, or everybody."""
        if "password" not in user and "token" not in user:
            raise ValidationError("needs a password or a token")


class DummyConfig(Section):
    """The settings of the dummy plugin."""

    users = Items(fields.Nested(DummyUser), "Who may sign in.", required=True)

    @validates_schema
    def tell_users_apart(self, config, **_):
        """Two users with one login or token would be one."""
        for key in ("login", "token"):
            seen = set()
            for place, user in enumerate(config["users"]):
                if key in user and user[key] in seen:
                    raise ValidationError({"users": {place: {key: ["stands twice"]}}})
                seen.add(user.get(key))


class DummyAuthentication(Authentication):
    """Any number of demo users; the table Person learns those that it does not know."""

    Config = DummyConfig
    demo_only = True
    creates_persons = True

    def __init__(self, config):
        super().__init__(config)
        self._users = {user["login"]: user for user in config["users"]}

    def authenticate_by_login(self, login, password):
        """Compare in the same time whether ``login`` is known or not."""
        user = self._users.get(login, {})
        good = _same(user.get("password") or token_hex(), password)
        return _account(user) if good else None

    def authenticate_by_token(self, token):
        """Find the user whose token it is; all are compared."""
        found = [u for u in self._users.values() if _same(u.get("token") or token_hex(), token)]
        return _account(found[0]) if found else None

    def permissions(self, login):
        """Those that the site file gives the user."""
        return self._users.get(login, {}).get("permissions", ())


def _same(secret: str, given: str) -> bool:
    return compare_digest(secret.encode(), given.encode())


def _account(user: dict) -> Account:
    return Account(
        user["login"],
        user.get("givenName"),
        user.get("familyName") or user.get("name") or user["login"],
        user.get("emailAddress"),
    )
