"""The figures that `make house` prints, and their bounds."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

MOST_LINES = 114  # per operation
MOST = {  # statements per call
    "list of crystals": 3,
    "list of sessions": 5,
    "one proposal": 2,
    "edit of a proposal": 5,
    "data collection": 5,
    "processing result": 16,
    "MXCuBE's data collection": 17,
}
FIGURE = re.compile(r"^ *([\d.,]+) (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def figures():
    """The printed figures by their names."""
    command = [sys.executable, "-m", "tests.house"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return {name: float(text.replace(",", "")) for text, name in FIGURE.findall(done.stdout)}


def test_an_operation_takes_few_lines(figures):
    assert figures["lines per operation"] < MOST_LINES


@pytest.mark.parametrize("name", MOST)
def test_a_call_takes_few_statements(figures, name):
    assert figures[name] <= MOST[name]
