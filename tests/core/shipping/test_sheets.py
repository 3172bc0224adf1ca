"""Spreadsheets of samples: imports, exports, the template, and mistakes by cell."""

import csv
import io
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from services.core.models import Ligand
from services.core.modules.shipping import sheet_columns
from services.core.schemas.shipping import sheets as schemas
from shared.models import (
    BLSample,
    BLSampleGroup,
    Container,
    ContainerType,
    Dewar,
    Person,
    ProposalHasPerson,
    Protein,
    Shipping,
)
from shared.service_tables import SampleGroupPerson
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside, signed_in

URL = "/ispyb/api/v1/shipments"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = ["Container", "Location", "Protein acronym", "Sample name"]
LEAST = {"sheets": [{"rows": [HEADER, ["P1", "1", "new", "x1"]]}]}
ROUTES = [
    Route(
        "post /shipments/{shipment_id}/import",
        inside(201, reader=403),
        body=LEAST,
        schema="Sheets",
        tidied=True,
        sent_as_is=True,
    ),
    Route("get /shipments/{shipment_id}/export", inside()),
    Route("get /shipments/import_template", signed_in()),
    Route(
        "post /samples/ligands/import",
        inside(201, reader=403),
        body={"sheets": [{"rows": [["Name"], ["ATP"]]}]},
        schema="LigandSheets",
        tidied=True,
        query={"proposal": "1"},
        sent_as_is=True,
    ),
]


@pytest.fixture
def alice(as_, stock, add):
    add(
        ContainerType(containerTypeId=12, name="Puck", capacity=16, proposalType="mx"),
        Shipping(shippingId=3, proposalId=1, shippingName="empty", safetyLevel="low"),
    )
    return as_("alice", ALICE)


def send(client, key, body, status=201, **query):
    """The answer to an import of a CSV text, of bytes of XLSX, or of sheets of rows."""
    kinds = {str: "text/csv", bytes: XLSX}
    sent = {"json": {"sheets": body}}
    if type(body) in kinds:
        sent = {"data": body, "content_type": kinds[type(body)]}
    answer = client.post(f"{URL}/{key}/import", query_string=query, **sent)
    assert answer.status_code == status, answer.text
    return answer.json


def book(sheets):
    """An XLSX file with sheets of rows, by name."""
    workbook, file = Workbook(), io.BytesIO()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(file)
    return file.getvalue()


def samples(client, key):
    """The samples of a shipment by the codes of dewar and container, and the place."""
    tree = client.get(f"{URL}/{key}/tree").json
    return {
        (dewar["code"], container["code"], sample["location"]): sample
        for dewar in tree["Dewar"]
        for container in dewar["Container"]
        for sample in container["BLSample"]
    }


def pick(sample):
    """The values of a sample that a sheet gives."""
    crystal, plan = sample["Crystal"], sample["DiffractionPlan"] or {}
    cells = [crystal[f"cell_{axis}"] for axis in ("a", "b", "c", "alpha", "beta", "gamma")]
    names = {"recordTimeStamp", "diffractionPlanId", "anomalousData", "estimateRadiationDamage"}
    return (
        *(crystal["Protein"]["acronym"], sample["name"], crystal["spaceGroup"], cells),
        {name: value for name, value in plan.items() if value is not None and name not in names},
    )


CSV = """\
# comment; with; separators
\ufeffParcel name;PUCK;puck_type;Puck position;Acronym;name;Bar code;Space-group;Unit cell;\
Experiment type;Aimed resolution [A];transmission;Comments;notes to staff
D9;P1;UNIPUCK;01;lys;a1;-CANT-FIND;p 43 21 2;78,5 78,5 37,8 90 90 90;native;1,8;50%;"two
lines";fragile
;# no comment

D9;P1;;2;New;a1;;C2;143.7, 67, 76.9, 90, 110.4, 90;Ligand Binding;;;;
d9;P2;spine;10;New;a2;;;;;;;;
D9;P3;;;;;;;;;;;;
"""


