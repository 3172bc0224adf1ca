"""Notices: each event once, to a real SMTP server and a real webhook, again after a failure."""

import hashlib
import hmac
import json
import logging
import ssl
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import update

from services.core.modules.shipping import notice_queue
from services.core.modules.shipping.shipments import shipments
from shared.db import db, in_transaction, transaction_scope
from shared.identity import Identity
from shared.log import LOGGER
from shared.models import LabContact, Person, SessionHasPerson, Shipping
from shared.notice_settings import Notices
from shared.service_tables import Notice, utc_now
from tests.auth.slapd import make_certificate
from tests.core.conftest import ALICE, BOB, DAVE
from tests.processes import free_port

ROOT = "/ispyb/api/v1"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvbmx5ISEh"


class Mailbox:
    """The handler of an SMTP server: it keeps the mails, or refuses them with ``code``."""

    def __init__(self):
        self.mails, self.code = [], None

    async def handle_DATA(self, server, session, envelope):
        if self.code:
            return f"{self.code} not now"
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, message))
        return "250 OK"

    def take(self):
        """The mails since the last call, as ``(recipient, subject)``."""
        taken, self.mails = self.mails, []
        assert all([message["To"]] == recipients for recipients, message in taken)
        return sorted((recipients[0], message["Subject"]) for recipients, message in taken)


@pytest.fixture
def mailbox():
    """An SMTP server on a free port, as ``mailbox.port``."""
    handler = Mailbox()
    handler.port = free_port()
    server = Controller(handler, hostname="127.0.0.1", port=handler.port)
    server.start()
    yield handler
    server.stop()


