"""The time of the latest change of a shipment, dewar or container."""

from datetime import datetime

import pytest
from sqlalchemy import update

from shared.models import Container, Dewar, Shipping
from tests.core.conftest import ALICE

ROOT = "/ispyb/api/v1"
LONG_AGO = datetime(2001, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("path", "model"), [("shipments", Shipping), ("dewars", Dewar), ("containers", Container)]
)
def test_only_a_change_sets_the_time(as_, stock, engine, path, model):
    alice, url = as_("alice", ALICE), f"{ROOT}/{path}/1"
    with engine.begin() as connection:
        connection.execute(update(model).values(bltimeStamp=LONG_AGO))
    shown = alice.get(url).json
    assert shown["bltimeStamp"] == "2001-02-03T04:05:06"
    assert alice.patch(url, json={"comments": shown["comments"]}).json == shown
    assert alice.put(url, json=shown).json == shown
    assert alice.patch(url, json={"comments": "dry"}).json["bltimeStamp"] > "2026"