def test_csv_is_tried_stored_and_exported_to_another_shipment(alice, as_, count):
    text = CSV.removeprefix("# comment; with; separators\n").replace(";# no comment\n", "# no\n")
    before = count(BLSample), count(Dewar), count(Protein)
    trial = send(alice, 3, text, 200, dry_run="true")
    assert (trial["isStored"], trial["mistakeCount"], trial["warnings"]) == (False, 0, [])
    assert trial["counts"] == {"dewars": 1, "containers": 3, "samples": 3, "proteins": 1}
    assert trial["Dewar"][0]["Container"][1]["BLSample"] == [
        {"location": "10", "subLocation": None, "name": "a2", "acronym": "New"}
    ]
    assert (count(BLSample), count(Dewar), count(Protein)) == before
    assert send(alice, 3, text)["counts"] == trial["counts"]
    stored = samples(alice, 3)
    plan = {"experimentKind": "OSC", "aimedResolution": 1.8, "transmission": 0.5}
    cell = [78.5, 78.5, 37.8, 90, 90, 90]
    first = stored["D9", "P1", "1"]
    assert pick(first) == ("LYS", "a1", "P43212", cell, plan)
    assert (first["code"], first["comments"]) == ("-CANT-FIND", "two\nlines | fragile")
    plan, cell = {"experimentKind": "Ligand binding"}, [143.7, 67, 76.9, 90, 110.4, 90]
    assert pick(stored["D9", "P1", "2"]) == ("New", "a1", "C2", cell, plan)
    assert count(Protein) == before[2] + 1
    for name in ("csv", "xlsx"):
        file = alice.get(f"{URL}/3/export", query_string={"format": name})
        body = file.data if name == "xlsx" else file.data.decode()
        bob = as_("bob", BOB)
        made = bob.post(URL, json={"proposalId": 2, "shippingName": name}).json["shippingId"]
        body = body.replace("a1", "b1").replace("a2", "b2") if name == "csv" else body
        assert send(bob, made, body)["counts"]["containers"] == 3
        if name == "xlsx":  # it has no time, so that its ETag is that of its rows
            assert load_workbook(io.BytesIO(body)).properties.modified.year == 1980
            assert [pick(each) for each in samples(bob, made).values()] == [
                pick(each) for each in stored.values()
            ]


WRONG = """\
Dewar,Puck,Type,Location,Name,Spce group,SPG,Aimed resolution,Experiment,Cell,Proposal code,\
Puck barcode,Acronym
D1,P1,Puck,1,r2,,P43212,1.8,OSC,,MX,,LYS
D1,Q3,Unipck,1,r3,,,,,,,,LYS
D1,P1,,17,r4,,,,,,,,LYS
D1,P1,,A1,r5,,,,,,,,LYS
D1,P1,,2,r 6,,,,,,,,LYS
D1,P1,,3,LYS-X1,,,,,,,,lys
D1,P1,,4,twice,,,,,,,,LYS
D1,P1,,4,Twice,,,,,,,,LYS
D1,P1,,5,r10,,P2121,,,,,,LYS
D1,P1,,6,r11,,,1.8 A,,,,,LYS
D1,P1,,7,r12,,,0,,,,,LYS
D1,P1,,8,r13,,,,OCS,,,,LYS
D1,P1,,9,r14,,,,,1 2 3 4,,,LYS
D2,P1,,10,r15,,,,,,,,LYS
D1,P1,SPINEpuck,11,r16,,,,,,,,LYS
D1,P1,,12,,,,,,,,,LYS
D1,P1,,13,r18,,,,,,cm,,LYS
D1,Q19,,1,r19,,,,,,,Taken,LYS
D1,puck 1,,1,r20,,,,,,,,LYS
"""
PLACE, NAME = "Two samples have this place.", "Two samples of the protein have this name."
MISTAKES = [
    ("F1", "Spce group", "Spce group", "Is no column. Did you mean Space group?"),
    ("C3", "Type", "Unipck", "Is an unknown container type, did you mean Unipuck?"),
    ("D4", "Location", "17", "Must be a place from 1 to 16."),
    ("D5", "Location", "A1", "Must be the number of a place: the container is no plate."),
    ("E6", "Name", "r 6", "Must be of letters, digits and : + _ - only."),
    ("E7", "Name", "LYS-X1", "The protein has a sample of this name already."),
    ("D8", "Location", "4", PLACE),
    ("E8", "Name", "twice", NAME),
    ("D9", "Location", "4", PLACE),
    ("E9", "Name", "Twice", NAME),
    ("G10", "SPG", "P2121", "Must be a space group, such as P43212. Did you mean P21212?"),
    ("H11", "Aimed resolution", "1.8 A", "Must be a number from 0.1 to 100 Å."),
    ("H12", "Aimed resolution", "0", "Must be a number from 0.1 to 100 Å."),
    ("I13", "Experiment", "OCS", "Did you mean OSC?"),
    ("J14", "Cell", "1 2 3 4", "Must be `a b c alpha beta gamma`, or `a b c`."),
    ("B15", "Puck", "P1", "Is in dewar D1 in a row above."),
    ("C16", "Type", "SPINEpuck", "Is Puck in a row above, of the same container."),
    (None, "Sample name", None, "Must have a value."),
    ("K18", "Proposal code", "cm", "The shipment is of proposal mx1."),
    ("L19", "Puck barcode", "Taken", "A container has this bar code already."),
    ("B20", "Puck", "puck 1", "The shipment has a container of this name."),
]


