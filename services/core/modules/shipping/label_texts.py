"""The texts of labels and tables, from the rows of shipments, dewars and containers."""

from typing import Any

from services.core.modules.shipping.container_labels import ContainerLabel
from services.core.modules.shipping.dewar_labels import CODES, DewarLabels
from services.core.modules.shipping.table_pages import Row, Table
from services.core.schemas.shipping.labels import PROPOSAL
from shared.names import build_proposal_name, build_session_name

BLANK_ROWS = 25  # of a container with more places, the sheet has only the samples
MANIFEST = {
    **{"Piece": 3, "Bar code": 4, "Content": 3.5, "Tracking number": 3},
    **{"Weight": 2, "Customs value": 2.2, "Transport value": 2.4},
}  # the columns and their widths
SHEET = {
    **{"Position": 1.4, "Acronym": 2.5, "Name": 3},
    **{"Space group": 1.6, "Bar code": 2.5, "Comments": 4},
}


def make_dewar_labels(site: dict, shipment: dict, dewar: dict, piece: str) -> DewarLabels:
    """The labels of a dewar of a shipment; ``piece`` is its place among the others."""
    settings, session = site["shipping"], dewar["BLSession"] or {}
    sender = shipment["sendingLabContact"] or {}
    recipient = shipment["returnLabContact"] or sender
    person = sender.get("Person") or {}
    codes = [name_container(each) for each in dewar["Container"]]
    beamline, start = session.get("beamLineName"), _moment(session.get("startDate"))
    experiment = {
        "Experiment": _join(", ", beamline, start),
        "Local contact": _text(session.get("beamLineOperator")),
    }
    both = {
        "Weight": _quantity(dewar["weight"], "kg"),
        "Containers": str(len(codes)),
        "Shipment": _text(shipment["shippingName"]),
        **experiment,
    }
    return DewarLabels(
        facility=site["site"]["name"],
        session=_name_session(session, shipment["Proposal"]),
        name=_name_dewar(dewar),
        bar_code=_text(dewar["barCode"]),
        piece=piece,
        instructions="\n".join(settings["instructions"]),
        goods=settings["goods"],
        facility_address="\n".join(_list_address(site)),
        sender=_write_address(sender),
        recipient=_write_address(recipient),
        tracking={
            "Shipment": _text(shipment["shippingName"]),
            "Safety level": _text(shipment["safetyLevel"]),
            "Proposal": _name_proposal(shipment["Proposal"]),
            **experiment,
            "Sender": _join(" ", _name_person(person), person.get("phoneNumber")),
            "Home laboratory": _text((person.get("Laboratory") or {}).get("name")),
            "Tracking number": _text(dewar["trackingNumberToSynchrotron"]),
            f"Containers: {len(codes)}": _join(", ", *codes[:CODES], "…" * (len(codes) > CODES)),
        },
        outward={
            "Courier": _text(shipment["deliveryAgent_agentName"]),
            "Account": _text(shipment["deliveryAgent_agentCode"]),
            "Airway bill": _text(shipment["deliveryAgent_flightCode"]),
            "Tracking number": _text(dewar["trackingNumberToSynchrotron"]),
            **_write_values(dewar, sender),
            **both,
            "Safety level": _text(shipment["safetyLevel"]),
        },
        homeward={
            "Courier": _text(shipment["returnCourier"] or recipient.get("defaultCourrierCompany")),
            "Account": _text(recipient.get("courierAccount")),
            "Billing reference": _text(recipient.get("billingReference")),
            "Tracking number": _text(dewar["trackingNumberFromSynchrotron"]),
            **_write_values(dewar, recipient),
            **both,
        },
    )


def make_container_label(container: dict, dewar: dict | None, shipment: dict) -> ContainerLabel:
    """The label of a container, in a dewar of a shipment or without them."""
    session = container["BLSession"] or (dewar or {}).get("BLSession") or {}
    name = _name_dewar(dewar) if dewar else ""
    return ContainerLabel(
        name=name_container(container),
        bar_code=_text(container["barcode"] or container["code"]),
        session=_name_session(session, shipment.get("Proposal")),
        lines=(_text(shipment.get("shippingName")), name, _describe(container)),
    )


def make_manifest(site: dict, shipment: dict, dewars: list[dict]) -> Table:
    """The table of the dewars of a shipment and their containers, with the sums."""
    rows: list[Row] = []
    for dewar in dewars:
        rows += [Row(_list_dewar(dewar), strong=True)]
        rows += [
            Row(["", _text(each["barcode"] or each["code"]), _describe(each)])
            for each in dewar["Container"]
        ]
    sums = {
        name: sum(dewar[name] or 0 for dewar in dewars)
        for name in ("weight", "customsValue", "transportValue")
    }
    containers = [each for dewar in dewars for each in dewar["Container"]]
    number = f"{len(dewars)} pieces"
    rows += [Row([number, "Sum", _count(containers), "", *_list_quantities(sums)], strong=True)]
    sender = _write_address(shipment["sendingLabContact"] or {})
    return Table(
        title=f"Manifest of {_text(shipment['shippingName'])}",
        bar_code="",
        fields={
            "From": sender.replace("\n", ", "),
            "To": ", ".join(_list_address(site)),
            "Goods": site["shipping"]["goods"],
            "Proposal": _name_proposal(shipment["Proposal"]),
            "Courier": _text(shipment["deliveryAgent_agentName"]),
            "Airway bill": _text(shipment["deliveryAgent_flightCode"]),
            "Day of dispatch": _moment(shipment["deliveryAgent_shippingDate"]),
            "Safety level": _text(shipment["safetyLevel"]),
            "Comments": _text(shipment["comments"]),
        },
        columns=MANIFEST,
        rows=rows,
    )


