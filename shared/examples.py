"""Examples in the specifications: a value for each field, and a body for each operation.

A field takes the example of its column or metadata; else the first value for its name that fits
its type and limits. A body has the fields that it requires, and those in ``USUAL`` or ``PARTS``.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

START, END, DAY = "2026-11-27T09:30:00", "2026-11-27T09:36:00", "2026-11-27"
DATA = "/data/i03/2026/mx23001-1"
USUAL: dict[str, Any] = {
    # people
    "login": "asmith",
    "password": "a long password",
    "plugin": "ldap",
    "familyName": "Smith",
    "givenName": "Alice",
    "title": "Structure of lysozyme",
    "emailAddress": "alice.smith@example.org",
    "phoneNumber": "+44 1235 000000",
    "address": "1 Example Street",
    "city": "Oxford",
    "country": "United Kingdom",
    "cardName": "Alice Smith, Example University",
    "proposalCode": "mx",
    "proposalNumber": "23001",
    "proposalType": "MX",
    "beamLineName": "i03",
    "beamLineOperator": "Bob Jones",
    "startDate": START,
    "endDate": "2026-11-28T09:30:00",
    "scheduled": True,
    "comments": "first crystal",
    "organization": "Example University",
    "postcode": "OX1 1AA",
    "beamlineName": "i03",
    "beamline_name": "i03",
    # samples
    "acronym": "lyso",
    "code": "CD-0001",
    "barcode": "CD-0001",
    "shippingName": "crystals of May",
    "beamlineLocation": "i03",
    "sampleChangerLocation": "12",
    "spaceGroup": "P43212",
    "cell_a": 78.9,
    "cell_b": 78.9,
    "cell_c": 37.1,
    "cell_alpha": 90.0,
    "cell_beta": 90.0,
    "cell_gamma": 90.0,
    # acquisition
    "sampleId": 1,
    "dataCollectionId": 1,
    "startTime": START,
    "endTime": END,
    "startTimestamp": START,
    "endTimestamp": END,
    "runStatus": "DataCollection Successful",
    "numberOfImages": 3600,
    "startImageNumber": 1,
    "imageNumber": 1,
    "axisStart": 0.0,
    "axisRange": 0.1,
    "exposureTime": 0.01,
    "wavelength": 0.9763,
    "energy": 12700.0,
    "resolution": 1.8,
    "transmission": 20.0,
    "detectorDistance": 289.3,
    "xBeam": 212.5,
    "yBeam": 219.1,
    "flux": 1.2e12,
    "imageDirectory": f"{DATA}/lysozyme",
    "imagePrefix": "lysozyme_1",
    "imageSuffix": "cbf",
    "fileTemplate": "lysozyme_1_1_####.cbf",
    "experimentType": "OSC",
    "actionType": "LOAD",
    "detectorType": "pixel",
    "detectorManufacturer": "Dectris",
    "detectorModel": "Eiger 16M",
    "detectorSerialNumber": "E-32-0100",
    "element": "Se",
    "edgeEnergy": "12658",
    "synchrotronMode": "normal",
    "steps_x": 10,
    "steps_y": 8,
    "dx_mm": 0.02,
    "dy_mm": 0.02,
    "stepsX": 10,
    "stepsY": 8,
    "dx": 0.02,
    "dy": 0.02,
    "posX": 0.128,
    "posY": -0.043,
    "posZ": 0.011,
    "directory": f"{DATA}/lysozyme",
    "prefix": "lysozyme",
    "suffix": "cbf",
    "template": "lysozyme_1_%04d.cbf",
    "number_of_images": 3600,
    "exposure_time": 0.01,
    "range": 0.1,
    "orientation": "horizontal",
    # processing
    "processingPrograms": "xia2 dials",
    "processingCommandLine": "xia2 pipeline=dials",
    "processingStatus": 1,
    "processingStartTime": START,
    "processingEndTime": END,
    "processingMessage": "processing successful",
    "recipe": "autoprocessing-xia2-dials",
    "displayName": "xia2 dials",
    "automatic": True,
    "refinedCell_a": 78.9,
    "refinedCell_b": 78.9,
    "refinedCell_c": 37.1,
    "refinedCell_alpha": 90.0,
    "refinedCell_beta": 90.0,
    "refinedCell_gamma": 90.0,
    "resolutionLimitLow": 39.4,
    "resolutionLimitHigh": 1.8,
    "completeness": 99.6,
    "multiplicity": 12.8,
    "meanIOverSigI": 18.2,
    "rMerge": 0.061,
    "ccHalf": 99.9,
    "severity": "INFO",
    "message": "mounted",
    "parameterKey": "d_min",
    "parameterValue": "1.8",
    "startImage": 1,
    "endImage": 3600,
    "endImageNumber": 3600,
    "mosaicity": 0.1,
    "indexingSuccess": True,
    "strategySuccess": True,
    "centreOfMassX": 4.2,
    "centreOfMassY": 3.7,
    "centreOfMassZ": 1.0,
}
PARTS = {
    *("autoProc", "DataCollection", "fileinfo", "integrations", "lattices", "outputs"),
    *("parameters", "program", "results", "scalings", "sweeps"),
}  # objects and lists of objects
OTHERS: dict[str, Any] = {
    r"proposal|parentProposal": "mx23001",
    r"session": "mx23001-1",
    r"beamline_?[nN]ame|beamlineLocation|beamlines|beamLines": "i03",
    r"externalId|\w*UUID": "3f1c9d52-6a0b-4c57-9e43-5d1f2c8a7b60",
    r"token|refreshToken": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjIwMjYifQ",
    r"url": "/ispyb/api/v1/data_collections/1/snapshots/1",
    r"permissions?|type": "mx_write",
    r"external\w*": "3f1c9d526a0b4c579e435d1f2c8a7b60",
    r"scanParameters": '{"type": "grid"}',
    r"rotationAxis": "Omega",
    r"status": "Open",
    r"\w*SMILES": "CC(=O)O",
    r"\w*[vV]ersion": "3.22.1",
    r"next": "WyItc3RhcnREYXRlIiwgMV0",
    r"requestId": "0f8fad5bd9cb469fa16570867728950e",
    r"expires|revoked": "2027-11-27T09:30:00",
    r"end\w*|\w*End(Date|Time)": END,
    r"\w*[Tt]humbnail\w*": f"{DATA}/lysozyme/lysozyme_1_1_0001.t.jpeg",
    r"\w*(Snapshot|jpeg|png|view\d)\w*": f"{DATA}/lysozyme/lysozyme_1_1.jpeg",
    r"\w*FullPath\w*": f"{DATA}/lysozyme/lysozyme_1.csv",
    r"\w*([dD]irectory|[pP]ath|file_?[lL]ocation|folder)": f"{DATA}/lysozyme/processed",
    r"pdbFileName": "1lyz.pdb",
    r"file[nN]ame|\w*[fF]ile": "xia2.txt",
    r"\w*[bB]ar[cC]ode": "HA00AU3712",
    r"\w*_?alpha|\w*_?beta|\w*_?gamma": 90.0,
    r"\w*[eE]nergy\w*": 12700.0,
    r"\w*[wW]avelength\w*": 0.9763,
    r"\w*[rR]esolution\w*": 1.8,
    r"\w*[tT]emperature": 100.0,
    r"skip": 0,
    r"limit": 25,
    r"\w*Id|\w*_id|id|\w*[nN]umber": 1,
}
PATTERNS = [(re.compile(names), example) for names, example in OTHERS.items()]
BY_TYPE: dict[str, Any] = {"integer": 10, "number": 1.5, "boolean": True}


def value(name: str, shape: Mapping) -> Any:
    """An example of the field ``name`` with the type ``shape``; None if it is no scalar."""
    kind = shape.get("type")
    if "example" in shape:
        return shape["example"]
    if isinstance(kind, list):
        kind = next(each for each in kind if each != "null")
    if kind not in (*BY_TYPE, "string") or "binary" == shape.get("format"):
        return None
    candidates = [*_by_name(name)]
    candidates += [each for each in shape.get("enum", ()) if each is not None]
    candidates += {"date-time-local": [START], "date": [DAY]}.get(str(shape.get("format")), [])
    candidates += [BY_TYPE[kind]] if kind in BY_TYPE else [_words(name)[: shape.get("maxLength")]]
    candidates += [shape[limit] for limit in ("minimum", "maximum") if limit in shape]
    return next((each for each in candidates if _fits(each, kind, shape)), None)


@cache
def _by_name(name: str) -> tuple:
    """The examples of fields of that name; the names of thousands of fields are the same."""
    usual = [USUAL[name]] if name in USUAL else []
    return (*usual, *(example for names, example in PATTERNS if names.fullmatch(name)))


def body(shape: Mapping, shapes: Mapping[str, Mapping]) -> Any:
    """An example of a body of the type ``shape``; ``shapes`` are the definitions by name."""
    if "anyOf" in shape:
        shape = next(each for each in shape["anyOf"] if each.get("type") != "null")
    if "examples" in shape:
        return shape["examples"][0]
    if "$ref" in shape:
        return body(shapes[shape["$ref"].rpartition("/")[2]], shapes)
    if "properties" in shape:
        names = USUAL.keys() | PARTS | set(shape.get("required", ()))
        return {
            name: body(below, shapes)
            for name, below in shape["properties"].items()
            if name in names and not below.get("readOnly")
        }
    return [body(shape["items"], shapes)] if "items" in shape else {}


def _words(name: str) -> str:
    """The words of ``name``: a text for fields without a value."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def _fits(example: Any, kind: str, shape: Mapping) -> bool:
    """Whether ``example`` is of the type, and within the limits, of ``shape``."""
    types = {"integer": int, "number": int | float, "boolean": bool, "string": str}
    if not isinstance(example, types[kind]) or isinstance(example, bool) != (kind == "boolean"):
        return False
    if "enum" in shape and example not in shape["enum"]:
        return False
    if isinstance(example, str):
        length = len(example)
        return (
            shape.get("minLength", 0) <= length <= shape.get("maxLength", length)
            and re.search(shape.get("pattern", ""), example) is not None
        )
    if kind == "boolean":
        return True
    return shape.get("minimum", example) <= example <= shape.get("maximum", example)