def test_all_mistakes_are_listed_by_cell_and_nothing_is_stored(alice, add, count):
    add(Container(containerId=9, dewarId=2, barcode="Taken"))
    before = count(Container), count(BLSample)
    trial = send(alice, 1, WRONG, 200, dry_run="true")
    listed = [
        (each["cell"], each["column"], each["value"], each["reason"]) for each in trial["mistakes"]
    ]
    assert sorted(listed, key=str) == sorted(MISTAKES, key=str)
    assert [each["row"] for each in trial["mistakes"]] == [1, *range(3, 8), 8, 8, 9, 9] + [
        *range(10, 21)
    ]
    assert (trial["isStored"], trial["mistakeCount"]) == (False, len(MISTAKES))
    problem = send(alice, 1, WRONG, 422)
    assert problem["detail"] == "21 mistakes in the file, nothing is stored"
    assert problem["errors"]["H12"] == ["Aimed resolution: 0: Must be a number from 0.1 to 100 Å."]
    assert problem["errors"]["row 17"] == ["Sample name: Must have a value."]
    assert (count(Container), count(BLSample)) == before
    sheets = [{"name": "P7", "rows": [HEADER[1:], ["1", "LYS", "y"], ["17", "LYS", "z"]]}]
    assert [*send(alice, 1, sheets, 422)["errors"]] == ["P7!A3"]


GROUPED = """\
Container,Location,Acronym,Name,Sample group
G1,1,LYS,g1,Soaks
G1,2,LYS,g2,soaks ; Apo
G1,3,LYS,g3,
"""