def make_sheet(container: dict, samples: list[dict]) -> Table:
    """The table of the samples of a container by position, with the empty ones of a puck."""
    dewar = container["Dewar"]
    label = make_container_label(container, dewar, dewar["Shipping"] if dewar else {})
    lines = [(_order(sample), _list_sample(sample)) for sample in samples]
    used, capacity = {sample["location"] for sample in samples}, container["capacity"] or 0
    for place in map(str, range(1, capacity + 1) if capacity <= BLANK_ROWS else ()):
        if place not in used:
            lines += [(_order({"location": place}), [place])]
    lines.sort(key=lambda line: line[0])
    return Table(
        title=_join(" ", container["containerType"] or "Container", label.name),
        bar_code=label.bar_code,
        fields={
            "Proposal or session": label.session,
            "Place": _join(", ", *label.lines),
            "Comments": _text(container["comments"]),
        },
        columns=SHEET,
        rows=[Row(cells) for _, cells in lines],
    )


def name_container(container: dict) -> str:
    """The code of a container, else its bar code."""
    return _text(container["code"] or container["barcode"])


def _name_dewar(dewar: dict) -> str:
    return _text(dewar["code"] or dewar["facilityCode"])


def _name_person(person: dict) -> str:
    return _join(" ", *(person.get(name) for name in ("title", "givenName", "familyName")))


def _name_proposal(proposal: dict | None) -> str:
    code, number = (proposal[name] if proposal else None for name in PROPOSAL)
    return _text(build_proposal_name(code, number))


def _name_session(session: dict, proposal: dict | None) -> str:
    """The name of a session, else that of a proposal."""
    if not session:
        return _name_proposal(proposal)
    code, number = (session["Proposal"][name] for name in PROPOSAL)
    return _text(build_session_name(code, number, session["visit_number"]))


def _list_address(site: dict) -> list[str]:
    return site["shipping"]["address"] or [site["site"]["name"]]


def _write_address(contact: dict) -> str:
    """The lines of a contact's address."""
    person = contact.get("Person") or {}
    laboratory = person.get("Laboratory") or {}
    telephone = person.get("phoneNumber")
    return _join(
        "\n",
        _name_person(person),
        *(laboratory.get(name) for name in ("name", "organization", "address")),
        _join(" ", laboratory.get("postcode"), laboratory.get("city")),
        laboratory.get("country"),
        telephone and f"Tel. {telephone}",
        person.get("emailAddress"),
    )


def _write_values(dewar: dict, contact: dict) -> dict[str, str]:
    """The declared values of a dewar, else those that the contact gives for all."""
    customs = dewar["customsValue"] or contact.get("dewarAvgCustomsValue")
    transport = dewar["transportValue"] or contact.get("dewarAvgTransportValue")
    return {
        "Customs value": _quantity(customs, "EUR"),
        "Transport value": _quantity(transport, "EUR"),
    }


def _list_dewar(dewar: dict) -> list[str]:
    return [
        _name_dewar(dewar),
        _text(dewar["barCode"]),
        _count(dewar["Container"]),
        _text(dewar["trackingNumberToSynchrotron"]),
        *_list_quantities(dewar),
    ]


def _list_quantities(row: dict) -> list[str]:
    units = {"weight": "kg", "customsValue": "EUR", "transportValue": "EUR"}
    return [_quantity(row[name], unit) for name, unit in units.items()]


def _list_sample(sample: dict) -> list[str]:
    crystal = sample["Crystal"] or {}
    protein = crystal.get("Protein") or {}
    place = _join("/", sample["location"], sample["subLocation"])
    texts = (sample["name"], crystal.get("spaceGroup"), sample["code"], sample["comments"])
    return [place, _text(protein.get("acronym")), *map(_text, texts)]


def _order(sample: dict) -> tuple:
    """The key that sorts samples by position: numbers first, in their order."""
    place = _text(sample["location"])
    number = int(place) if place.isdecimal() else 10**9
    return number, place, sample.get("subLocation") or 0


def _describe(container: dict) -> str:
    capacity, samples = container["capacity"], container["_metadata"]["samples"]
    places = f"{capacity} places" if capacity else None
    return _join(", ", container["containerType"], places, f"{samples} samples")


def _count(containers: list[dict]) -> str:
    samples = sum(each["_metadata"]["samples"] for each in containers)
    return f"{len(containers)} containers, {samples} samples"


def _quantity(value: float | None, unit: str) -> str:
    return f"{value:.10g} {unit}" if value else ""


def _moment(text: str | None) -> str:
    """A date or a time as people write it, to the minute."""
    return _text(text)[:16].replace("T", " ")


def _join(separator: str, *texts: Any) -> str:
    return separator.join(str(text) for text in texts if text)


def _text(value: str | None) -> str:
    return value or ""
