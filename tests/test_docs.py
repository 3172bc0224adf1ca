"""The documents: what they show was run, and what they link to is there."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.operations import published
from tests.processes import PATIENCE, end, free_port

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TUTORIAL = ROOT / "docs/tutorial/first-day.md"
ADDRESS = "http://127.0.0.1:8000"  # where `make run` serves
BY_HAND = {"make run", "make test"}  # blocks that only stand for what the tests do otherwise
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
END = "end of the block"  # what no answer holds


def relative(path):
    return str(path.relative_to(ROOT))


def anchors(text):
    """What a code host makes of the headings of a document."""
    plain = (re.sub(r"[^\w\- ]", "", found.lower()) for found in HEADING.findall(text))
    return {name.replace(" ", "-") for name in plain}


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(path):
    for link in LINK.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_every_document_is_in_the_index():
    index = ROOT / "docs/README.md"
    linked = {(index.parent / unquote(link)).resolve() for link in LINK.findall(index.read_text())}
    assert set(ROOT.glob("docs/**/*.md")) - linked == {index}


# ------------------------------------------------------------------ what is shown was run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The address of `make run`, in a folder of its own."""
    port, program = free_port(), Path(sys.executable).with_name("ispyb-services")
    folder = tmp_path_factory.mktemp("demo") / "config"
    folder.mkdir()
    site = shutil.copy(ROOT / "config/demo.yml", folder)
    subprocess.run([program, "demo", "--site", site], check=True, capture_output=True)
    server = subprocess.Popen(
        [program, "serve", "--site", site, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert any("Ctrl-C" in line for line in server.stdout)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, signal.SIGINT)


def run(blocks, address):
    """What each of ``blocks`` printed, one after the other in one shell."""
    script = "".join(f"{block}\necho; echo '{END}'\n" for block in blocks)
    done = subprocess.run(
        ["bash", "-u"],
        input=script.replace(ADDRESS, address),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split(END)[:-1]


def told(text):
    """The parts of a shown answer between the dots, without blanks."""
    return ["".join(part.split()) for part in text.split("...")]


@pytest.mark.serial
@pytest.mark.parametrize(
    "path, first, last",
    [(ROOT / "README.md", "## A first session", "## Its shape"), (TUTORIAL, "# ", None)],
    ids=["README", "tutorial"],
)
def test_what_is_shown_was_run(demo, path, first, last):
    text = path.read_text()
    text = text[text.index(first) : text.index(last) if last else None]
    commands, expected = [], {}
    for kind, block in BLOCK.findall(text):
        if kind == "sh" and block.strip() not in BY_HAND:
            commands.append(block)
        elif kind in ("json", "text"):
            expected[len(commands) - 1] = block
    assert len(expected) >= 4
    answers = run(commands, demo)
    for number, shown in expected.items():
        answer, place = "".join(answers[number].split()), 0
        for part in told(shown):
            place = answer.find(part, place)
            assert place >= 0, f"{part}\nis not in\n{answers[number]}"
            place += len(part)


# ------------------------------------------------------------------ errors


def test_every_problem_is_explained(built):
    text = (ROOT / "docs/reference/errors.md").read_text()
    explained = set(re.findall(r"^\| (\d{3}) \w", text, re.MULTILINE))
    documented = {
        code
        for operation in published(built).values()
        for code in operation["responses"]
        if code >= "400"
    }
    assert documented == explained


def test_the_problem_that_is_shown_has_all_members(built):
    text = (ROOT / "docs/reference/errors.md").read_text()
    shown = json.loads(BLOCK.search(text)[2])
    for operation in published(built).values():
        content = operation["responses"].get("422", {}).get("content", {})
        for answer in content.values():
            assert answer["schema"]["properties"].keys() == shown.keys()
