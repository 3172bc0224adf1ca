"""The settings of shipments."""

from shared.setting_fields import Items, Section, Text


class Shipping(Section):
    """Shipments of samples."""

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
