"""The stored objects of MXLIMS messages: which uuid is which row, and in which shipment."""

from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import delete, select

from services.core.modules.shipping.mxlims_documents import SUBSTANCES, Message
from shared import app_context, batches
from shared.db import db
from shared.errors import Conflict
from shared.models import Shipping
from shared.service_tables import MxlimsObject

FALLBACK = "ispyb-services.invalid"  # for sites whose issuer has no domain
OTHER_PROPOSAL = "an object of the message, by its uuid, is stored for another proposal"


class Stored(NamedTuple):
    """A stored object: its class, members as they were sent, and the row that it is in."""

    kind: str
    uuid: str
    content: dict
    table: str | None = None
    key: int | None = None


def get_domain() -> str:
    """The domain of this site, for its identifiers and extensions."""
    host = urlsplit(app_context.site()["tokens"]["issuer"]).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else FALLBACK


def build_uuid(table: str, key: object) -> str:
    """The uuid of a row that no message named."""
    return str(uuid5(NAMESPACE_URL, f"https://{get_domain()}/{table}/{key}"))


def load(shipping_id: int) -> list[Stored]:
    """The stored objects of a shipment."""
    rows = db.session.scalars(select(MxlimsObject).filter_by(shippingId=shipping_id))
    return [_read(row) for row in rows]


def _read(row: MxlimsObject) -> Stored:
    return Stored(row.kind, row.uuid, row.content, row.rowTable, row.rowKey)


def find_shipment(message: Message, proposal_id: int) -> int | None:
    """The key of the shipment that has the objects of a message, if it is stored.

    Conflict if one of them is in another shipment. The objects of deleted shipments are deleted.
    """
    uuids = [each.uuid for each in message.objects.values() if each.kind not in SUBSTANCES]
    statement = select(
        *(MxlimsObject.uuid, MxlimsObject.kind),
        *(MxlimsObject.shippingId, MxlimsObject.proposalId),
    )
    statement = statement.where(MxlimsObject.scope == 0, MxlimsObject.uuid.in_(uuids))
    rows = db.session.execute(statement).all()
    keys = {shipping_id for _, _, shipping_id, _ in rows}
    present = {
        *db.session.scalars(select(Shipping.shippingId).where(Shipping.shippingId.in_(keys)))
    }
    if gone := keys - present:
        db.session.execute(delete(MxlimsObject).where(MxlimsObject.shippingId.in_(gone)))
    rows = [row for row in rows if row[2] in present]
    if any(row[3] != proposal_id for row in rows):
        raise Conflict(OTHER_PROPOSAL)
    own = {key for uuid, _, key, _ in rows if uuid == message.shipment.uuid}
    shipping_id = next(iter(own), None)
    if others := {row[0]: row[2] for row in rows if row[2] != shipping_id}:
        raise Conflict(
            "objects of the message are in another shipment of the proposal",
            _name_objects(message, others),
        )
    return shipping_id


def _name_objects(message: Message, shipments: dict[str, int]) -> dict:
    errors: dict = {}
    for each in message.objects.values():
        if each.uuid in shipments and each.kind not in SUBSTANCES:
            reason = f"This uuid is in shipment {shipments[each.uuid]}."
            errors.setdefault(each.kind, {})[each.name] = {"uuid": [reason]}
    return errors


def list_changed(message: Message, stored: Iterable[Stored]) -> dict | None:
    """The objects that differ from the stored ones, by class and name; None if none does.

    The objects that the message lacks are among them, by their class and uuid.
    """
    before = {each.uuid: each for each in stored}
    errors: dict = {}
    for each in message.objects.values():
        row = before.pop(each.uuid, None)
        if row is None:
            errors.setdefault(each.kind, {})[each.name] = ["Is new."]
        elif row.content != message.get_content(each):
            names = {*row.content, *each.data}
            content = message.get_content(each)
            changed = sorted(n for n in names if row.content.get(n) != content.get(n))
            errors.setdefault(each.kind, {})[each.name] = {
                name: [f"Is {str(row.content.get(name))[:100]} in the stored shipment."]
                for name in changed
            }
    for row in before.values():
        errors.setdefault(row.kind, {})[row.uuid] = ["Is missing."]
    return errors or None


def put(message: Message, keys: dict, shipping_id: int, proposal_id: int) -> None:
    """Store the objects of a message; ``keys`` has table and key of their rows, by path."""
    db.session.execute(delete(MxlimsObject).where(MxlimsObject.shippingId == shipping_id))
    rows = []
    for each in message.objects.values():
        table, key = keys.get(each.path, (None, None))
        rows.append(
            {
                "uuid": each.uuid,
                "scope": shipping_id if each.kind in SUBSTANCES else 0,
                "kind": each.kind,
                "shippingId": shipping_id,
                "proposalId": proposal_id,
                "rowTable": table,
                "rowKey": key,
                "content": message.get_content(each),
            }
        )
    batches.insert(MxlimsObject, rows)


def find_proteins(keys: Collection[int]) -> dict[int, Stored]:
    """The stored macromolecules that are proteins, by the keys of these."""
    statement = select(MxlimsObject).filter_by(rowTable="Protein")
    statement = statement.where(MxlimsObject.rowKey.in_(keys))
    rows = db.session.scalars(statement.order_by(MxlimsObject.mxlimsObjectId.desc()))
    return {row.rowKey: _read(row) for row in rows if row.rowKey is not None}
