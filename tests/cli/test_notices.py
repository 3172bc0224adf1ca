"""The commands about notices: what waits is sent and listed, without the secrets of a site."""

import json

from sqlalchemy import insert

from shared.service_tables import Notice, utc_now
from tests.processes import free_port


def test_notices_are_sent_and_listed(run, write, engine, clean, monkeypatch):
    host = f"127.0.0.1:{free_port()}"  # where nobody listens
    url = f"http://{host}/secret-path"
    webhook = {"url": url, "secret": {"env": "ISPYB_TEST_SECRET"}}
    path = write(notices={"enabled": True, "webhooks": [webhook]})
    off = write("off.yml", notices={"webhooks": [webhook]})
    variable = "notices.webhooks.0.secret: the environment variable ISPYB_TEST_SECRET is not set"
    missing = run("notices", "send", "--once", "--site", path)
    assert (missing.exit_code, variable in missing.stderr) == (1, True)
    refused = run("notices", "send", "--once", "--site", off)
    assert (refused.exit_code, "notices.enabled" in refused.stderr) == (2, True)
    empty = run("notices", "list", "--site", path)
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "no notice waits\n")

    monkeypatch.setenv("ISPYB_TEST_SECRET", "short")
    short = run("check-config", "--site", path)
    assert (short.exit_code, "webhooks.0.secret: must be 24 to 64" in short.stderr) == (1, True)
    monkeypatch.setenv("ISPYB_TEST_SECRET", "A" * 32)
    event = {"Shipping": {"shippingId": 3, "shippingName": "May"}}
    row = {"eventId": "e" * 32, "event": "sent", "kind": "webhook", "target": url, "body": event}
    row |= {"created": utc_now(), "nextTry": utc_now(), "tries": 0}
    with engine.begin() as connection:
        connection.execute(insert(Notice), [row, {**row, "tries": 20}])
    sent = run("notices", "send", "--once", "--site", path)
    assert (sent.exit_code, sent.stdout) == (0, "0 notices sent, 1 failed\n")
    lines = run("notices", "list", "--site", path).stdout.splitlines()
    assert [line.split()[1:6] for line in lines] == [
        ["EVENT", "SHIPMENT", "TO", "STATE", "TRIES"],
        ["sent", "3", host, "waits", "1"],
        ["sent", "3", host, "dead", "20"],
    ]
    rows = json.loads(run("notices", "list", "--json", "--site", path).stdout)
    assert [(each["isDead"], each["error"]) for each in rows] == [
        (False, "ConnectionError"),
        (True, None),
    ]
