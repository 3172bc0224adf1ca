"""Commands about service tokens, the audit trail and Kong's file."""

import json
import re
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
import yaml
from sqlalchemy import insert, select

from services.auth.modules import activities
from shared import keys as keyring
from shared.service_tables import Activity, ServiceToken, utc_now


def test_a_file_of_kong_is_rendered_and_checked(run, write, home):
    path = write()
    rendered = run("gateway", "render", "--site", path, "--output", "kong.yml")
    assert (rendered.exit_code, rendered.stdout) == (0, "")
    assert run("gateway", "render", "--site", path).stdout == (home / "kong.yml").read_text()
    assert run("gateway", "check", "kong.yml", "--site", path).exit_code == 0
    text = (home / "kong.yml").read_text()
    assert "PRIVATE" not in text
    (home / "kong.yml").write_text(text.replace("strip_path: false", "strip_path: true"))
    broken = run("gateway", "check", "kong.yml", "--site", path)
    assert broken.exit_code == 1 and "strip_path" in broken.stdout
    assert re.search(r"^Error: [0-9]+ faults in kong.yml$", broken.stderr, re.MULTILINE)


def test_a_file_of_kong_without_keys_names_the_command_to_render_it(run, write, home):
    services = {"em": {}}  # to render all takes seconds
    path = write(services=services)
    other = write("other.yml", tokens={"issuer": "x", "keys": "none"}, services=services)
    run("gateway", "render", "--site", other, "--output", "kong.yml")
    assert run("gateway", "check", "--template", "kong.yml", "--site", path).exit_code == 0
    [kid] = keyring.public_keys(yaml.safe_load(Path(path).read_text())["tokens"]["keys"])
    checked = run("gateway", "check", "kong.yml", "--site", path)
    command = "run `ispyb-services gateway render --output FILE`"
    assert checked.stdout == f"the file holds no key, and the site has {kid}: {command}\n"
    assert checked.stderr == "Error: 1 fault in kong.yml\n"
    checked = run("gateway", "check", "kong.yml", "--site", other)
    assert checked.stdout == (f"there is no key: run `ispyb-services keys new`, then {command}\n")


@pytest.fixture
def issue(run, write, clean):
    """``issue("mx_write", ...)`` issues a token to zocalo; the options come last."""
    path = write()

    def call(*permissions, options=()):
        arguments = [part for name in permissions for part in ("--permission", name)]
        return run("token", "issue", "zocalo", *arguments, *options, "--site", path)

    call.path = path
    return call


def test_a_service_token_works_until_it_is_revoked(run, issue, app):
    issued = issue("mx_write", "all_sessions", options=["--beamline", "i03", "--days", "7"])
    assert (issued.exit_code, issued.stderr) == (0, "")
    text = issued.stdout.strip()
    assert text.count(".") == 2 and "\n" not in text
    claims = jwt.decode(text, options={"verify_signature": False})
    assert claims["sub"] == "zocalo" and claims["beamlines"] == ["i03"]
    assert claims["permissions"] == ["all_sessions", "mx_write"]
    assert claims["exp"] - claims["iat"] == 7 * 86_400

    listed = run("token", "list", "--site", issue.path).stdout
    head, line = listed.splitlines()
    number, name, state, *_, beamlines, permissions = line.split()
    assert (name, state, beamlines) == ("zocalo", "good", "i03")
    assert permissions == "all_sessions,mx_write"
    assert [head.index(word) for word in ("NAME", "STATE", "BEAMLINES", "PERMISSIONS")] == [
        line.index(word) for word in ("zocalo", "good", "i03", "all_sessions")
    ]
    assert text not in listed
    [row] = json.loads(run("token", "list", "--json", "--site", issue.path).stdout)
    assert row["permissions"] == ["all_sessions", "mx_write"] and row["beamlines"] == ["i03"]
    assert (str(row["serviceTokenId"]), row["name"], row["state"]) == (number, "zocalo", "good")

    client = app.test_client()
    ask = ["/ispyb/api/v1/sessions", {"headers": {"Authorization": f"Bearer {text}"}}]
    assert client.get(ask[0], **ask[1]).status_code == 200
    assert run("token", "revoke", number, "--site", issue.path).exit_code == 0
    assert client.get(ask[0], **ask[1]).status_code == 401
    assert " revoked " in run("token", "list", "--site", issue.path).stdout
    assert run("token", "revoke", number, "--site", issue.path).exit_code == 1