def test_samples_come_into_groups(alice, as_, add, count):
    hidden = [BLSampleGroup(blSampleGroupId=key, name="soaks", proposalId=2) for key in (5, 6)]
    add(*hidden, BLSampleGroup(blSampleGroupId=7, name="SOAKS", proposalId=1, ownerId=ALICE))
    before = count(BLSampleGroup)
    assert send(alice, 3, GROUPED, 200, dry_run="true")["warnings"] == []
    assert count(BLSampleGroup) == before
    send(alice, 3, GROUPED)
    groups = alice.get("/ispyb/api/v1/samples/groups?proposal=mx1").json["results"]
    members = {
        group["name"]: [
            each["BLSample"]["name"]
            for each in alice.get(
                f"/ispyb/api/v1/samples/groups/{group['blSampleGroupId']}/samples"
            ).json["results"]
        ]
        for group in groups
        if group["name"] in ("SOAKS", "Apo")
    }
    assert (members, count(BLSampleGroup)) == ({"SOAKS": ["g1", "g2"], "Apo": ["g2"]}, before + 1)
    file = alice.get(f"{URL}/3/export?format=csv").data.decode("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(file))]
    assert [row["Sample group"] for row in rows] == ["SOAKS", "Apo; SOAKS", ""]


def test_groups_take_the_same_statements_whatever_their_number(alice, statements):
    def measure(name, number):
        lines = [f"{name},{n},LYS,{name}{n},{name} {n}" for n in range(1, number + 1)]
        text = "\n".join(["Container,Location,Acronym,Name,Sample group", *lines])
        with statements() as made:
            send(alice, 3, text)
        return len(made)

    measure("G0", 1)
    assert measure("G1", 1) == measure("G2", 16)


def test_a_group_that_is_shared_with_others_takes_no_samples(alice, as_, add, count):
    """The leader may; a member who sees the group, and manages it not, may not."""
    add(
        BLSampleGroup(blSampleGroupId=7, name="soaks", proposalId=1, ownerId=ALICE),
        Person(personId=77, login="member"),
        ProposalHasPerson(proposalId=1, personId=77),
        SampleGroupPerson(blSampleGroupId=7, personId=77),
    )
    before = count(BLSample)
    refused = send(as_("member", 77), 3, GROUPED, 403)
    assert (refused["status"], count(BLSample)) == (403, before)
    send(alice, 3, GROUPED)


PLATES = """\
Plate,Well,Type,Acronym,Name,Density,Composition,Packing fraction
S1,A2.2,Drops,POW,p1,2.5,Fe2O3,0.6
S1,b01.1,Drops,LYS,p2,,,
S1,7,,LYS,p3,,,
W1,H12,Wells,LYS,p4,,,
"""


def test_samples_of_plates_have_wells_and_powders_their_density(alice, add):
    kinds = {"capacity": 288, "wellPerRow": 12, "dropPerWellX": 2, "dropPerWellY": 2}
    add(ContainerType(containerTypeId=22, name="Drops", **kinds, wellDrop=1))
    add(ContainerType(containerTypeId=16, name="Wells", capacity=96, wellPerRow=12))
    text = PLATES.replace("Plate,", "Container,")
    send(alice, 3, text)
    stored = samples(alice, 3)
    places = {sample["name"]: place[1:] for place, sample in stored.items()}
    assert places == {
        **{"p1": ("S1", "5"), "p2": ("S1", "37"), "p3": ("S1", "7")},
        "p4": ("W1", "96"),
    }
    powder = stored["Dewar1", "S1", "5"]
    protein = powder["Crystal"]["Protein"]
    assert (protein["density"], protein["sequence"]) == (2.5, "Fe2O3")
    assert powder["packingFraction"] == 0.6
    wrong = {"A2.2": "A2.4", "b01.1": "b01", "H12": "H13", "7": "A-1"}
    for well, other in wrong.items():
        text = text.replace(f",{well},", f",{other},")
    trial = send(alice, 3, text.replace("S1", "S2").replace("W1", "W2"), 200, dry_run="true")
    assert [(each["value"], each["reason"]) for each in trial["mistakes"]] == [
        ("A2.4", "Must be a drop: a well of the plate has 3."),
        ("b01", "Must name one of 3 drops: b01.1."),
        ("A-1", "Must be the number of a place, from 1 on, or a well: A1, A1.2."),
        ("H13", "Must be a well: a row of the plate has 12."),
    ]


FORM = """\
ehtpx5
,,Puck:,F6
,,Dewar,D1
position,protein,acronym,group,name

"""
EXI = "Parcel name,Container name,Container type\n# a comment\n"
CELL = [57, 58, 149, 90, 91, 92]
ANGLES = "57,58,149,90,91,92"
PROFILES = {  # a file, the place of its sample, its acronym, name, group and cell, and its plan
    "diamond": (
        "Proposal Code,Proposal Number,Visit Number\n"
        f"mx,1,67,s,D1,I03,2.1,2.5,0.1,LYS,Lysozyme,P4(3)2(1)2,DF15,d-x,01,Z19,{ANGLES},1,loop,"
        "1.8,Diffraction,XChem low symmetry,0.5,12700,a/b,none,,",
        ("D1", "I03", "1"),
        ("LYS", "d-x", "P43212", CELL),
        {"observedResolution": 2.1, "minimalResolution": 2.5, "oscillationRange": 0.1}
        | {"requiredResolution": 1.8, "centringMethod": "diffraction", "energy": 12700}
        | {"experimentKind": "XChem Low Symmetry", "radiationSensitivity": 0.5}
        | {"userPath": "a/b"},
    ),
    "java": (
        f"mx;1;67;s;D1;J1;2,1;;;LYS;;C2;DF15;j1;16;;{ANGLES.replace(',', ';')}",
        ("D1", "J1", "16"),
        ("LYS", "j1", "C2", CELL),
        {"observedResolution": 2.1},
    ),
    "imca": (
        "Puck,Pin,Project,Priority\n"
        'Blue,3,new,1,Manual,Tricky,Do best,Luke,P2(1)2(1)2(1),"67 82 276",1.9,4,,0.1,0.25,,95,5,'
        "250,image_,,,",
        ("dewar 1", "Blue", "3"),
        ("new", "x1", "P212121", [67, 82, 276, None, None, None]),
        {"collectionMode": "manual", "priority": 1, "aimedResolution": 1.9, "distance": 250}
        | {"requiredResolution": 4, "exposureTime": 0.1, "oscillationRange": 0.25}
        | {"preferredBeamSizeX": 5},
    ),
    "exi": (
        f"{EXI}D1,E1,SPINEpuck,10,LYS,e1,HA1,C2,{ANGLES},SAD,2,3,50,2,4,99,P21,0.1,CC,360,0.05,"
        "1.5,fine,12700,0.9,0.02,0.1",
        ("D1", "E1", "10"),
        ("LYS", "e1", "C2", CELL),
        {"experimentKind": "SAD", "aimedResolution": 2, "requiredResolution": 3}
        | {"preferredBeamDiameter": 50, "numberOfPositions": 2, "aimedMultiplicity": 4}
        | {"aimedCompleteness": 99, "forcedSpaceGroup": "P21", "radiationSensitivity": 0.1}
        | {"axisRange": 360, "minOscWidth": 0.05, "observedResolution": 1.5, "energy": 12700}
        | {"transmission": 0.9, "exposureTime": 0.02, "oscillationRange": 0.1},
    ),
    "form5": (
        "\t\tPuck\tF5\n2\tLysozyme\tLYS\tC2\tf5\tHA1\t2\t3\t0.1\tOSC\tSe\t"
        + ANGLES.replace(",", "\t"),
        ("dewar 1", "F5", "2"),
        ("LYS", "f5", "C2", CELL),
        {"observedResolution": 2, "requiredResolution": 3, "oscillationRange": 0.1}
        | {"experimentKind": "OSC", "anomalousScatterer": "Se"},
    ),
    "form6": (
        f"{FORM}1,,,,,\n2,,LYS - P21,,f6,HA1,2,3,50,OSC,2,0.1,99,4,{ANGLES},CC,0.05,fine",
        ("D1", "F6", "2"),
        ("LYS", "f6", "P21", CELL),
        {"observedResolution": 2, "requiredResolution": 3, "preferredBeamDiameter": 50}
        | {"experimentKind": "OSC", "numberOfPositions": 2, "radiationSensitivity": 0.1}
        | {"aimedCompleteness": 99, "aimedMultiplicity": 4, "minOscWidth": 0.05},
    ),
}


def test_profiles_know_columns_by_position(alice):
    assert PROFILES.keys() == sheet_columns.PROFILES.keys() == {*schemas.PROFILES}
    for name, (text, *_) in PROFILES.items():
        report = send(alice, 1, text, profile=name)
        assert report["counts"]["samples"] == 1, name
        if name == "imca":
            assert report["warnings"] == [
                f"column {title}: not stored"
                for title in ("Contact person", "Attenuation", "Prefix for frames")
            ]
    stored = samples(alice, 1)
    assert len({code for code, *_ in stored}) == 2  # one dewar of a name, in all imports
    for name, (_, place, values, plan) in PROFILES.items():
        assert pick(stored[place]) == (*values, plan), name
    assert stored["dewar 1", "Blue", "3"]["comments"] == "Tricky | Do best"
    text = PROFILES["imca"][0].replace("Blue", "Red")
    assert send(alice, 1, text, profile="imca")["Dewar"][0]["dewarId"] == 1
    assert samples(alice, 1)["dewar 1", "Red", "3"]["name"] == "x2"


def test_xlsx_may_have_a_sheet_for_each_puck(alice):
    file = book(
        {
            "P1": [["Dewar", "D1"], [], HEADER[1:] + ["Cell a"], [1, "LYS", "x1", 78.5]],
            "P2": [HEADER[1:], [7.0, "LYS", "x2"], [8]],
            "Notes": [["by Ann"]],
        }
    )
    report = send(alice, 3, file)
    assert report["warnings"] == ["sheet Notes: not read, no row has names of columns"]
    stored = samples(alice, 3)
    assert [*stored] == [("D1", "P1", "1"), ("Dewar1", "P2", "7")]
    assert stored["D1", "P1", "1"]["Crystal"]["cell_a"] == 78.5
    form = [row.split(",") for row in PROFILES["form6"][0].replace("f6", "f7").split("\n")]
    assert send(alice, 3, book({"form": form}))["counts"]["samples"] == 1
    assert ("D1", "F6", "2") in samples(alice, 3)


def test_files_that_cannot_be_read(alice):
    good = book({"P1": [HEADER]})
    parts = {"xl/worksheets/sheet1.xml": lambda text: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + text}
    assert "not XLSX" in send(alice, 1, repack(good, parts), 400)["detail"]
    assert "inflates" in send(alice, 1, repack(good, {"bomb": bytes(101 << 20)}), 413)["detail"]
    assert "not XLSX" in send(alice, 1, good[:-40], 400)["detail"]
    wide = {"xl/worksheets/sheet1.xml": WIDE.encode()}
    assert send(alice, 1, repack(good, wide), 422)["errors"].keys() == {"P1!row 1"}
    assert "97-2003" in send(alice, 1, b"\xd0\xcf\x11\xe0", 400)["detail"]
    assert "zero byte" in send(alice, 1, "a,\0", 400)["detail"]
    assert "line 2" in send(alice, 1, 'a,b\n"c,d', 400)["detail"]
    assert "10000 rows" in send(alice, 1, "a,b\n" * 10_201, 413)["detail"]
    assert send(alice, 1, "", 422)["errors"].keys() == {"row 1"}
    assert send(alice, 99, "a", 404)


WIDE = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
WIDE += "".join(f'<row r="{at}"><c r="XFD{at}"><v>1</v></c></row>' for at in range(1, 5000))
WIDE += "</sheetData></worksheet>"


def repack(file, changed):
    """An XLSX file with parts that are ``changed``: by a function, or new ones."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(file)) as source, ZipFile(target, "w", ZIP_DEFLATED) as copy:
        for name in {*source.namelist(), *changed}:
            part = changed.get(name) or source.read(name)
            copy.writestr(name, part if isinstance(part, bytes) else part(source.read(name)))
    return target.getvalue()


def test_the_template_is_imported_as_it_is_and_has_the_words(alice):
    text = alice.get(f"{URL}/import_template").data.decode("utf-8-sig")
    header, example = text.splitlines()
    filled = f"{header}\n{example}\n{example.removeprefix('# ')}"
    assert send(alice, 3, filled)["counts"] == {
        **{"dewars": 1, "containers": 1, "samples": 1, "proteins": 1}
    }
    file = alice.get(f"{URL}/import_template?format=xlsx")
    sheets = load_workbook(io.BytesIO(file.data))
    assert sheets.sheetnames == ["Samples", "Words"]
    assert [cell.value for cell in sheets["Samples"][1]] == header.split(",")
    words = {c[0].value: {cell.value for cell in c} for c in sheets["Words"].columns}
    assert words["Container type"] - {None} == {"Container type", "Puck", "Unipuck"}
    assert {"OSC", "native", "Ligand binding"} <= words["Experiment kind"]


def test_ligands_are_imported_once(alice, as_, count):
    url, csv = "/ispyb/api/v1/samples/ligands/import?proposal=mx1", {"content_type": "text/csv"}
    text = "Name,SMILES,Well\nATP,CCO,A1\natp,,A2\nATP,CCO,A3\n,C,A4\n"
    trial = alice.post(f"{url}&dry_run=true", data=text, **csv)
    reasons = {(each["row"], each["reason"]) for each in trial.json["mistakes"]}
    assert reasons == {
        (4, "A row above has a ligand of this name and structure."),
        (5, "Must have a value."),
    }
    assert alice.post(url, data=text, **csv).status_code == 422 and count(Ligand) == 0
    right = "\n".join(text.splitlines()[:3])
    stored = alice.post(url, data=right, **csv)
    assert (stored.status_code, stored.json["ligands"], count(Ligand)) == (201, 2, 2)
    assert alice.post(url, data=right, **csv).json["errors"].keys() == {"row 2", "row 3"}
    assert as_("bob", BOB).post(url, data=right, **csv).status_code == 404
