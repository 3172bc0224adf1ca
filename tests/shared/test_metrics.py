"""Figures for Prometheus: by route, not by path, so that there are few."""

import pytest

from tests.conftest import SERVICES

SERIES = "ispyb_request_seconds_count"


def figures(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    found = (line.rpartition(" ") for line in answer.text.splitlines() if line.startswith(SERIES))
    return {labels: float(value) for labels, _, value in found}


def test_requests_are_counted_by_route(app, as_):
    client = as_("alice", 1)
    before = figures(client)
    for path in ("proposals/1", "proposals/mx2", "proposals/3"):
        client.get(f"/ispyb/api/v1/{path}")
    client.get("/nowhere")
    client.open("/ispyb/api/v1/labs", method="MADEUP")
    after = figures(client)
    new = {labels: after[labels] - before.get(labels, 0) for labels in after}
    one = [v for labels, v in new.items() if "<proposal_id>" in labels and "404" in labels and v]
    assert one == [3]
    assert [v for labels, v in new.items() if 'route="none"' in labels and v] == [1, 1]
    made_up = ("mx2", "nowhere", "MADEUP")
    assert not [labels for labels in after if any(word in labels for word in made_up)]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_figures(built, clean, service):
    client = built(service).test_client()
    client.get("/health")
    assert any(f'service="{service}"' in labels for labels in figures(client))
