"""Clients that generators make from the specification of all services, and that call it."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from shared.models import Proposal, ProposalHasPerson
from tests.processes import PATIENCE, find

pytestmark = pytest.mark.serial

MODULES = Path(__file__).parent.parent / "npm" / "node_modules"
CALLS = """\
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Listing = paths["/ispyb/api/v1/sessions"]["get"];
type Creation = paths["/ispyb/api/v1/contacts/lab_contacts"]["post"];
type Query = NonNullable<Listing["parameters"]["query"]>;
type Page = Listing["responses"][200]["content"]["application/json"];

async function read<T>(path: string, token: string): Promise<T> {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    const problem: Schemas["Problem"] = await answer.json();
    throw new Error(`${problem.status} ${problem.title}: ${problem.requestId}`);
  }
  return answer.json();
}

export async function namesOfSessions(token: string): Promise<string[]> {
  const query: Query = { fields: ["sessionId", "beamLineName"], sort: ["-startDate"], limit: 100 };
  const names: string[] = [];
  do {
    const parameters = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]));
    const page: Page = await read(`/ispyb/api/v1/sessions?${parameters}`, token);
    names.push(...page.results.map((each) => each.beamLineName ?? `of ${page.total}`));
    query.after = page.next;
  } while (query.after);
  return names;
}

export const credentials: Schemas["AuthCredentialsBody"] = { plugin: "ldap", login: "asmith" };
export const headers: Creation["parameters"]["header"] = { "Idempotency-Key": "run-17" };

// @ts-expect-error a filter that the list does not have
export const wrong: Query = { colour: "red" };
"""


@pytest.fixture(scope="session")
def document(_serving, tmp_path_factory):
    """The path of the specification, in a folder for what is made from it."""
    path = tmp_path_factory.mktemp("generated") / "openapi.json"
    path.write_bytes(requests.get(f"{_serving}/ispyb/api/v1/openapi.json", timeout=60).content)
    return path


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def generated(document):
    """``generated("proposals.get_proposals")`` is that module of the client."""
    folder = document.parent
    (folder / "config.yml").write_text("post_hooks: []\n")
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    files = ["--path", document.name, "--config", "config.yml", "--output-path", "ispyb_client"]
    run(*generator, *files, cwd=folder)
    sys.path.insert(0, str(folder))
    yield lambda module: import_module(f"ispyb_client.{module}")
    sys.path.remove(str(folder))


@pytest.fixture
def alice(generated, server, facility):
    """The generated client, signed in as alice."""
    kit, models = generated("client"), generated("models")
    credentials = models.AuthCredentialsBody(plugin="dummy", login="alice", password="alice-word")
    login = generated("api.auth.auth_post_login").sync(
        client=kit.Client(base_url=server), body=credentials
    )
    assert (login.login, login.person_id) == ("alice", 1)
    return kit.AuthenticatedClient(base_url=server, token=login.token)


def test_it_lists_what_its_caller_sees(generated, alice):
    """A parameter that is a list goes out in parts: fields=a&fields=b."""
    page = generated("api.proposals.get_proposals").sync(
        client=alice,
        fields=["proposalId", "proposalCode"],
        proposal_code_in=["mx", "MB"],
        sort=["proposalCode", "proposalId"],
    )
    rows = [row.to_dict() for row in page.results]
    assert page.total == 2
    assert rows == [
        {"proposalId": 11, "proposalCode": "MB"},
        {"proposalId": 10, "proposalCode": "mx"},
    ]


def test_a_problem_is_an_object(generated, alice):
    problem = generated("api.proposals.get_proposal").sync(client=alice, proposal_id="mx9")
    assert isinstance(problem, generated("models").Problem) and problem.status == 404


def test_a_write_that_is_sent_twice_makes_one_row(generated, alice):
    models, post = generated("models"), generated("api.lab_contacts.post_lab_contacts")
    contact = models.LabContactBody(person_id=1, proposal_id=10, card_name="Alice Moreau")
    answers = [
        post.sync_detailed(client=alice, body=contact, idempotency_key="run-17") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].parsed == answers[1].parsed
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    contacts = generated("api.lab_contacts.get_lab_contacts").sync(client=alice)
    assert [row.card_name for row in contacts.results] == ["Alice Moreau"]


def test_an_edit_with_the_tag_of_an_older_version_is_refused(generated, alice):
    models, api = generated("models"), "api.lab_contacts"
    contact = models.LabContactBody(person_id=1, proposal_id=10, card_name="Alice Moreau")
    row = generated(f"{api}.post_lab_contacts").sync(client=alice, body=contact)
    patch = generated(f"{api}.patch_lab_contact")
    change = models.LabContactPatch(card_name="Alice")
    key = row.lab_contact_id
    answer = patch.sync_detailed(key, client=alice, body=change, if_match='"older"')
    assert (answer.status_code, answer.parsed.status) == (412, 412)


def test_it_walks_through_the_pages(generated, alice, add):
    for key in range(20, 27):
        number = str(key)
        add(
            Proposal(proposalId=key, personId=2, proposalCode="cm", proposalNumber=number),
            ProposalHasPerson(proposalId=key, personId=1),
        )
    get, query = generated("api.proposals.get_proposals"), {"limit": 3, "sort": ["-proposalId"]}
    keys, page = [], SimpleNamespace(next_="")
    while page.next_ is not generated("types").UNSET:
        page = get.sync(client=alice, **query)
        keys += [row.proposal_id for row in page.results]
        query["after"] = page.next_
    assert keys == [26, 25, 24, 23, 22, 21, 20, 11, 10]


def test_types_of_typescript_compile_and_are_used(document):
    node, folder = find("node", "nodejs"), document.parent
    make = str(MODULES / "openapi-typescript" / "bin" / "cli.js")
    run(node, make, document.name, "-o", "schema.d.ts", cwd=folder)
    (folder / "calls.ts").write_text(CALLS)
    compiler = [node, str(MODULES / "typescript" / "bin" / "tsc"), "--strict", "--noEmit"]
    run(*compiler, "--lib", "es2022,dom", "calls.ts", cwd=folder)
