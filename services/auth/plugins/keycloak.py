"""People of a Keycloak realm, with the settings that sites know from py-ispyb."""

import requests

from services.auth.plugins.openid import TIMEOUT, Address, OpenIdAuthentication, answering, away
from shared.settings import Secret, Section, Text


class KeycloakConfig(Section):
    """The settings of a realm."""

    KEYCLOAK_SERVER_URL = Address("Keycloak itself, e.g. `https://keycloak.example.org`.")
    KEYCLOAK_REALM_NAME = Text("Realm of the users.", required=True)
    KEYCLOAK_CLIENT_ID = Text(
        "Client that tokens come from (`azp`) or are for (`aud`).", required=True
    )
    KEYCLOAK_CLIENT_SECRET_KEY = Secret("Of that client, unless it is a public one.")


class KeycloakAuthentication(OpenIdAuthentication):
    """Lets in whoever brings an access token of the realm, or login and password for one."""

    Config = KeycloakConfig

    def issuer_of(self, config):
        """A realm is an issuer."""
        return (
            f"{config['KEYCLOAK_SERVER_URL'].rstrip('/')}/realms/{config['KEYCLOAK_REALM_NAME']}"
        )

    def client_of(self, config):
        """Keycloak writes it into ``azp``."""
        return config["KEYCLOAK_CLIENT_ID"]

    def authenticate_by_login(self, login, password):
        """Trade both for a token, as the client, and check that: it says who somebody is."""
        if not login or not password:
            return None
        form = {
            "grant_type": "password",
            "scope": "openid",
            "client_id": self.config["KEYCLOAK_CLIENT_ID"],
            "client_secret": self.config.get("KEYCLOAK_CLIENT_SECRET_KEY"),
            "username": login,
            "password": password,
        }
        place = self.endpoint("token_endpoint")
        with answering():
            answer = requests.post(place, data=form, timeout=TIMEOUT, allow_redirects=False)
            told = answer.json()
        error = told.get("error") if isinstance(told, dict) else "something odd"
        if error == "invalid_grant":
            return None
        if answer.status_code != 200 or error:
            raise away(f"no token for a password, but {answer.status_code}, {str(error)[:80]}")
        return self.authenticate_by_token(str(told.get("access_token")))

    def public(self):
        """What Keycloak's own JavaScript adapter asks for."""
        return {name: value for name, value in self.config.items() if "SECRET" not in name}
