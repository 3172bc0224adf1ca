"""Laboratories: every signed-in caller reads them, the user office edits them."""

import pytest

from shared.models import Laboratory, Person

URL = "/ispyb/api/v1/contacts/labs"
LUND = {"name": "Structural Biology", "city": "Lund", "country": "Sweden", "laboratoryPk": -7}


@pytest.fixture
def labs(add):
    """Two laboratories; erin belongs to the first."""
    add(
        Laboratory(laboratoryId=1, name="Institute of Light", city="Grenoble"),
        Laboratory(laboratoryId=2, name="Biology Unit", city="Hamburg"),
        Person(personId=5, login="erin", laboratoryId=1),
    )


def test_everybody_knows_them(as_, labs):
    response = as_("stranger", 9).get(URL)
    assert [row["name"] for row in response.json["results"]] == [
        "Biology Unit",
        "Institute of Light",
    ]
    assert as_("stranger", 9).get(f"{URL}/1").json["city"] == "Grenoble"
    assert as_("stranger", 9).get(f"{URL}?search=hamb").json["total"] == 1


def test_only_the_user_office_writes(as_, labs):
    staff = as_("staff", 9, "all_proposals", "mx_write")
    assert staff.post(URL, json=LUND).status_code == 403
    assert staff.delete(f"{URL}/2").status_code == 403
    for verb in ("patch", "put"):
        assert getattr(staff, verb)(f"{URL}/2", json=LUND).status_code == 403


def test_a_laboratory_comes_changes_and_goes(office, labs):
    made = office.post(URL, json=LUND)
    assert made.status_code == 201
    assert {**made.json, **LUND} == made.json
    one = f"{URL}/{made.json['laboratoryId']}"
    assert office.patch(one, json={"city": None}).json["city"] is None
    assert office.patch(one, json={"url": "https://x.example"}).json["country"] == "Sweden"
    assert office.put(one, json={"name": "New"}).json["country"] is None
    assert office.delete(one).json["name"] == "New"
    for verb in ("get", "delete"):
        assert getattr(office, verb)(one).status_code == 404
    for verb in ("patch", "put"):
        assert getattr(office, verb)(one, json=LUND).status_code == 404


@pytest.mark.parametrize(
    "change, field",
    [
        ({"name": None}, "name"),
        ({"name": "x" * 46}, "name"),
        ({"city": "Łódź"}, "city"),
        ({"postcode": 38000}, "postcode"),
        ({"laboratoryPk": 2**31}, "laboratoryPk"),
        ({"street": "x"}, "street"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1"), ("put", "/1")])
def test_a_bad_field_is_named_and_nothing_written(office, labs, count, verb, key, change, field):
    response = getattr(office, verb)(URL + key, json=LUND | change)
    assert (response.status_code, list(response.json["errors"])) == (422, [field])
    assert (count(Laboratory), office.get(f"{URL}/1").json["city"]) == (2, "Grenoble")


def test_delete_is_refused_while_people_belong_to_it(office, labs):
    response = office.delete(f"{URL}/1")
    assert (response.status_code, response.json["detail"]) == (
        409,
        "Laboratory still has persons",
    )
