"""Labels, manifests and container sheets: their texts and bar codes; that nothing overflows.

Pages are read by pypdf, rendered by pypdfium2, and their bar codes decoded by zxing-cpp.
"""

from datetime import datetime
from functools import cached_property
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from services.core.modules.shipping.text_fitting import ELLIPSIS, PLAIN, SMALLEST, fit
from shared.models import (
    BLSample,
    BLSession,
    Container,
    Dewar,
    LabContact,
    Laboratory,
    Person,
    Shipping,
)
from tests.core.conftest import ALICE, DAVE

ROOT = "/ispyb/api/v1"
MILLIMETRE = 72 / 25.4
SIZES = {"A4": (210, 297), "letter": (215.9, 279.4), "label": (100, 150)}
LONG_CODE = "mx1-1-i03-0123456789012345678901234567890ABCD"  # 45 characters
STREET = "Rue de l'Institut de Chimie Organique, bâtiment 17, 3e étage, porte n° 4; " * 4
FACILITY = ["Synchrotron Łódź", "Склад, здание 7", "漢字 1", "Οδός 5"]


@pytest.fixture
def shipment(stock, add, app, monkeypatch):
    """Shipment 5 of mx1: dewar 5 with pucks 51 and 52, dewar 6 without, all texts long."""
    settings = {"address": FACILITY, "instructions": ["Keep upright."], "goods": "Dry shipper."}
    monkeypatch.setitem(app.config["SITE"], "shipping", settings)
    laboratory = {"address": STREET[:255], "city": "Orsay", "postcode": "91190", "country": "FR"}
    add(
        Laboratory(laboratoryId=5, name="N" * 45, organization="Université", **laboratory),
        Laboratory(laboratoryId=6, name="Home", city="Lund"),
        Person(
            personId=51,
            givenName="Zoë",
            familyName="Sender",
            phoneNumber="+33 1",
            laboratoryId=5,
        ),
        Person(personId=52, givenName="Åsa", familyName="Keeper", laboratoryId=6),
        BLSession(
            sessionId=15,
            proposalId=1,
            visit_number=5,
            beamLineName="i03",
            startDate=datetime(2024, 5, 11, 9),
            beamLineOperator="Dr Local",
        ),
    )
    rows = ((5, 51, "DHL", 0), (6, 52, "UPS", 700))
    for key, person, courier, value in rows:
        add(
            LabContact(
                labContactId=key,
                personId=person,
                proposalId=1,
                cardName=f"card {key}",
                defaultCourrierCompany=courier,
                courierAccount=f"account {key}",
                billingReference=f"bill {key}",
                dewarAvgCustomsValue=value,
                dewarAvgTransportValue=value,
            )
        )
    add(
        Shipping(
            shippingId=5,
            proposalId=1,
            shippingName="W" * 45,
            safetyLevel="Green",
            deliveryAgent_agentName="FedEx",
            deliveryAgent_flightCode="AWB 77",
            sendingLabContactId=5,
            returnLabContactId=6,
        ),
        Dewar(
            dewarId=5,
            shippingId=5,
            code="D" * 45,
            barCode=LONG_CODE,
            firstExperimentId=15,
            customsValue=120,
            weight=18.5,
        ),
        Dewar(dewarId=6, shippingId=5, code="second", barCode="mx1-0000006", transportValue=30),
        Container(
            containerId=51,
            dewarId=5,
            code="DLS-0051",
            barcode="MX-51",
            containerType="Puck",
            capacity=4,
        ),
        Container(containerId=52, dewarId=5, code="C" * 45, comments="brittle"),
    )
    places = {"10": 60, "2": 61, "3": 62}
    for place, key in places.items():
        add(
            BLSample(
                blSampleId=key,
                crystalId=1,
                containerId=51,
                location=place,
                name=f"lys-{key}",
                code=f"pin {key}",
            )
        )


@pytest.fixture
def alice(as_, shipment):
    return as_("alice", ALICE)


