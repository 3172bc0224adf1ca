"""The settings of shipments: their status words, the format of bar codes."""

import re

from marshmallow import ValidationError

from shared.setting_fields import Items, Section, Switch, Text

STATUS_LENGTH = 45  # of the columns with a status
STATUSES = (
    *("opened", "awb requested", "awb created", "pickup booked", "sent to facility"),
    *("at facility", "processing", "dispatch-requested", "dispatch-booked", "returned"),
)
BARCODE_WORDS = ("proposal", "visit", "beamline", "id")


def _barcode(text: str) -> None:
    """Raise unless the format of bar codes has the key, and only known words in braces."""
    names = re.findall(r"{(\w*)(?::0?\d)?}", text)
    if unknown := set(names) - {*BARCODE_WORDS}:
        raise ValidationError(f"has {{{min(unknown)}}}: words are {', '.join(BARCODE_WORDS)}")
    if "id" not in names or text.count("{") != len(names) or text.count("}") != len(names):
        raise ValidationError("must have {id}, the key of the dewar, or no two codes differ")


class Shipping(Section):
    """Shipments of samples: labels, status words, bar codes."""

    address = Items(
        Text(),
        "Lines of the facility's address on labels, the first one its name; without them labels "
        "show the name of the site.",
    )
    instructions = Items(Text(), "Lines for the sender and the stores, on the label of a dewar.")
    goods = Text(
        "The description of the goods on address labels.",
        load_default="Dry shipper containing frozen crystals. Not restricted: ADR 346, IATA A152.",
    )
    statuses = Items(
        Text(most=STATUS_LENGTH),
        "The words of the way of a shipment, in order. Other words are taken too. Case, blanks,"
        " `-` and `_` make no difference.",
        load_default=lambda: [*STATUSES],
    )
    sent_status = Text(
        "The word with which a user hands a shipment over: not while a dewar of it is"
        " `processing`.",
        STATUS_LENGTH,
        load_default="sent to facility",
    )
    arrived_status = Text(
        "The word of a dewar that is scanned at a place of the facility, and of a container that"
        " leaves a beamline.",
        STATUS_LENGTH,
        load_default="at facility",
    )
    session_required = Switch(
        "Whether each dewar needs a session, and the shipment a contact that sends it, before it"
        " is sent.",
        default=False,
    )
    create_proteins = Switch(
        "Whether a document or spreadsheet of samples may make proteins that the proposal lacks."
    )
    dewar_barcode = Text(
        "The bar code of a new dewar: `{proposal}`, `{visit}`, `{beamline}`, `{id}` or `{id:7}`"
        " with zeros in front. A part in `[...]` is left out without a session.",
        load_default="{proposal}[-{visit}-{beamline}]-{id:7}",
        check=_barcode,
    )
