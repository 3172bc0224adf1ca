"""256 samples travel from a spreadsheet to the goniometer of i03 and back, through the gateway."""

from copy import deepcopy
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pypdfium2
import pytest
import requests
import zxingcpp
from pypdf import PdfReader

from services.core.modules.shipping import notice_queue
from shared.models import (
    BLSession,
    ContainerType,
    Detector,
    LabContact,
    Laboratory,
    Person,
    ProcessingPipeline,
    Proposal,
    Protein,
)
from shared.notice_settings import Notices
from tests.clients.test_mxcube_experiment import COLLECTION, SETUP
from tests.conftest import serve
from tests.core.shipping.test_notices import mailbox  # noqa: F401
from tests.core.shipping.test_sheets import XLSX, book

PUCKS = PLACES = 16
HEADER = ["Dewar", "Container", "Puck barcode", "Type", "Position", "Acronym", "Sample name"]
NOON = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def travel(add, site, built, mailbox, token):  # noqa: F811
    """The gateway of a site that sends mails; clients of alice, the stores, staff, a pipeline."""
    add(
        Laboratory(laboratoryId=1, name="Protein lab", address="1 Long Street", city="Lund"),
        Person(
            personId=1,
            login="alice",
            familyName="Moreau",
            emailAddress="alice@lab.example",
            laboratoryId=1,
        ),
        Person(personId=3, login="stores", familyName="Stock"),
        Proposal(proposalId=10, personId=1, proposalCode="mx", proposalNumber="123"),
        BLSession(
            sessionId=101,
            proposalId=10,
            visit_number=1,
            beamLineName="i03",
            startDate=NOON - timedelta(days=1),
            endDate=NOON + timedelta(days=1),
        ),
        LabContact(labContactId=1, personId=1, proposalId=10, cardName="Moreau"),
        ContainerType(containerTypeId=12, name="Puck", capacity=PLACES, proposalType="mx"),
        ProcessingPipeline(processingPipelineId=6, name="xia2", discipline="MX"),  # a default
        Protein(proteinId=1, proposalId=10, acronym="LYS", safetyLevel="GREEN"),
        Detector(
            detectorId=3,
            detectorManufacturer="Dectris",
            detectorModel="EIGER2 X 16M",
            detectorMode="HW",
            detectorType="pixel",
        ),
    )
    services = {name: site["services"][name] for name in ("auth", "core")}
    smtp = {"host": "127.0.0.1", "port": mailbox.port, "starttls": False}
    mail = {"received": ["sending_contact"], "returned": ["return_contact"]}
    notices = {"enabled": True, "mail": mail, "smtp": {**smtp, "sender": "ispyb@site.example"}}
    with serve({**site, "services": services, "notices": notices}) as url:

        def connect(*claims, **more):
            http = requests.Session()
            http.headers["Authorization"] = f"Bearer {token(*claims, **more)}"

            def call(method, path, status=200, **body):
                answer = http.request(method, f"{url}/ispyb/api/v1/{path}", **body)
                assert answer.status_code == status, answer.text
                return answer

            return call

        def send():
            app = built("core")
            settings = {**app.config["SITE"], "notices": Notices().load(notices)}
            with app.app_context():
                return notice_queue.send_due(settings)

        yield SimpleNamespace(
            url=url,
            alice=connect("alice", 1),
            stores=connect("stores", 3, "all_proposals"),
            staff=connect("staff", None, "mx_write", service=True, beamlines=["i03"]),
            pipeline=connect("zocalo", None, "processing_write", "all_sessions", service=True),
            send=send,
        )


def make_rows():
    """The cells of the samples of all pucks."""
    return [HEADER] + [
        ["D1", f"P{puck}", f"UNI-{puck:03}", "Unipuck", str(place), "lys", f"x{puck}_{place}"]
        for puck in range(1, PUCKS + 1)
        for place in range(1, PLACES + 1)
    ]


