"""People of a Keycloak realm, with the settings that sites know from py-ispyb."""

import requests

from services.auth.plugins.openid import (
    TIMEOUT,
    Address,
    OpenIdAuthentication,
    provider_errors,
    unavailable,
)
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
    """Signs persons in by an access token of the realm, or by login and password."""

    Config = KeycloakConfig

    def issuer_of(self, config):
        """The address of the realm, which is the issuer of its tokens."""
        return (
            f"{config['KEYCLOAK_SERVER_URL'].rstrip('/')}/realms/{config['KEYCLOAK_REALM_NAME']}"
        )

    def client_of(self, config):
        """The client id, which Keycloak writes into ``azp``."""
        return config["KEYCLOAK_CLIENT_ID"]

    def authenticate_by_login(self, login, password):
        """Get a token for login and password from Keycloak, and check that token."""
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
        url = self.endpoint("token_endpoint")
        with provider_errors():
            answer = requests.post(url, data=form, timeout=TIMEOUT, allow_redirects=False)
            document = answer.json()
        error = document.get("error") if isinstance(document, dict) else "no object"
        if error == "invalid_grant":
            return None
        if answer.status_code != 200 or error:
            raise unavailable(
                f"no token for a password, but {answer.status_code}, {str(error)[:80]}"
            )
        return self.authenticate_by_token(str(document.get("access_token")))

    def public(self):
        """The settings that Keycloak's own JavaScript adapter needs."""
        return {name: value for name, value in self.config.items() if "SECRET" not in name}