class Printed:
    """The pages of a PDF: their sizes, texts and bar codes."""

    def __init__(self, answer):
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
        self.pages = PdfReader(BytesIO(answer.data)).pages
        self.sizes = [(float(p.mediabox.width), float(p.mediabox.height)) for p in self.pages]
        self.texts = [" ".join(page.extract_text().split()) for page in self.pages]
        self.data = answer.data

    @cached_property
    def pictures(self):
        """The pages with 300 dots per inch, each a table of greys."""
        pages = pypdfium2.PdfDocument(self.data)
        return [page.render(scale=300 / 72, grayscale=True).to_numpy() for page in pages]

    def codes(self, page):
        """The bar codes of a page, by kind."""
        codes = zxingcpp.read_barcodes(self.pictures[page])
        kinds = {code.format.name for code in codes}
        return {kind: {c.text for c in codes if c.format.name == kind} for kind in kinds}

    def check_edges(self):
        """Nothing is drawn in the margins."""
        for picture in self.pictures:
            edge = int(0.045 * min(picture.shape))
            inside = picture[edge:-edge, edge:-edge]
            assert (inside < 255).sum() == (picture < 255).sum() > 0


def in_millimetres(size):
    return pytest.approx([length * MILLIMETRE for length in size], abs=0.1)


@pytest.mark.sqlite
@pytest.mark.parametrize("paper", SIZES)
def test_labels_of_a_shipment(alice, paper):
    printed = Printed(alice.get(f"{ROOT}/shipments/5/labels?paper={paper}"))
    assert all(size == in_millimetres(SIZES[paper]) for size in printed.sizes)
    printed.check_edges()
    first, *_ = tracking, out, back, second, *_, pucks = printed.texts
    assert len(printed.texts) == 7
    for page in range(3):
        assert printed.codes(page) == {"Code128": {LONG_CODE}, "QRCode": {LONG_CODE}}
        assert printed.codes(page + 3) == {"Code128": {"mx1-0000006"}, "QRCode": {"mx1-0000006"}}
    assert printed.codes(6)["QRCode"] == {"MX-51", "C" * 45}
    assert "MX-51" in printed.codes(6)["Code128"]
    for text in ("mx1-5", "i03, 2024-05-11 09:00", "Dr Local", "Green", "Zoë Sender +33 1"):
        assert text in tracking
    for text in ("Piece 1 of 2", "DLS-0051", "Keep upright."):
        assert text in tracking
    address = "Synchrotron Łódź Склад, здание 7 HanZi 1 Οδός 5"
    for text in (f"To {address} From Zoë Sender", "91190 Orsay", "FedEx", "AWB 77", "120 EUR"):
        assert text in out
    for text in ("Åsa Keeper Home Lund", f"From {address}", "UPS", "account 6", "bill 6"):
        assert text in back
    assert "Green" in out and "18.5 kg" in out and "120 EUR" in back and "700 EUR" in back
    assert "Dry shipper." in out and "Dry shipper." in back
    assert "second" in second and "mx1-5" not in second and "mx1" in second
    assert "Puck, 4 places, 3 samples" in pucks


def test_a_dewar_has_the_labels_that_its_shipment_has_for_it(alice):
    whole = Printed(alice.get(f"{ROOT}/shipments/5/labels?paper=label"))
    single = Printed(alice.get(f"{ROOT}/dewars/6/labels?paper=label"))
    assert single.texts == whole.texts[3:6]
    assert "Piece 2 of 2" in single.texts[0]


def test_a_container_has_a_small_label(alice):
    for paper, size in {"label": (60, 30), "A4": SIZES["A4"]}.items():
        printed = Printed(alice.get(f"{ROOT}/containers/51/label?paper={paper}"))
        assert printed.sizes == [in_millimetres(size)]
        assert printed.codes(0) == {"Code128": {"MX-51"}, "QRCode": {"MX-51"}}
        assert "DLS-0051 mx1-5" in printed.texts[0]
        printed.check_edges()