def read_codes(data, pages):
    """The texts of the bar codes on these pages of a PDF."""
    document = pypdfium2.PdfDocument(data)
    pictures = [document[p].render(scale=300 / 72, grayscale=True).to_numpy() for p in pages]
    return {code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)}


def make_result(name, r_merge, collection):
    """The document of a result of a data collection."""
    shells = [
        {"scalingStatisticsType": shell, "resolutionLimitHigh": 1.5, "rMerge": r_merge}
        for shell in ("overall", "innerShell", "outerShell")
    ]
    scaling = {"statistics": shells, "integrations": [{"dataCollectionId": collection}]}
    return {
        "program": {"processingPrograms": name, "processingStatus": "success"},
        "attachments": [{"fileType": "Result", "fileName": f"{name}.mtz", "filePath": "/data/p"}],
        "autoProc": {"spaceGroup": "P 43 21 2", "scalings": [scaling]},
    }


def test_samples_travel_to_the_beamline_and_back(travel, mxcube, mailbox):  # noqa: F811
    alice, stores = travel.alice, travel.stores

    # a shipment with a dewar, which gets its samples from a spreadsheet
    contacts = {"sendingLabContactId": 1, "returnLabContactId": 1}
    body = {"proposalId": 10, "shippingName": "May", "safetyLevel": "Green", **contacts}
    shipment = alice("post", "shipments", 201, json=body).json()["shippingId"]
    body = {"shippingId": shipment, "code": "D1", "firstExperimentId": 101}
    dewar = alice("post", "dewars", 201, json=body).json()
    assert dewar["barCode"] == f"mx123-1-i03-{dewar['dewarId']:07}"
    rows = make_rows()
    wrong = deepcopy(rows)
    wrong[3][4], wrong[20][6], wrong[256][4] = "17", "two words", "A"
    kind = {"headers": {"Content-Type": XLSX}}
    path, trial = f"shipments/{shipment}/import", {"params": {"dry_run": "true"}}
    report = alice("post", path, data=book({"Samples": wrong}), **kind, **trial).json()
    assert [each["cell"] for each in report["mistakes"]] == ["E4", "G21", "E257"]
    assert [each["value"] for each in report["mistakes"]] == ["17", "two words", "A"]
    alice("post", path, 422, data=book({"Samples": wrong}), **kind)
    samples = {"params": {"proposal": "mx123", "limit": 1}}
    assert alice("get", "samples", **samples).json()["total"] == 0
    counts = {"dewars": 0, "containers": PUCKS, "samples": PUCKS * PLACES, "proteins": 0}
    report = alice("post", path, data=book({"Samples": rows}), **kind, **trial).json()
    assert (report["mistakes"], report["counts"]) == ([], counts)
    report = alice("post", path, 201, data=book({"Samples": rows}), **kind).json()
    assert (report["isStored"], report["counts"]) == (True, counts)
    assert alice("get", "samples", **samples).json()["total"] == PUCKS * PLACES

    # its labels
    answer = alice("get", f"shipments/{shipment}/labels")
    pages = PdfReader(BytesIO(answer.content)).pages
    texts = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for text in (dewar["barCode"], "May", "mx123-1", "Protein lab", "1 Long Street", "P16"):
        assert text in texts, text
    codes = read_codes(answer.content, {0, len(pages) - 1})
    pucks = {f"UNI-{puck:03}" for puck in range(1, PUCKS + 1)}
    assert codes == {dewar["barCode"], *pucks}

    # the way to the beamline; its arrival makes a mail
    sent = {"shippingStatus": "sent to facility"}
    alice("patch", f"shipments/{shipment}", json=sent)
    scan = {"barCode": dewar["barCode"].upper(), "storageLocation": "stores-in"}
    stores("post", "dewars/scan", json=scan)
    for puck in range(1, PUCKS + 1):
        place = {"beamlineLocation": "i03", "sampleChangerLocation": str(puck)}
        travel.staff("post", "containers/assign", json={"barcode": f"uni-{puck:03}", **place})

    # MXCuBE loads, updates and measures a sample
    client = mxcube.Client(f"{travel.url}/ispyb/mxcube/")
    client.authenticate("alice", "alice-token")
    adapter = mxcube.Adapter(client, "i03")
    ready = {each["sampleName"]: each for each in adapter.get_samples(10)}
    assert len(ready) == PUCKS * PLACES
    sample = ready["x7_3"]
    place = [sample[f"container{name}"] for name in ("Code", "SampleChangerLocation")]
    assert (*place, sample["sampleLocation"], sample["proteinAcronym"]) == ("P7", "7", "3", "LYS")
    key = sample["sampleId"]
    adapter.update_bl_sample({"blSampleId": key, "blSampleStatus": "COLLECTED"})
    collection = deepcopy(COLLECTION) | {"sessionId": 101, "sample_reference": {"blSampleId": key}}
    measured, detector = adapter.store_data_collection(collection, deepcopy(SETUP))
    done = {"status": "Data collection successful", "flux": 2.4e12}
    collection |= {"collection_id": measured, "detector_id": detector, **done}
    adapter.update_data_collection(collection)
    for name, r_merge in (("xia2 dials", 0.08), ("autoPROC", 0.05), ("fast_dp", 0.07)):
        result = make_result(name, r_merge, measured)
        travel.pipeline("post", "autoproc/results", 201, json=result)

    # lineage of the sample, and the best result of each sample
    lineage = alice("get", f"samples/{key}/lineage").json()
    assert lineage["BLSample"]["name"] == "x7_3"
    programs, (group,) = lineage["AutoProcProgram"], lineage["DataCollectionGroup"]
    names = {each["autoProcProgramId"]: each["processingPrograms"] for each in programs}
    assert {*names.values()} == {"xia2 dials", "autoPROC", "fast_dp"}
    (collected,) = group["DataCollection"]
    assert collected["dataCollectionId"] == measured
    assert {*collected["autoProcProgramIds"]} == names.keys()
    files = [each["AutoProcProgramAttachment"][0]["fileName"] for each in programs]
    assert sorted(files) == ["autoPROC.mtz", "fast_dp.mtz", "xia2 dials.mtz"]
    query = {"params": {"limit": 500}}
    results = alice("get", f"shipments/{shipment}/results", **query).json()["results"]
    best = {each["name"]: each["AutoProcScaling"] for each in results if each["AutoProcScaling"]}
    assert len(results) == PUCKS * PLACES and best.keys() == {"x7_3"}
    assert best["x7_3"]["AutoProc"]["AutoProcProgram"]["processingPrograms"] == "autoPROC"
    numbers = alice("get", f"shipments/{shipment}").json()["_metadata"]
    assert (numbers["samples"], numbers["measured"]) == (PUCKS * PLACES, 1)

    # the way back, which makes another mail
    for puck in range(1, PUCKS + 1):
        travel.staff("post", "containers/unassign", json={"barcode": f"UNI-{puck:03}"})
    scan |= {"storageLocation": "stores-out", "dewarStatus": "returned"}
    stores("post", "dewars/scan", json=scan)
    history = alice("get", f"dewars/{dewar['dewarId']}/history").json()["results"]
    assert [(each["dewarStatus"], each["storageLocation"]) for each in history] == [
        ("returned", "stores-out"),
        ("at facility", "stores-in"),
        ("sent to facility", ""),
        ("opened", ""),
    ]
    assert alice("get", f"shipments/{shipment}").json()["shippingStatus"] == "returned"
    assert travel.send() == (2, 0)
    assert mailbox.take() == [
        ("alice@lab.example", "Shipment May of mx123 has arrived"),
        ("alice@lab.example", "Shipment May of mx123 is on its way back"),
    ]
