"""Kinds of containers, which fill in the kind and the places of a container."""

from shared.models import ContainerType
from tests.core.conftest import ALICE

ROOT = "/ispyb/api/v1"


def test_a_kind_gives_its_key_and_places(as_, stock, add):
    add(ContainerType(containerTypeId=12, name="Puck", capacity=16, proposalType="mx"))
    alice = as_("alice", ALICE)
    (kind,) = alice.get(f"{ROOT}/containers/types").json["results"]
    assert (kind["name"], kind["capacity"]) == ("Puck", 16)
    for word, name, places in (
        ("unipuck", "Puck", 16),
        ("PUCK", "Puck", 16),
        ("SPINEpuck", "SPINEpuck", 10),
        ("GridBox", "GridBox", None),
    ):
        body = {"dewarId": 1, "containerType": word}
        made = alice.post(f"{ROOT}/containers", json=body).json
        assert (made["containerType"], made["capacity"]) == (name, places)
        assert made["containerTypeId"] == (12 if name == "Puck" else None)
