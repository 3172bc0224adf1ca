"""Demo users with passwords in the site file, for demos and tests only."""

from hmac import compare_digest
from secrets import token_hex

from marshmallow import ValidationError, fields, validates_schema

from services.auth.plugins.base import Account, Authentication
from shared.settings import Items, Section, Text


class DummyUser(Section):
    """A user of a demo."""

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
        """Raise for a user without password and token."""
        if "password" not in user and "token" not in user:
            raise ValidationError("needs a password or a token")


class DummyConfig(Section):
    """The settings of the dummy plugin."""

    users = Items(fields.Nested(DummyUser), "Who may sign in.", required=True)

    @validates_schema
    def tell_users_apart(self, config, **_):
        """Raise for two users with the same login or token."""
        for key in ("login", "token"):
            seen = set()
            for place, user in enumerate(config["users"]):
                if key in user and user[key] in seen:
                    raise ValidationError({"users": {place: {key: ["stands twice"]}}})
                seen.add(user.get(key))


class DummyAuthentication(Authentication):
    """Signs demo users in; those without a row in Person get one."""

    Config = DummyConfig
    demo_only = True
    creates_persons = True

    def __init__(self, config):
        super().__init__(config)
        self._users = {user["login"]: user for user in config["users"]}

    def authenticate_by_login(self, login, password):
        """Compare the password, in the same time for a login that does not exist."""
        user = self._users.get(login, {})
        good = _same(user.get("password") or token_hex(), password)
        return _account(user) if good else None

    def authenticate_by_token(self, token):
        """Compare the token with those of all users."""
        users = [u for u in self._users.values() if _same(u.get("token") or token_hex(), token)]
        return _account(users[0]) if users else None

    def public(self):
        """The users with their passwords, for a page with a button for each."""
        keys = ("login", "password", "name")
        users = [user for user in self._users.values() if "password" in user]
        return {"users": [{key: user[key] for key in keys if key in user} for user in users]}

    def permissions(self, login):
        """The permissions of the user in the site file."""
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
