"""Figures for Prometheus: by route, not by path, so that there are few."""

import os

import pytest
from prometheus_client import generate_latest

from shared.metrics import BUCKETS, ROWS, Figures
from tests.conftest import SERVICES

SERIES = "ispyb_request_seconds_count"


def figures(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    samples = (
        line.rpartition(" ") for line in answer.text.splitlines() if line.startswith(SERIES)
    )
    return {labels: float(value) for labels, _, value in samples}


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


def labels(number):
    return "core", f"/route/{number}", "GET", 200


def samples(figures):
    """The samples of ``figures`` by the end of their name, route and bucket."""
    (family,) = figures.collect()
    return {
        (sample.name.rpartition("_")[2], sample.labels["route"], sample.labels.get("le")): value
        for sample in family.samples
        for value in [sample.value]
    }


def test_seconds_are_counted_in_buckets_that_include_their_bounds():
    figures = Figures()
    for seconds in (0.001, 0.005, 0.006, 100):
        figures.note(labels(1), seconds)
    counts = samples(figures)
    assert [counts["bucket", "/route/1", bound] for bound in ("0.005", "0.01", "10.0")] == [
        2,
        3,
        3,
    ]
    assert counts["bucket", "/route/1", "+Inf"] == counts["count", "/route/1", None] == 4
    assert counts["sum", "/route/1", None] == pytest.approx(100.012)
    assert len(counts) == len(BUCKETS) + 2
    text = generate_latest(figures).decode()
    assert f'{SERIES}{{method="GET",route="/route/1",service="core",status="200"}} 4.0' in text


def in_child(work):
    """Run ``work`` in a forked process, which then is gone."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_processes_count_together_and_take_over_what_others_counted():
    figures = Figures()
    figures.divide(3)

    def count(part, number):
        figures.enter(part)
        for _ in range(100):
            figures.note(labels(number), 0.1)
        figures.note(labels(9), 0.1)

    in_child(lambda: count(0, 1))
    in_child(lambda: count(1, 2))
    for _ in range(50):  # each in the place of the one before
        in_child(lambda: count(1, 1))
    in_child(lambda: count(None, 3))  # no part is free: nothing is counted
    counts = samples(figures)
    assert counts["count", "/route/1", None] == 5100
    assert counts["count", "/route/2", None] == 100
    assert counts["count", "/route/9", None] == 52
    assert ("count", "/route/3", None) not in counts


def test_more_series_than_there_is_room_for_end_no_request():
    figures = Figures()
    figures.divide(2)
    figures.enter(1)
    figures.note(labels("0"), 0.5)
    figures.enter(0)
    for number in range(ROWS + 10):
        figures.note(labels(number), 0.1)
    figures.note(labels("x" * 300), 0.1)
    counts = samples(figures)
    assert counts["count", f"/route/{ROWS - 1}", None] == 1
    assert ("count", f"/route/{ROWS}", None) not in counts
    assert counts["count", "/route/0", None] == 2
    assert counts["sum", "/route/0", None] == pytest.approx(0.6)