def test_a_manifest_lists_dewars_and_containers_with_sums(alice):
    for paper in SIZES:
        printed = Printed(alice.get(f"{ROOT}/shipments/5/manifest?paper={paper}"))
        (text,) = printed.texts
        for part in ("MX-51 Puck, 4 places, 3 samples", "2 containers, 3 samples", "2 pieces"):
            assert part in text
        assert text.count("18.5 kg") == text.count("120 EUR") == text.count("30 EUR") == 2
        assert "second mx1-0000006 0 containers, 0 samples" in text
        printed.check_edges()


def test_a_sheet_lists_samples_by_position(alice):
    printed = Printed(alice.get(f"{ROOT}/containers/51/sheet"))
    (text,) = printed.texts
    assert printed.sizes == [in_millimetres((297, 210))]
    assert "Puck DLS-0051" in text
    rows = "1 2 LYS lys-61 P43212 pin 61 3 LYS lys-62 P43212 pin 62 4 10 LYS lys-60 P43212 pin 60"
    assert rows in text
    assert printed.codes(0) == {"QRCode": {"MX-51"}}
    assert "brittle" in Printed(alice.get(f"{ROOT}/containers/52/sheet")).texts[0]


def test_a_pdf_is_sent_as_a_file(alice):
    answer = alice.get(f"{ROOT}/dewars/5/labels")
    assert answer.headers["Content-Disposition"] == "inline; filename=dewar-5-labels.pdf"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert alice.get(f"{ROOT}/dewars/5/labels", headers=tag).status_code == 304
    part = alice.get(f"{ROOT}/dewars/5/labels?download=true", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.data) == (206, b"%PDF-")
    assert part.headers["Content-Disposition"].startswith("attachment")
    assert alice.get(f"{ROOT}/dewars/5/labels?paper=A3").json["errors"].keys() == {"paper"}


def test_labels_take_few_statements_whatever_the_number_of_dewars(alice, add, statements):
    counts = []
    for key in (100, 101):
        with statements() as seen:
            assert alice.get(f"{ROOT}/shipments/5/labels").status_code == 200
        counts.append(len(seen))
        add(Dewar(dewarId=key, shippingId=5), Container(containerId=key, dewarId=key))
    assert counts[0] == counts[1] < 8


def test_no_more_than_500_pages_are_printed(alice, add):
    add(*(Dewar(dewarId=key, shippingId=5) for key in range(100, 600)))
    for path, reason in (
        ("shipments/5/labels", "more than 500"),
        ("shipments/5/manifest", "more than 500 dewars"),
    ):
        answer = alice.get(f"{ROOT}/{path}")
        assert (answer.status_code, reason in answer.json["detail"]) == (422, True)


def test_what_is_hidden_is_not_printed(as_, shipment):
    dave = as_("dave", DAVE)
    for path in ("shipments/5/labels", "shipments/5/manifest", "dewars/5/labels"):
        assert dave.get(f"{ROOT}/{path}").status_code == 404
    for path in ("containers/51/label", "containers/51/sheet"):
        assert dave.get(f"{ROOT}/{path}").status_code == 404


def test_a_text_shrinks_then_wraps_then_is_cut():
    assert fit("short", PLAIN, 100, 20, 10) == (10, ["short"])
    size, lines = fit("a text of some words", PLAIN, 100, 12, 10)
    assert (5 < size < 10, lines) == (True, ["a text of some words"])
    assert fit("a text of some words", PLAIN, 100, 24, 10) == (10, ["a text of some", "words"])
    size, lines = fit("long " * 60, PLAIN, 100, 20, 10)
    assert (size, lines[-1][-1], len(lines)) == (SMALLEST, ELLIPSIS, 3)
    size, lines = fit("W" * 45, PLAIN, 100, 24, 10)
    assert (size > SMALLEST, "".join(lines), len(lines)) == (True, "W" * 45, 3)
