"""The settings of notices: their events, the recipients of mails, the webhooks."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.setting_fields import Items, Secret, Section, Switch, Text, Whole
from shared.shipping_settings import STATUS_LENGTH

EVENTS = ("sent", "received", "at_beamline", "returned", "problem")
RECIPIENTS = ("sending_contact", "return_contact", "local_contacts", "leader")
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*", re.A | re.I)
URL_LENGTH = 255  # of the column with the target of a notice
SECRET_PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)  # as Standard Webhooks recommends


def is_address(text: str) -> bool:
    """Whether ``text`` is one e-mail address in ASCII, and nothing else."""
    return len(text) < URL_LENGTH and ADDRESS.fullmatch(text) is not None


def get_secret(text: str) -> bytes:
    """The key of a webhook, of which ``text`` is the spelling in the site file."""
    try:
        return b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        return b""


def list_faults(site: Mapping) -> Iterator[str]:
    """Faults of the secrets of webhooks: other services load the section without secrets."""
    for place, webhook in enumerate(site.get("notices", {}).get("webhooks", [])):
        secret = webhook.get("secret")
        if secret is not None and len(get_secret(secret)) not in SECRET_BYTES:
            key = f"notices.webhooks.{place}.secret"
            yield f"{key}: must be 24 to 64 bytes in base64: `openssl rand -base64 32`"


def _recipient(text: str) -> None:
    if text not in RECIPIENTS and not is_address(text):
        raise ValidationError(f"must be an e-mail address, or one of {', '.join(RECIPIENTS)}")


def _sender(text: str) -> None:
    if not is_address(text):
        raise ValidationError("must be an e-mail address such as ispyb@example.org")


def _url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.fragment:
        raise ValidationError("must be http://host/path or https://host/path, without a user")


class StatusEvents(Section):
    """The status words with which an event happens; case, blanks, `-` and `_` are the same."""

    sent = Items(
        Text(most=STATUS_LENGTH),
        "It is on its way to the facility.",
        load_default=lambda: ["sent to facility"],
    )
    received = Items(
        Text(most=STATUS_LENGTH),
        "It has arrived.",
        load_default=lambda: ["at facility"],
    )
    at_beamline = Items(
        Text(most=STATUS_LENGTH),
        "Its first container is at a beamline.",
        load_default=lambda: ["processing"],
    )
    returned = Items(
        Text(most=STATUS_LENGTH),
        "It is on its way back.",
        load_default=lambda: ["returned", "sent to user"],
    )
    problem = Items(
        Text(most=STATUS_LENGTH),
        "Somebody has to look after it.",
        load_default=lambda: ["problem"],
    )


class Recipients(Section):
    """The recipients of mails: addresses, or contacts of the shipment and its proposal."""

    sent = Items(
        Text(check=_recipient),
        "When it is sent: e-mail addresses, `sending_contact` and `return_contact` of the"
        " shipment, `local_contacts` of the sessions of its dewars, the `leader` of its proposal.",
    )
    received = Items(Text(check=_recipient), "When it is received.")
    at_beamline = Items(Text(check=_recipient), "When it is at a beamline.")
    returned = Items(Text(check=_recipient), "When it is returned.")
    problem = Items(Text(check=_recipient), "When there is a problem.")


class Smtp(Section):
    """The server that takes the mails; needed if `mail` has recipients."""

    host = Text("Its name.", required=True)
    port = Whole("Its port.", 1, 65_535, 25)
    starttls = Switch("Whether the connection is encrypted by STARTTLS, with a good certificate.")
    user = Text("Account at that server, if it wants one.")
    password = Secret("Password of that account; it needs `starttls`.")
    sender = Text("Address that the mails come from.", required=True, check=_sender)

    @validates_schema
    def check_login(self, settings, **_):
        """Check that a password has an account, and is sent encrypted only."""
        if ("user" in settings) != ("password" in settings):
            raise ValidationError("user and password stand together", "user")
        if "password" in settings and not settings["starttls"]:
            raise ValidationError("would be sent unencrypted: it needs starttls", "password")


class Webhook(Section):
    """A program that gets events as signed POST requests, in the way of Standard Webhooks."""

    url = Text("Its address; redirects are not followed.", URL_LENGTH, required=True, check=_url)
    secret = Secret(
        "Key of the signature, 24 to 64 bytes in base64: `openssl rand -base64 32`.",
        required=True,
    )
    events = Items(
        Text(check=validate.OneOf(EVENTS, error="must be one of: {choices}")),
        "Events that it gets.",
        load_default=lambda: [*EVENTS],
    )


class Notices(Section):
    """Mails and calls of webhooks about shipments; `ispyb-services notices send` sends them."""

    enabled = Switch("Whether changes of shipments make notices.", False)
    templates = Text(
        "Folder with texts of mails, as `sent.txt`, in place of those of the package.",
    )
    events = fields.Nested(StatusEvents, load_default=lambda: StatusEvents().load({}))
    mail = fields.Nested(Recipients, load_default=lambda: Recipients().load({}))
    smtp = fields.Nested(Smtp)
    webhooks = Items(fields.Nested(Webhook))

    @validates_schema
    def check_parts(self, settings, **_):
        """Check that mails have a server, and that no webhook stands twice."""
        if any(settings["mail"].values()) and "smtp" not in settings:
            raise ValidationError("is missing, and mail has recipients", "smtp")
        urls = [webhook["url"] for webhook in settings["webhooks"]]
        for place, url in enumerate(urls):
            if url in urls[:place]:
                raise ValidationError({"webhooks": {place: {"url": ["stands twice"]}}})
