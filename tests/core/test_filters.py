"""What lists are asked by, beside the columns of their own table."""

import pytest

ROOT = "/ispyb/api/v1"
PERIOD = "start=2024-05-01&end=2024-05-02&"


@pytest.mark.parametrize(
    "query",
    [
        "sessions?beamLineName=",
        "sessions?sessionType=",
        "sessions/date?start=2024-05-01&end=2024-05-02&beamLineName=",
        "samples?beamLineName=",
        "samples?status=",
        "data_collections?beamLineName=",
        "data_collections/groups?beamLineName=",
        "beamline/robot_actions?beamLineName=",
        f"beamline/statistics?{PERIOD}beamLineName=",
        "energy_scans?beamLineName=",
        "xrf_spectra?beamLineName=",
        "events?beamLineName=",
        "autoproc/table?sessionId=11&pipeline=",
    ],
)
@pytest.mark.parametrize("text", ["漢", "\N{GREEK SMALL LETTER MU}", "%00", "x" * 300])
def test_a_text_that_no_row_can_hold_is_refused_by_name(query, text, as_, facility):
    """Compared with it, MariaDB would turn each row into other characters, and use no index."""
    answer = as_("alice", 1).get(f"{ROOT}/{query}{text}")
    name = query.removesuffix("=").rpartition("?")[2].rpartition("&")[2]
    assert (answer.status_code, [*answer.json.get("errors", ())]) == (422, [name])
