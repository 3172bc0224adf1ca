"""MXLIMS messages for tests, and the published schemas of them."""

import json
from functools import cache

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from services.core.modules.shipping.mxlims_validation import ADDRESS, FOLDER

URL = "/ispyb/api/v1/mxlims/shipments"
TREES = "/ispyb/api/v1/shipments"
HOME = {"name": "Alice Smith", "emailAddress": "alice@lab.example"}
PARENTS = {
    "Dewar": "Shipment",
    "Puck": "Dewar",
    "Pin": "Puck",
    "MultiPin": "Puck",
    "PinPosition": "MultiPin",
    "Plate": "Shipment",
    "PlateWell": "Plate",
    "WellDrop": "PlateWell",
    "DropRegion": "WellDrop",
}
OBJECTS = {"Macromolecule", "MacromoleculeSample", "Shipment", *PARENTS}


def uuid(kind, number):
    """The uuid of an object, by its class and number."""
    return f"00000000-0000-4000-8000-{sorted(OBJECTS).index(kind):06}{number:06}"


def link(kind, number=1):
    return {"$ref": f"#/{kind}/{kind}{number}"}


def message(**objects):
    """A message with ``objects`` by class; each is in the first one of its parent's class."""
    shipment = {"proposalCode": "MX1", "labContactOutbound": HOME, "labContactReturn": HOME}
    document = {"Shipment": [shipment], "Macromolecule": [{"acronym": "LYS"}], **objects}
    message = {"version": "0.6.13"}
    for kind, rows in document.items():
        message[kind] = {}
        for number, row in enumerate(rows, 1):
            placed = {"containerRef": link(PARENTS[kind])} if kind in PARENTS else {}
            named = {"uuid": uuid(kind, number)} if kind in OBJECTS else {}
            message[kind][f"{kind}{number}"] = {"mxlimsType": kind, **named, **placed, **row}
    return message


def samples(*names, **more):
    return [{"name": name, "parentSampleRef": link("Macromolecule"), **more} for name in names]


def pins(*names):
    """A dewar and a puck with a pin for each name."""
    return message(
        Dewar=[{"name": "Cold"}],
        Puck=[{"name": "P1"}],
        Pin=[
            {"positionInPuck": at, "sampleRef": link("MacromoleculeSample", at)}
            for at in range(1, len(names) + 1)
        ],
        MacromoleculeSample=samples(*names),
    )


@cache
def validators():
    """The published schemas of messages, as a receiver checks them."""
    schemas = {}
    for path in FOLDER.glob("*/*.json"):
        name = path.relative_to(FOLDER).as_posix()
        schemas[ADDRESS + name] = Resource.from_contents(json.loads(path.read_text()))
    registry = Registry().with_resources(schemas.items())
    return {
        name: Draft202012Validator({"$ref": f"{ADDRESS}messages/{name}.json"}, registry=registry)
        for name in ("ShipmentMessage", "MxlimsMessageStrict")
    }


def faults_of(answer, name="MxlimsMessageStrict"):
    return [
        f"{[*fault.absolute_path]}: {fault.message}"
        for fault in validators()[name].iter_errors(answer)
    ]
