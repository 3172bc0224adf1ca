"""The answer to a GET may be sent again: made from the specification, for row 1 of the world.

By PUT it changes nothing; by POST its read-only members are ignored. PATCH takes none of them.
"""

import pytest

from shared.db import OWN
from tests.registry import ROUTES

NATIVE = [name for name in ROUTES if "/ispyb/" not in name]
ROWS = [name.removeprefix("get ") for name in NATIVE if name.startswith("get ")]
PUTS = [path for path in ROWS if f"put {path}" in NATIVE]
PATCHES = [path for path in ROWS if f"patch {path}" in NATIVE and path != "/user/profile"]
ONES = [path for path in ROWS if path.endswith("}")]
POSTS = [
    path
    for path in ONES
    for name in [f"post {path.rpartition('/')[0]}"]
    if name in NATIVE and not (ROUTES[name].secret or ROUTES[name].sent_as_is)
]
CALLER = "user office"
REPLACED = {"/autoproc/results/{program_id}"}  # all rows below the program are new ones


def read(call, path):
    answer = call(CALLER, f"get {path}")
    assert answer.status_code == 200, answer.curl
    return answer.json


def written(node, shape):
    """``node`` without its read-only members."""
    shape = next((each for each in shape.get("anyOf", ()) if each.get("type") != "null"), shape)
    if isinstance(node, list):
        return [written(each, shape["items"]) for each in node]
    if not isinstance(node, dict) or "properties" not in shape:
        return node
    members = {name: each for name, each in shape["properties"].items() if name in node}
    return {n: written(node[n], each) for n, each in members.items() if not each.get("readOnly")}


@pytest.fixture
def ispyb_content(content):
    """``ispyb_content()`` is all that ISPyB's tables hold, without the audit trail of ours."""
    return lambda: {name: rows for name, rows in content().items() if OWN not in name}


@pytest.mark.parametrize("path", PUTS)
def test_a_put_of_what_get_answers_changes_nothing(world, call, operations, ispyb_content, path):
    world()
    whole = call(CALLER, f"put {path}", body=call.whole(f"put {path}"))
    assert whole.status_code == 200, f"{whole.text}: {whole.curl}"
    shown, before = read(call, path), ispyb_content()
    answer = call(CALLER, f"put {path}", body=shown)
    assert answer.status_code == 200, f"{answer.text}: {answer.curl}"
    if path in REPLACED:
        shape = operations[f"put {path}"][2]["requestBody"]["content"]["application/json"]
        assert written(read(call, path), shape["schema"]) == written(shown, shape["schema"])
    else:
        assert read(call, path) == shown
        assert ispyb_content() == before


@pytest.mark.parametrize("path", PUTS)
def test_a_put_with_another_read_only_member_is_refused_by_name(world, call, operations, path):
    world()
    call(CALLER, f"put {path}", body=call.whole(f"put {path}"))
    shape = operations[f"put {path}"][2]["requestBody"]["content"]["application/json"]["schema"]
    shown = read(call, path)
    if "_metadata" in shown:  # the row may have got more children since it was read
        answer = call(CALLER, f"put {path}", body={**shown, "_metadata": {"persons": 99}})
        assert answer.status_code == 200, f"{answer.text}: {answer.curl}"
        shown = read(call, path)
        del shown["_metadata"]
    for name, value in shown.items():
        if name not in shape["properties"] or shape["properties"][name].get("readOnly"):
            other = {"another": 1} if value is None or isinstance(value, dict) else None
            answer = call(CALLER, f"put {path}", body={**shown, name: other})
            assert (answer.status_code, [*answer.json["errors"]]) == (422, [name]), answer.curl
            answer = call(CALLER, f"put {path}", body={**shown, f"{name}_": value})
            assert (answer.status_code, [*answer.json["errors"]]) == (422, [f"{name}_"])


@pytest.mark.parametrize("path", PATCHES)
def test_a_patch_takes_no_read_only_member(world, call, operations, path):
    world()
    content = operations[f"patch {path}"][2]["requestBody"]["content"]["application/json"]
    members = content["schema"]["properties"]
    for name, value in read(call, path).items():
        if name not in members or members[name].get("readOnly"):
            answer = call(CALLER, f"patch {path}", body={name: value})
            assert (answer.status_code, [*answer.json["errors"]]) == (422, [name]), answer.curl


@pytest.mark.parametrize("path", POSTS)
def test_a_post_of_what_get_answers_makes_another_row(world, call, path):
    world()
    name, shown = f"post {path.rpartition('/')[0]}", read(call, path)
    created = call(CALLER, name, body=call.whole(name))
    assert created.status_code in (200, 201), f"{created.text}: {created.curl}"
    shown |= {name: value for name, value in created.json.items() if name in shown}
    answer = call(CALLER, name, body={**call.least(name), **shown})
    assert answer.status_code in (200, 201, 409), f"{answer.text}: {answer.curl}"
