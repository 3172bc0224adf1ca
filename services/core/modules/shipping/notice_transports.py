"""Notices on their way: mails through the site's SMTP server, signed POST requests to webhooks."""

import hmac
import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from time import time
from typing import Any

import orjson
import requests
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import Row

from shared.notice_settings import get_secret, is_address

TEMPLATES = Path(__file__).parents[2] / "templates"
TIMEOUT = 10  # seconds, for which a server may be silent
SUBJECT_LENGTH = 200
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Refused(Exception):
    """The reason, without personal data, for which a notice is not delivered."""


def send_mail(site: Mapping, notice: Row) -> None:
    """Send a notice to one address; its Message-ID is the same at each try."""
    smtp = site["notices"].get("smtp")
    if smtp is None:
        raise Refused("the site file has no notices.smtp")
    message = build_mail(site, notice)
    with smtplib.SMTP(smtp["host"], smtp["port"], timeout=TIMEOUT) as server:
        if smtp["starttls"]:
            server.starttls(context=ssl.create_default_context())
        if "user" in smtp:
            server.login(smtp["user"], smtp["password"])
        server.send_message(message)


def build_mail(site: Mapping, notice: Row) -> EmailMessage:
    """The mail of a notice: the first line of its template is the subject."""
    sender = site["notices"]["smtp"]["sender"]
    if not is_address(notice.target):
        raise Refused("the recipient has no valid e-mail address")
    subject, _, text = render(site, notice).partition("\n")
    message = EmailMessage()
    message["From"], message["To"] = sender, notice.target
    message["Subject"] = subject.strip()[:SUBJECT_LENGTH]
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{notice.eventId}.{notice.noticeId}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of absent people
    message.set_content(text.strip() + "\n")
    return message


def render(site: Mapping, notice: Row) -> str:
    """The text of a notice, by the site's template of its event, or by ours."""
    templates = _get_templates(site["notices"].get("templates"))
    template = templates.get_template(f"{notice.event}.txt")
    return template.render(**_clean(notice.body), site=_clean(site["site"]["name"])).lstrip()


@lru_cache(1)
def _get_templates(folder: str | None) -> ImmutableSandboxedEnvironment:
    """The templates, those of ``folder`` first; nothing is escaped, as mails are plain text."""
    folders = [folder, str(TEMPLATES)] if folder else [str(TEMPLATES)]
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _clean(value: Any) -> Any:
    """``value`` without control characters: a line break would end the subject."""
    if isinstance(value, Mapping):
        return {name: _clean(each) for name, each in value.items()}
    return CONTROLS.sub(" ", value) if isinstance(value, str) else value


def call_webhook(site: Mapping, notice: Row) -> None:
    """Send a notice to a URL that the site file still names; any answer but 2xx is a failure."""
    webhooks = {webhook["url"]: webhook for webhook in site["notices"]["webhooks"]}
    webhook = webhooks.get(notice.target)
    if webhook is None:
        raise Refused("the site file names no webhook with this URL any more")
    body = orjson.dumps({"id": notice.eventId, **notice.body})
    with requests.post(
        notice.target,
        data=body,
        headers={
            "Content-Type": "application/json",
            **sign(get_secret(webhook["secret"]), notice.eventId, int(time()), body),
        },
        timeout=TIMEOUT,
        allow_redirects=False,
        stream=True,  # the answer is not read
    ) as answer:
        if not 200 <= answer.status_code < 300:
            raise Refused(f"the webhook answers {answer.status_code}")


def sign(secret: bytes, key: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over id, time and body."""
    digest = hmac.digest(secret, f"{key}.{seconds}.".encode() + body, "sha256")
    return {
        "webhook-id": key,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }


SENDERS: dict[str, Callable[[Mapping, Row], None]] = {
    "mail": send_mail,
    "webhook": call_webhook,
}  # by the kind of a notice
