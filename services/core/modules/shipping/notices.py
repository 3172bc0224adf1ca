"""Notices of shipments: the outbox gets a row for each mail and each call of a webhook.

The rows are written in the transaction of the change of status; ``notice_queue`` sends them. No
rule of access applies: the recipients are those that the site file names.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, Select, func, select

from services.core.modules.shipping.status_words import plain
from shared import app_context
from shared.db import db
from shared.inserts import insert
from shared.log import LOGGER
from shared.models import (
    Dewar,
    LabContact,
    Person,
    Proposal,
    SessionHasPerson,
    Shipping,
)
from shared.names import build_proposal_name
from shared.notice_settings import EVENTS, is_address
from shared.service_tables import Notice, StatusChange, utc_now

LOCAL_CONTACTS = ("Local Contact", "Local Contact 2")  # roles on a session
COVERED = "notices"  # key in ``session.info``: the events of the transaction

Change = dict[str, Any]  # the columns of a new row of StatusChange


def note(changes: list[Change]) -> None:
    """Put the notices of ``changes``, which are not stored yet, into the outbox.

    A notice is of the shipment if all of it changed, else of the dewar: a request makes one for
    each event of these. A change of place makes none.
    """
    words = _get_words()
    pairs = [
        (event, change)
        for change in changes
        if change["shippingId"] is not None
        for event in words.get(plain(change["status"]), ())
    ]
    pairs = [*_drop_repeats(pairs, words)] if pairs else []
    rows = [row for event, change in pairs for row in _build_rows(event, change)]
    if rows:
        insert(Notice.__table__, rows)


def _get_words() -> dict[str, list[str]]:
    """The events to which somebody subscribes, by the status words of each, as compared."""
    settings = app_context.site()["notices"]
    words: dict[str, list[str]] = {}
    for event in EVENTS if settings["enabled"] else ():
        if settings["mail"][event] or _get_urls(event):
            for word in settings["events"][event]:
                words.setdefault(plain(word), []).append(event)
    return words


def _get_urls(event: str) -> list[str]:
    webhooks = app_context.site()["notices"]["webhooks"]
    return [webhook["url"] for webhook in webhooks if event in webhook["events"]]


def _drop_repeats(
    pairs: list[tuple[str, Change]], words: dict[str, list[str]]
) -> Iterator[tuple[str, Change]]:
    """Those of ``pairs`` that are news for the subscribers.

    A change passes from a shipment to its dewars and back within one transaction: the first one
    counts. A dewar that only changes its place keeps its last event. Containers follow one by one:
    the first one counts, and none that goes back to an event that its dewar had.
    """
    dewar_ids = {change["dewarId"] for _, change in pairs} - {None}
    last, events = _list_events(dewar_ids, words) if dewar_ids else ({}, set())
    covered = _get_covered()
    for event, change in pairs:
        dewar_id = change["dewarId"]
        dewars = covered.setdefault((event, change["shippingId"]), set())
        if None in dewars or dewar_id in dewars or (dewars and dewar_id is None):
            continue
        if change["containerId"] is not None:
            is_repeat = (dewar_id, event) in events
        else:
            is_repeat = event in last.get(dewar_id, ())
        if not is_repeat:
            dewars.add(dewar_id)
            yield event, change


def _list_events(
    dewar_ids: set[int], words: dict[str, list[str]]
) -> tuple[dict[int, list[str]], set[tuple[int, str]]]:
    """The events of the last status of each dewar; and all of a dewar and its containers."""
    is_dewar = StatusChange.containerId.is_(None)
    columns = StatusChange.dewarId, is_dewar, StatusChange.status
    newest = func.max(StatusChange.statusChangeId)
    statement = select(*columns).where(StatusChange.dewarId.in_(dewar_ids))
    last: dict[int, list[str]] = {}
    events: set[tuple[int, str]] = set()
    changes: Any = db.session.execute(statement.group_by(*columns).order_by(newest))
    for dewar_id, of_dewar, status in changes:
        names = words.get(plain(status), [])
        events |= {(dewar_id, name) for name in names}
        if of_dewar:
            last[dewar_id] = names
    return last, events


def _get_covered() -> dict[tuple[str, int], set[int | None]]:
    """The dewars with a notice in this transaction, by event and shipment; None: all of it."""
    transaction = db.session().get_transaction()
    begun, covered = db.session.info.get(COVERED, (None, {}))
    if begun is not transaction:
        covered = {}
        db.session.info[COVERED] = transaction, covered
    return covered


def _build_rows(event: str, change: Change) -> list[dict]:
    """The rows of the outbox for one event, one for each recipient and webhook."""
    pieces = _get_pieces(change["shippingId"])
    dewar_id = change["dewarId"]
    if dewar_id is not None:
        pieces = [piece for piece in pieces if piece.dewarId == dewar_id] or pieces
    targets = [
        *(("webhook", url) for url in _get_urls(event)),
        *(("mail", address) for address in _list_addresses(event, pieces)),
    ]
    body = _build_body(event, change, pieces[0])
    common: Change = {"eventId": uuid4().hex, "event": event, "body": body}
    common |= {"created": utc_now(), "nextTry": utc_now(), "tries": 0}
    return [{**common, "kind": kind, "target": target} for kind, target in targets]


def _get_pieces(shipping_id: int) -> list[Row]:
    """The shipment with its proposal, once for each dewar, or once without any."""
    statement = (
        select(
            *(Shipping.shippingId, Shipping.shippingName),
            *(Shipping.sendingLabContactId, Shipping.returnLabContactId),
            *(Proposal.proposalCode, Proposal.proposalNumber, Proposal.personId),
            *(Dewar.dewarId, Dewar.code, Dewar.barCode, Dewar.firstExperimentId),
        )
        .join(Proposal, Proposal.proposalId == Shipping.proposalId)
        .outerjoin(Dewar, Dewar.shippingId == Shipping.shippingId)
        .where(Shipping.shippingId == shipping_id)
        .order_by(Dewar.dewarId)
    )
    return [*db.session.execute(statement)]


def _build_body(event: str, change: Change, piece: Row) -> dict:
    """The event as webhooks get it: without personal data."""
    time: datetime = change["time"]
    dewar = {"dewarId": piece.dewarId, "code": piece.code, "barCode": piece.barCode}
    return {
        "event": event,
        "time": time.isoformat(),
        "proposal": build_proposal_name(piece.proposalCode, piece.proposalNumber),
        "Shipping": {"shippingId": piece.shippingId, "shippingName": piece.shippingName},
        "Dewar": None if change["dewarId"] is None else dewar,
        "status": change["status"],
        "place": change["place"],
    }


def _list_addresses(event: str, pieces: list[Row]) -> list[str]:
    """The addresses that get a mail, each once, however many roles it has."""
    addresses: dict[str, str] = {}
    for recipient in app_context.site()["notices"]["mail"][event]:
        statement = SELECT_ADDRESSES.get(recipient)
        if statement is None:
            addresses.setdefault(recipient.lower(), recipient)
            continue
        emails = [*db.session.scalars(statement(pieces))]
        good = [email.strip() for email in emails if email and is_address(email.strip())]
        for address in good:
            addresses.setdefault(address.lower(), address)
        if not good or len(good) < len(emails):
            logging.getLogger(LOGGER).warning(
                "notice %s of shipment %s: %s of %s %s have an e-mail address",
                *(event, pieces[0].shippingId, len(good), len(emails), recipient),
            )
    return [*addresses.values()]


def _select_contact(key: int | None) -> Select:
    return (
        select(Person.emailAddress)
        .join(LabContact, LabContact.personId == Person.personId)
        .where(LabContact.labContactId == key)
    )


def _select_return_contact(pieces: list[Row]) -> Select:
    """A shipment without such a contact goes back to its sender."""
    first = pieces[0]
    return _select_contact(first.returnLabContactId or first.sendingLabContactId)


def _select_local_contacts(pieces: list[Row]) -> Select:
    session_ids = {piece.firstExperimentId for piece in pieces} - {None}
    return (
        select(Person.emailAddress)
        .join(SessionHasPerson, SessionHasPerson.personId == Person.personId)
        .where(SessionHasPerson.sessionId.in_(session_ids))
        .where(SessionHasPerson.role.in_(LOCAL_CONTACTS))
    )


SELECT_ADDRESSES: dict[str, Callable[[list[Row]], Select]] = {
    "sending_contact": lambda pieces: _select_contact(pieces[0].sendingLabContactId),
    "return_contact": _select_return_contact,
    "local_contacts": _select_local_contacts,
    "leader": lambda pieces: select(Person.emailAddress).where(
        Person.personId == pieces[0].personId
    ),
}  # the statements for the addresses of recipients, by the words of the settings
