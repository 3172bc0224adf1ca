"""The rows that a facility registers before an experiment: people, sessions and samples."""

from collections.abc import Iterator

from bench.facility.plan import (
    BEGIN,
    DAY,
    HOUR,
    PLANNED,
    SPACE_GROUPS,
    Load,
    Values,
    build_time,
    pick,
)
from bench.facility.sizes import BEAMLINES, PERSON, SMALL_BEAMLINE, Size


def list_people(size: Size) -> Iterator[Load]:
    persons = size.proposals + 50
    known = " ".join(f"WHEN {key} THEN '{name}'" for name, key in PERSON.items())
    yield Load(
        "Person",
        persons,
        {
            "personId": "n.seq",
            "login": f"CASE n.seq {known} ELSE CONCAT('p', n.seq) END",
            "givenName": pick(("Ann", "Ben", "Cleo", "Dan", "Eve"), "n.seq"),
            "familyName": "CONCAT('Number ', n.seq)",
            "emailAddress": "CONCAT('p', n.seq, '@example.org')",
            "laboratoryId": "n.seq % 50 + 1",
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )
    yield Load(
        "Laboratory",
        50,
        {
            "laboratoryId": "n.seq",
            "name": "CONCAT('Laboratory ', n.seq)",
            "city": pick(("Grenoble", "Didcot", "Lund"), "n.seq"),
            "country": pick(("France", "UK", "Sweden"), "n.seq"),
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )
    other = f"5 + (n.seq * 7 + {{}} * 13) % {persons - 4}"
    led = ", ".join(map(str, _led(size)))
    yield Load(
        "Proposal",
        size.proposals,
        {
            "proposalId": "n.seq",
            "personId": f"CASE WHEN n.seq IN ({led}) THEN {PERSON['user']}"
            f" ELSE {other.format(0)} END",
            "proposalCode": "'mx'",
            "proposalNumber": "n.seq + 1000",
            "proposalType": "'MX'",
            "title": "CONCAT('Structure of protein ', n.seq)",
            "state": pick(("Open", "Open", "Closed"), "n.seq"),
            "startDate": build_time(f"{BEGIN} + n.seq % 3000 * {DAY}"),
            "endDate": build_time(f"{BEGIN} + (n.seq % 3000 + 700) * {DAY}"),
            "bltimeStamp": build_time(f"{BEGIN} + n.seq % 3000 * {DAY}"),
        },
    )
    yield Load(
        "ProposalHasPerson",
        size.proposals,
        {
            "proposalHasPersonId": "(n.seq - 1) * 3 + k.seq + 1",
            "proposalId": "n.seq",
            "personId": other.format("(k.seq + 1)"),
            "role": pick(("Principal Investigator", "Co-Investigator"), "k.seq"),
        },
        "CROSS JOIN {2} k",
    )
    members = [(key, PERSON["user"]) for key in _member_of(size)]
    members.append((size.long_proposal, PERSON["long session"]))
    for place, (proposal, person) in enumerate(members):
        values: Values = {
            "proposalHasPersonId": 3 * size.proposals + place + 1,
            "proposalId": proposal,
        }
        values |= {"personId": person, "role": "'Co-Investigator'"}
        yield Load("ProposalHasPerson", 1, values)
    yield Load(
        "LabContact",
        size.proposals,
        {
            "labContactId": "n.seq",
            "personId": other.format(1),
            "proposalId": "n.seq",
            "cardName": "CONCAT('card ', n.seq)",
            "defaultCourrierCompany": "'DHL'",
            "dewarAvgCustomsValue": 0,
            "dewarAvgTransportValue": 0,
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )


def _led(size: Size) -> list[int]:
    """The proposals that the user leads."""
    return [
        size.own_proposal(n) for n in range(size.own - max(1, size.own // 14) - 1, size.own - 1)
    ]


def _member_of(size: Size) -> list[int]:
    """The proposals that the user is on."""
    return [size.own_proposal(n) for n in range(size.own - max(1, size.own // 14) - 1)]


def list_sessions(size: Size) -> Iterator[Load]:
    persons = size.proposals + 50
    joined = f"{PLANNED}n.seq"
    yield Load(
        "BLSession",
        size.sessions,
        {
            "sessionId": "n.seq",
            "proposalId": "s.proposalId",
            "beamLineSetupId": "n.seq % 9 + 1",
            "visit_number": "s.visit",
            "beamLineName": "s.beamLineName",
            "beamLineOperator": pick(("Ann Operator", "Ben Operator"), "n.seq"),
            "startDate": build_time("s.start"),
            "endDate": build_time(f"s.start + {8 * HOUR}"),
            "lastUpdate": build_time(f"s.start + {8 * HOUR}"),
            "bltimeStamp": build_time("s.start"),
            "scheduled": 1,
            "nbShifts": 1,
            "archived": 0,
            "comments": "CONCAT('visit ', s.visit)",
            "usedFlag": 1,
        },
        joined,
    )
    yield Load(
        "Session_has_Person",
        size.sessions,
        {
            "sessionId": "n.seq",
            "personId": f"5 + (s.proposalId * 7 + (k.seq + 1) * 13) % {persons - 4}",
            "role": pick(("Team Leader", "Team Member", "Local Contact"), "k.seq"),
            "remote": 0,
        },
        f"{joined} CROSS JOIN {{2}} k",
    )
    last, half = size.own_proposal(size.own - 1), _member_of(size)[::2]
    yield Load(
        "Session_has_Person",
        size.sessions,
        {"sessionId": "n.seq", "personId": PERSON["user"], "role": "'Team Member'", "remote": 1},
        joined,
        f"s.proposalId = {last} AND s.visit <= 6"
        f" OR s.proposalId IN ({', '.join(map(str, half))})",
    )
    yield Load(
        "SessionType",
        size.sessions // 3,
        {"sessionTypeId": "n.seq", "sessionId": "n.seq * 3", "typeName": "'MX'"},
    )
    yield Load(
        "Detector",
        8,
        {
            "detectorId": "n.seq",
            "detectorType": "'Photon counting'",
            "detectorManufacturer": "'DECTRIS'",
            "detectorModel": "'EIGER2 X 16M'",
            "detectorSerialNumber": "CONCAT('E-', n.seq)",
            "detectorPixelSizeHorizontal": 0.075,
            "detectorPixelSizeVertical": 0.075,
        },
    )
    yield Load(
        "BeamLineSetup",
        9,
        {
            "beamLineSetupId": "n.seq",
            "detectorId": "n.seq % 8 + 1",
            "beamlineName": f"CASE n.seq WHEN 9 THEN '{SMALL_BEAMLINE}'"
            f" ELSE {pick(BEAMLINES, 'n.seq')} END",
            "synchrotronMode": "'uniform'",
            "synchrotronName": "'RING'",
            "undulatorType1": "'U18'",
            "setupDate": build_time(f"{BEGIN} + n.seq * {DAY}"),
            "active": 1,
            "recordTimeStamp": build_time(f"{BEGIN}"),
        },
    )


def list_samples(size: Size) -> Iterator[Load]:
    """Twenty samples of a proposal in two pucks; those of the large proposal are the last."""
    proposals, large, samples = size.proposals, size.own_proposal(1), size.all_samples

    def owner(each: int) -> str:
        """The proposal of number ``n``, of which an ordinary proposal has ``each``."""
        number = f"FLOOR((n.seq - 1) / {each}) + 1"
        return f"CASE WHEN n.seq <= {each * proposals} THEN {number} ELSE {large} END"

    yield Load(
        "Protein",
        2 * proposals,
        {
            "proteinId": "n.seq",
            "proposalId": owner(2),
            "name": "CONCAT('Protein ', n.seq)",
            "acronym": "CONCAT('PR', n.seq % 1000)",
            "molecularMass": "14300 + n.seq % 500",
            "proteinType": "'ORGANIC'",
            "personId": "n.seq % 50 + 1",
            "sequence": f"'{'MKALIVLGLVLLSVTVQGKVFERCELARTLKR' * 4}'",
            "hazardGroup": 1,
            "containmentLevel": 1,
            "bltimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "Crystal",
        samples // 5,
        {
            "crystalId": "n.seq",
            "proteinId": f"CASE WHEN n.seq <= {4 * proposals} THEN FLOOR((n.seq - 1) / 2) + 1"
            f" ELSE {2 * large} END",
            "name": "CONCAT('crystal ', n.seq)",
            "spaceGroup": pick(SPACE_GROUPS, "n.seq"),
            "cell_a": 78.2,
            "cell_b": 78.2,
            "cell_c": 37.1,
            "cell_alpha": 90,
            "cell_beta": 90,
            "cell_gamma": 90,
            "recordTimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "Shipping",
        proposals,
        {
            "shippingId": "n.seq",
            "proposalId": "n.seq",
            "shippingName": "CONCAT('shipping ', n.seq)",
            "shippingStatus": pick(("processing", "sent to ESRF", "opened"), "n.seq"),
            "creationDate": build_time(f"{BEGIN} + n.seq"),
            "bltimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "Dewar",
        proposals,
        {
            "dewarId": "n.seq",
            "shippingId": "n.seq",
            "code": "CONCAT('DEWAR-', n.seq)",
            "barCode": "CONCAT('ISPYB', n.seq)",
            "type": "'Dewar'",
            "dewarStatus": pick(("processing", "at facility"), "n.seq"),
            "storageLocation": pick(BEAMLINES, "n.seq"),
            "firstExperimentId": "n.seq",
            "bltimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "Container",
        samples // 10,
        {
            "containerId": "n.seq",
            "dewarId": owner(2),
            "code": "CONCAT('PUCK-', n.seq)",
            "containerType": "'Puck'",
            "capacity": 16,
            "barcode": "CONCAT('P', n.seq)",
            "sampleChangerLocation": "n.seq % 12 + 1",
            "beamlineLocation": pick(BEAMLINES, "n.seq"),
            "containerStatus": pick(("processing", "at facility", "opened"), "n.seq"),
            "sessionId": owner(2),
            "ownerId": "n.seq % 50 + 1",
            "bltimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "DiffractionPlan",
        samples,
        {
            "diffractionPlanId": "n.seq",
            "experimentKind": pick(("Default", "OSC", "SAD"), "n.seq"),
            "requiredResolution": "1.5 + n.seq % 10 * 0.1",
            "observedResolution": 1.8,
            "exposureTime": 0.01,
            "oscillationRange": 0.1,
            "preferredBeamSizeX": 50,
            "preferredBeamSizeY": 50,
            "anomalousScatterer": "'Se'",
            "energy": 12700,
            "transmission": 100,
            "recordTimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
    yield Load(
        "BLSample",
        samples,
        {
            "blSampleId": "n.seq",
            "diffractionPlanId": "n.seq",
            "crystalId": "FLOOR((n.seq - 1) / 5) + 1",
            "containerId": "FLOOR((n.seq - 1) / 10) + 1",
            "name": "CONCAT('x', n.seq)",
            "code": "CONCAT('HA', n.seq)",
            "location": "n.seq % 10 + 1",
            "loopType": "'Litholoop'",
            "holderLength": 22,
            "comments": "'grown in a hanging drop'",
            "blSampleStatus": pick(("processing", "collected", "at facility"), "n.seq"),
            "isInSampleChanger": 0,
            "recordTimeStamp": build_time(f"{BEGIN} + n.seq"),
        },
    )
