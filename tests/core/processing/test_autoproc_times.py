"""Times in AutoProcContainer XML: several spellings, and the time zones of other machines."""

from xml.etree.ElementTree import Element, SubElement, tostring

import pytest

from tests.core.processing_rows import RESULTS


@pytest.fixture
def send(zocalo):
    """``send(text)`` posts a program that started at ``text``, and returns the answer."""

    def post(text):
        root = Element("AutoProcContainer")
        program = SubElement(SubElement(root, "AutoProcProgramContainer"), "AutoProcProgram")
        SubElement(program, "processingStartTime").text = text
        url = f"{RESULTS}?dataCollectionId=111"
        answer = zocalo.post(url, data=tostring(root), content_type="application/xml")
        assert answer.status_code == 201, answer.json
        return answer.json

    return post


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2024-05-11T14:10:00", "2024-05-11T14:10:00"),
        ("2024-05-11 14:10:00", "2024-05-11T14:10:00"),
        ("2024-05-11 14:10:00.75", "2024-05-11T14:10:00"),
        ("Mon Jun 14 15:09:27 PDT 2021", "2021-06-14T15:09:27"),
        ("Mon Jun  7 15:09:27 2021", "2021-06-07T15:09:27"),
        ("", None),
    ],
)
def test_times_in_three_spellings(send, text, expected):
    made = send(text)
    assert made["program"]["processingStartTime"] == expected
    assert made["warnings"] == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Mon Jun 14 15:09:27 UTC 2021", "2021-06-14T20:39:27"),
        ("Mon Jun 14 23:09:27 GMT 2021", "2021-06-15T04:39:27"),
        ("2021-06-14T15:09:27+02:00", "2021-06-14T18:39:27"),
        ("2021-06-14T15:09:27Z", "2021-06-14T20:39:27"),
        ("Mon Jun 14 15:09:27 IST 2021", "2021-06-14T15:09:27"),
    ],
)
def test_times_of_other_zones_become_local_time(send, time_zone, text, expected):
    time_zone("IST-5:30")
    made = send(text)
    assert made["program"]["processingStartTime"] == expected


def test_a_time_that_is_none_is_null_with_a_warning(send):
    made = send("yesterday")
    assert made["program"]["processingStartTime"] is None
    assert made["warnings"] == ["AutoProcProgram.processingStartTime: not understood: yesterday"]