@pytest.fixture
def receiver():
    """A webhook: ``receiver.calls`` are the requests that it answered with ``receiver.code``.

    Each sets ``receiver.stop``, as a signal would that ends a sender in the middle of its work.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.calls.append((self.path, self.headers, body))
            server.stop.set()
            self.send_response(server.code)
            if server.code == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.calls, server.code, server.stop = [], 200, Event()
    server.url = f"http://127.0.0.1:{server.server_port}/events"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def subscribe(app, mailbox, receiver, monkeypatch):
    """``subscribe(mail=...)`` switches notices on, with recipients and the webhook."""

    def change(webhooks=True, **settings):
        smtp = {"host": "127.0.0.1", "port": mailbox.port, "starttls": False}
        hooks = [{"url": receiver.url, "secret": SECRET}] if webhooks else []
        section = {"smtp": {**smtp, "sender": "ispyb@site.example"}, "webhooks": hooks}
        loaded = Notices().load({"enabled": True, **section, **settings})
        monkeypatch.setitem(app.config["SITE"], "notices", loaded)

    return change


@pytest.fixture
def send(app):
    """``send()`` sends what is due: the numbers of notices that were sent, and that failed."""

    def run():
        with app.app_context():
            return notice_queue.send_due(app.config["SITE"])

    return run


@pytest.fixture
def waiting(app):
    """``waiting()`` are the notices in the outbox."""

    def read():
        with app.app_context():
            return notice_queue.list_()

    return read


@pytest.fixture
def make_due(app):
    """``make_due()`` ends all pauses and claims; it may set other columns."""

    def change(**values):
        past = utc_now() - timedelta(seconds=1)
        with app.app_context():
            in_transaction(
                lambda: db.session.execute(update(Notice).values(nextTry=past, **values))
            )

    return change


@pytest.fixture
def lines():
    """The messages that are logged."""
    messages, handler = [], logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logging.getLogger(LOGGER).addHandler(handler)
    yield messages
    logging.getLogger(LOGGER).removeHandler(handler)


@pytest.fixture
def contacts(add, stock):
    """Alice sends shipment 1, which goes back to bob; dave and alice are its local contacts."""
    for key, person in ((1, ALICE), (2, BOB)):
        add(LabContact(labContactId=key, personId=person, proposalId=1, cardName=f"card {key}"))
    for person, role in ((DAVE, "Local Contact"), (ALICE, "Local Contact 2"), (3, "Team Member")):
        add(SessionHasPerson(sessionId=11, personId=person, role=role))


@pytest.fixture
def alice(as_, contacts):
    """Alice, whose shipment 1 has a name, contacts, and a dewar with a session."""
    client = as_("alice", ALICE)
    names = {"shippingName": "Mäy", "sendingLabContactId": 1, "returnLabContactId": 2}
    patch(client, "shipments/1", **names)
    patch(client, "dewars/1", firstExperimentId=11)
    return client


def patch(client, path, **body):
    answer = client.patch(f"{ROOT}/{path}", json=body)
    assert answer.status_code == 200, answer.text


def check_signature(headers, body):
    """Check the signature as Standard Webhooks describes it; return the id."""
    key, seconds = headers["webhook-id"], headers["webhook-timestamp"]
    secret = b64decode(SECRET.partition("_")[2])
    digest = hmac.new(secret, f"{key}.{seconds}.".encode() + body, hashlib.sha256).digest()
    version, _, signature = headers["webhook-signature"].partition(",")
    assert (version, b64decode(signature)) == ("v1", digest)
    assert abs(time() - int(seconds)) < 60
    return key


def test_each_event_of_a_shipment_is_sent_once(alice, subscribe, send, waiting, mailbox, receiver):
    mail = {
        "sent": ["stores@site.example", "Stores@site.example"],
        "received": ["sending_contact", "local_contacts"],
        "returned": ["return_contact", "leader"],
    }
    subscribe(mail=mail)
    patch(alice, "shipments/1", comments="no event")
    patch(alice, "shipments/1", shippingStatus="ready")
    assert waiting() == []

    patch(alice, "shipments/1", shippingStatus="Sent_to facility")
    assert [(row["event"], row["kind"]) for row in waiting()] == [
        ("sent", "webhook"),
        ("sent", "mail"),
    ]
    assert (send(), send(), waiting()) == ((2, 0), (0, 0), [])
    [(recipients, message)] = mailbox.mails
    assert recipients == ["stores@site.example"]
    assert message["From"] == "ispyb@site.example"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "sent to Test Light Source" in text
    assert "Shipment:  Mäy" in text and "Proposal:  mx1" in text and "{" not in text
    assert mailbox.take() == [("stores@site.example", "Shipment Mäy of mx1 is on its way")]
    [(path, headers, body)] = receiver.calls
    key = check_signature(headers, body)
    assert message["Message-ID"].startswith(f"<{key}.")
    assert (path, headers["Content-Type"]) == ("/events", "application/json")
    event = json.loads(body)
    age = datetime.now() - datetime.fromisoformat(event.pop("time"))
    assert timedelta() <= age < timedelta(minutes=1)
    assert event == {
        "id": key,
        "event": "sent",
        "proposal": "mx1",
        "Shipping": {"shippingId": 1, "shippingName": "Mäy"},
        "Dewar": None,
        "status": "Sent_to facility",
        "place": None,
    }

    patch(alice, "dewars/1", dewarStatus="at facility", storageLocation="stores-in")
    patch(alice, "dewars/1", storageLocation="rack 3")
    assert send() == (3, 0)
    subject = "Shipment Mäy of mx1 has arrived"
    assert mailbox.take() == [("alice@lab.example", subject), ("dave@lab.example", subject)]
    event = json.loads(receiver.calls.pop()[2])
    assert event["Dewar"] == {"dewarId": 1, "code": "dewar 1", "barCode": None}
    assert (event["event"], event["place"]) == ("received", "stores-in")

    pucks = [
        alice.post(f"{ROOT}/containers", json={"dewarId": 1, "code": code}).json["containerId"]
        for code in ("p2", "p3")
    ]
    for puck, status in zip(pucks * 2, ["processing"] * 2 + ["at facility"] * 2, strict=True):
        place = {"beamlineLocation": "i03", "sampleChangerLocation": "7"}
        patch(alice, f"containers/{puck}", containerStatus=status, **place)
    assert send() == (1, 0) and mailbox.take() == []
    event = json.loads(receiver.calls.pop()[2])
    assert (event["event"], event["place"]) == ("at_beamline", "i03 7")
    assert event["Dewar"]["dewarId"] == 1

    patch(alice, "dewars/1", dewarStatus="returned")
    assert send() == (3, 0)
    subject = "Shipment Mäy of mx1 is on its way back"
    assert mailbox.take() == [("alice@lab.example", subject), ("bob@lab.example", subject)]
    patch(alice, "shipments/1", shippingStatus="returned")
    assert waiting() == []


def test_a_notice_that_fails_is_sent_again_later_and_later_then_is_dead(
    alice, subscribe, send, waiting, make_due, mailbox, receiver, lines
):
    subscribe(mail={"problem": ["leader"]})
    receiver.code, mailbox.code = 500, 451
    patch(alice, "shipments/1", shippingStatus="Problem")
    before = utc_now().replace(microsecond=0)
    assert (send(), send()) == ((0, 2), (0, 0))
    for row, minutes in zip(waiting(), (1, 1), strict=True):
        pause = datetime.fromisoformat(row["nextTry"]) - before
        assert timedelta(minutes=minutes) <= pause < timedelta(minutes=minutes + 1)
    assert [(row["tries"], row["error"]) for row in waiting()] == [
        (1, "the webhook answers 500"),
        (1, "the mail server answers 451"),
    ]
    make_due()
    receiver.code, mailbox.code = 302, None
    assert send() == (1, 1)
    assert mailbox.take() == [("alice@lab.example", "A problem with shipment Mäy of mx1")]
    [row] = waiting()
    assert row["error"] == "the webhook answers 302"
    pause = datetime.fromisoformat(row["nextTry"]) - before
    assert timedelta(minutes=2) <= pause < timedelta(minutes=3)
    make_due(tries=notice_queue.MOST_TRIES - 1)
    receiver.code = 200
    receiver.shutdown()
    receiver.server_close()
    assert send() == (0, 1)
    make_due()
    assert send() == (0, 0)
    [row] = waiting()
    assert (row["isDead"], row["error"]) == (True, "ConnectionError")
    logged = "".join(line for line in lines if line.startswith("notice"))
    assert "302" in logged and not [word for word in ("@", "http", "Mäy") if word in logged]
    keys = {check_signature(headers, body) for _, headers, body in receiver.calls}
    assert keys == {row["eventId"]} and len(receiver.calls) == 2
    assert {path for path, _, _ in receiver.calls} == {"/events"}


def test_a_killed_sender_loses_nothing_and_two_send_nothing_twice(
    app, alice, subscribe, send, waiting, make_due, receiver
):
    subscribe()
    patch(alice, "shipments/1", shippingStatus="problem")
    with app.app_context():
        claimed = in_transaction(notice_queue.claim)
    assert (send(), receiver.calls) == ((0, 0), [])
    make_due()
    with app.app_context():
        again = in_transaction(notice_queue.claim)
        in_transaction(lambda: notice_queue._put_back(claimed, "late"))
    assert (again.noticeId, waiting()[0]["error"]) == (claimed.noticeId, None)
    assert send() == (0, 0)
    make_due()
    assert (send(), len(receiver.calls)) == ((1, 0), 1)

    for dewar in range(6):
        body = {"shippingId": 1, "dewarStatus": "at facility"}
        assert alice.post(f"{ROOT}/dewars", json=body).status_code == 201, dewar
    receiver.stop.clear()
    with app.app_context():
        notice_queue.run(app.config["SITE"], receiver.stop, 0)
    assert (len(receiver.calls), len(waiting())) == (2, 5)
    with ThreadPoolExecutor(3) as pool:
        results = [future.result() for future in [pool.submit(send) for _ in range(3)]]
    assert (sum(sent for sent, _ in results), waiting()) == (5, [])
    keys = [headers["webhook-id"] for _, headers, _ in receiver.calls]
    assert len(keys) == len({*keys}) == 7


def test_a_change_that_is_rolled_back_leaves_no_notice(app, alice, subscribe, waiting):
    subscribe(mail={"sent": ["leader"]})
    identity = Identity("alice", ALICE, frozenset(), frozenset(), None, False, "1", 0)
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction_scope():
        shipments.update(identity, 1, {"shippingStatus": "sent to facility"})
        assert len(notice_queue.list_()) == 2
        raise ZeroDivisionError
    assert waiting() == []


def test_without_the_section_a_change_makes_no_notice(app, alice, waiting):
    assert app.config["SITE"]["notices"]["enabled"] is False
    patch(alice, "shipments/1", shippingStatus="sent to facility")
    assert waiting() == []


def test_no_text_of_a_user_adds_a_header_and_no_address_is_logged(
    alice, add, subscribe, send, mailbox, lines
):
    name = "x\r\nBcc: eve@evil.example\n\nbody"
    add(Person(personId=7, emailAddress="a@b.example\r\nBcc: e@b.example"))
    add(LabContact(labContactId=7, personId=7, proposalId=1, cardName="seven"))
    add(Shipping(shippingId=7, proposalId=1, shippingName=name, sendingLabContactId=7))
    subscribe(webhooks=False, mail={"sent": ["sending_contact", "local_contacts", "leader"]})
    patch(alice, "shipments/7", shippingStatus="sent to facility")
    assert send() == (1, 0)
    [(recipients, message)] = mailbox.mails
    assert (recipients, message["Bcc"]) == (["alice@lab.example"], None)
    assert message["Subject"] == "Shipment x Bcc: eve@evil.example body of mx1 is on its way"
    reasons = [line for line in lines if line.startswith("notice")]
    assert reasons[:2] == [
        "notice sent of shipment 7: 0 of 1 sending_contact have an e-mail address",
        "notice sent of shipment 7: 0 of 0 local_contacts have an e-mail address",
    ]
    assert len(reasons) == 3 and "@" not in "".join(lines)


def test_a_site_has_texts_of_its_own_in_a_sandbox(
    alice, subscribe, send, waiting, make_due, mailbox, tmp_path
):
    template = tmp_path / "sent.txt"
    mail = {"sent": ["leader"], "received": ["leader"]}
    subscribe(webhooks=False, mail=mail, templates=str(tmp_path))
    patch(alice, "shipments/1", shippingStatus="sent to facility")
    for text, reason in (
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__'"),
        ("{{ Shiping }}", "'Shiping' is undefined"),
        ("{% if %}", "Expected an expression"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ):
        template.write_text(text)
        assert send() == (0, 1)
        assert reason in waiting()[0]["error"]
        make_due()
    template.write_text("{{ proposal }} <sent>\n{{ Shipping.shippingName }} & {{ site }}")
    assert send() == (1, 0)
    assert mailbox.mails[0][1].get_content().strip() == "Mäy & Test Light Source"
    assert mailbox.take() == [("alice@lab.example", "mx1 <sent>")]
    patch(alice, "shipments/1", shippingStatus="at facility")
    assert send() == (1, 0)
    assert mailbox.take() == [("alice@lab.example", "Shipment Mäy of mx1 has arrived")]


def test_a_password_is_sent_encrypted_to_a_server_with_a_good_certificate(
    alice, subscribe, send, waiting, make_due, tmp_path, monkeypatch
):
    logins, handler, port = [], Mailbox(), free_port()

    def check(server, session, envelope, mechanism, data):
        logins.append((data.login, data.password))
        return AuthResult(success=True)

    make_certificate(tmp_path)
    certificate = tmp_path / "certificate.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    options = {"tls_context": context, "authenticator": check, "auth_required": True}
    server = Controller(handler, hostname="127.0.0.1", port=port, **options)
    server.start()
    smtp = {"host": "localhost", "port": port, "sender": "ispyb@site.example"}
    smtp |= {"user": "ispyb", "password": "smtp-word"}
    subscribe(webhooks=False, mail={"sent": ["leader"]}, smtp=smtp)
    patch(alice, "shipments/1", shippingStatus="sent to facility")
    try:
        assert (send(), logins) == ((0, 1), [])
        assert waiting()[0]["error"] == "SSLCertVerificationError"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        make_due()
        assert (send(), logins) == ((1, 0), [(b"ispyb", b"smtp-word")])
    finally:
        server.stop()
    assert [recipient for recipient, _ in handler.take()] == ["alice@lab.example"]