@pytest.mark.parametrize(
    "permissions, options, message",
    [
        (["mx_wite"], [], "permissions: unknown permission mx_wite, did you mean mx_write?"),
        (["xyz"], [], "unknown permission xyz, known are: all_proposals, all_sessions, em_admin,"),
        (["mx_write"], ["--beamline", "i93"], "beamlines: unknown beamline i93, did you mean i03"),
        (["mx_write"], ["--days", "9999"], "days"),
        (["manage_tokens"], [], "people only"),
        ([], [], "--permission"),
    ],
)
def test_a_token_that_would_not_work_is_not_issued(run, issue, permissions, options, message):
    result = issue(*permissions, options=options)
    assert result.exit_code != 0 and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr
    listed = run("token", "list", "--site", issue.path)
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert listed.stderr == "no token has been issued\n"
    assert run("token", "list", "--json", "--site", issue.path).stdout == "[]\n"


def test_a_second_token_of_one_name_is_issued_with_a_warning(run, issue):
    assert issue("mx_write").stderr == ""
    second = issue("mx_write")
    assert second.exit_code == 0 and second.stdout.count(".") == 2
    numbers = [row["serviceTokenId"] for row in tokens_of(run, issue)]
    assert second.stderr == (
        "Warning: zocalo has other good tokens: once this one is in use, revoke" f" {numbers[1]}\n"
    )
    for number in numbers:
        assert run("token", "revoke", str(number), "--site", issue.path).exit_code == 0
    assert issue("mx_write").stderr == ""


def tokens_of(run, issue):
    """The issued tokens, the newest first."""
    return json.loads(run("token", "list", "--json", "--site", issue.path).stdout)


def test_tokens_leave_a_line_in_the_audit_trail_and_no_secret(run, issue, engine):
    text = issue("mx_write").stdout.strip()
    number = str(tokens_of(run, issue)[0]["serviceTokenId"])
    run("token", "revoke", number, "--site", issue.path)
    with engine.connect() as connection:
        lines = connection.execute(select(Activity).order_by(Activity.activityId)).all()
        kept = connection.execute(select(ServiceToken)).all()
    assert [line.action for line in lines] == ["issue", "revoke"]
    assert lines[0].path == "ispyb-services token issue"
    assert text.rpartition(".")[2] not in f"{lines} {kept}"


def test_old_lines_of_the_audit_trail_are_deleted_by_command(run, issue, engine, monkeypatch):
    monkeypatch.setattr(activities, "AT_ONCE", 2)
    line = {"login": "alice", "service": "core", "action": "POST", "path": "/x", "status": 201}
    days = [400, 370, 366, 364, 1]
    with engine.begin() as connection:
        rows = [
            {**line, "time": utc_now() - timedelta(days=ago), "requestId": str(ago)}
            for ago in days
        ]
        connection.execute(insert(Activity), rows)
    output = run("db", "trim", "--days", "365", "--site", issue.path).stdout
    assert output == "3 lines of the audit trail deleted\n"
    with engine.connect() as connection:
        order = select(Activity.requestId, Activity.path).order_by(Activity.activityId)
        kept = connection.execute(order).all()
    assert [line.requestId for line in kept[:-1]] == ["364", "1"]
    assert kept[-1].path == "ispyb-services db trim"
    assert run("db", "trim", "--site", issue.path).exit_code == 2
