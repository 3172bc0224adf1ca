"""Access tokens of Keycloak, with the settings that sites know from py-ispyb."""

from services.auth.plugins.openid import Address, OpenIdAuthentication
from shared.settings import Secret, Section, Text


class KeycloakConfig(Section):
    """The settings of a realm."""

    KEYCLOAK_SERVER_URL = Address("Keycloak itself, e.g. `https://keycloak.example.org`.")
    KEYCLOAK_REALM_NAME = Text("Realm of the users.", required=True)
    KEYCLOAK_CLIENT_ID = Text(
        "Client that tokens come from: MXCuBE's and the web interface's own.", required=True
    )
    KEYCLOAK_CLIENT_SECRET_KEY = Secret(
        "Taken, since site files have it; to check tokens none is needed."
    )


class KeycloakAuthentication(OpenIdAuthentication):
    """Lets in whoever brings an access token of the realm."""

    Config = KeycloakConfig

    def issuer_of(self, config):
        """A realm is an issuer."""
        return (
            f"{config['KEYCLOAK_SERVER_URL'].rstrip('/')}/realms/{config['KEYCLOAK_REALM_NAME']}"
        )

    def client_of(self, config):
        """Keycloak writes it into ``azp``."""
        return config["KEYCLOAK_CLIENT_ID"]

    def public(self):
        """What Keycloak's own JavaScript adapter asks for."""
        return {name: value for name, value in self.config.items() if "SECRET" not in name}
