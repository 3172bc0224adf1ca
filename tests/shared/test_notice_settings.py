"""The section ``notices`` of the site file: its mistakes, and its secrets."""

import pytest

from shared import config


@pytest.fixture
def least():
    """The settings of a site with core, but without notices."""
    return {
        "site": {"name": "Example"},
        "database": {"uri": "mysql://ispyb@db/ispyb"},
        "tokens": {"issuer": "https://ispyb.example.org"},
        "services": {"core": {}},
    }


def faults(document):
    with pytest.raises(config.ConfigError) as caught:
        config.load(document, keys=False)
    return caught.value.faults


def test_no_service_needs_the_secrets_of_notices(least):
    webhook = {"url": "https://lims.example.org/x", "secret": {"env": "ISPYB_NO_SUCH"}}
    least["notices"] = {"webhooks": [webhook]}
    config.load(least, keys=False)  # they are off
    least["notices"]["enabled"] = True
    core = config.load(least, "core", keys=False)
    assert config.load(core, "core", keys=False) == core
    missing = "notices.webhooks.0.secret: the environment variable ISPYB_NO_SUCH is not set"
    assert faults(least) == [missing]


def test_a_mistake_about_notices_is_found_before_one_is_lost(least):
    user = {"host": "x", "sender": "ispyb@x.example\n", "user": "a", "password": "b"}
    least["notices"] = {
        "enabled": True,
        "events": {"sended": ["sent"]},
        "mail": {"sent": ["leaders", "a@b.example, c@d.example"]},
        "smtp": user,
        "webhooks": [
            {"url": "ftp://x.example", "secret": "A" * 32},
            {"url": "https://me@x.example/", "secret": "too short", "events": ["lost"]},
        ],
    }
    texts = "must be an e-mail address, or one of sending_contact, return_contact, local_contacts"
    url = "must be http://host/path or https://host/path, without a user"
    words = "sent, received, at_beamline, returned, problem"
    assert sorted(faults(least)) == [
        "notices.events.sended: unknown key, did you mean sent?",
        f"notices.mail.sent.0: {texts}, leader",
        f"notices.mail.sent.1: {texts}, leader",
        "notices.smtp.sender: must be an e-mail address such as ispyb@example.org",
        f"notices.webhooks.0.url: {url}",
        f"notices.webhooks.1.events.0: must be one of: {words}",
        "notices.webhooks.1.secret: must be 24 to 64 bytes in base64: `openssl rand -base64 32`",
        f"notices.webhooks.1.url: {url}",
    ]
    smtp = {**user, "sender": "ispyb@x.example", "starttls": False}
    least["notices"] = {"smtp": smtp}
    unencrypted = "would be sent unencrypted: it needs starttls"
    assert faults(least) == [f"notices.smtp.password: {unencrypted}"]
    del smtp["password"]
    assert faults(least) == ["notices.smtp.user: user and password stand together"]
    hook = {"url": "http://x.example", "secret": "A" * 32}
    least["notices"] = {"webhooks": [hook, hook]}
    assert faults(least) == ["notices.webhooks.1.url: stands twice"]
    least["notices"] = {"mail": {"sent": ["leader"]}}
    assert faults(least) == ["notices.smtp: is missing, and mail has recipients"]
