"""The figures that `make house` prints, and their bounds."""

import re
import subprocess
import sys

from tests.conftest import ROOT

MOST = {
    "lines per operation": 112,
    # statements per call
    "list of crystals": 3,
    "list of sessions": 5,
    "one proposal": 2,
    "edit of a proposal": 5,
    "data collection": 5,
    "processing result": 12,
    "MXCuBE's data collection": 10,
}
FIGURE = re.compile(r"^ *([\d.,]+) (.+)$", re.MULTILINE)


def test_the_figures_are_within_their_bounds():
    command = [sys.executable, "-m", "tests.house"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    figures = {name: float(text.replace(",", "")) for text, name in FIGURE.findall(done.stdout)}
    assert figures.keys() >= MOST.keys()
    assert not {name: figures[name] for name, most in MOST.items() if figures[name] > most}
