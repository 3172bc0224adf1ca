"""All checks of ``make check`` and ``make test``, side by side; the last line has the totals.

    python -m tests.everything check|test|coverage [FOLDER]

``check`` is for working: style, types, and the tests of the services on SQLite. ``test`` adds all
others, and the tests on MariaDB. ``coverage`` measures which code the tests on SQLite reach. With
a FOLDER of tests/ only its tests run.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-m"]
STYLE = {
    "style": [*PYTHON, "black", "--quiet", "--check", "-l", "99", "."],
    "lint": [*PYTHON, "flake8"],
    "types": [*PYTHON, "mypy"],
}
# Each worker on MariaDB has a server of its own, of half a gigabyte: 16 are enough.
WORKERS = ["-n", "auto", "--maxprocesses=16", "--dist=worksteal", "-m", "not serial"]
COVERAGE = ["--cov=services", "--cov=shared", "--cov=gateway", "--cov-branch", "--cov-report="]
QUICK = ["tests/test_house.py", "tests/shared"]
QUICK += [f"tests/{path.parent.name}" for path in ROOT.glob("services/*/app.py")]
NO_TESTS = 5  # pytest's exit code if it collects none


class Checks:
    """Runs programs, and counts the tests that pass and fail; a program counts as one test."""

    def __init__(self, folder: Path, only: list[str]):
        self.folder, self.only = folder, only
        self.counts: list[tuple[int, int]] = []  # passed and failed, of each suite
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ISPYB_")}
        # With "PYTHONDONTWRITEBYTECODE" each worker would compile all tests anew.
        self.env = {
            **ours,
            "COVERAGE_FILE": str(folder / "coverage"),
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def run(self, title: str, command: list[str], shown: bool = False) -> int:
        """Return the exit code of ``command``; its output is shown as it comes, or at its end."""
        started, log = time.monotonic(), self.folder / "log"
        if shown:
            print(f"== {title}", flush=True)
        with nullcontext() if shown else log.open("w") as output:
            done = subprocess.run(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)
        result = f"failed ({done.returncode})" if done.returncode else "ok"
        text = "" if shown else log.read_text()
        print(f"{text}== {title}: {result}, {time.monotonic() - started:.0f} s", flush=True)
        return done.returncode

    def style(self) -> None:
        """Check style and types."""
        for title, command in STYLE.items():
            self.counts.append((0, int(self.run(title, command) != 0)))

    def suite(
        self, title: str, *options: str, shown: bool = False, only: list[str] | None = None
    ) -> None:
        """Run tests, of ``only`` some files or folders, and count them by pytest's report."""
        report = self.folder / f"{title}.xml"
        command = [*PYTHON, "pytest", "-q", f"--junitxml={report}", *options, *(only or self.only)]
        code = self.run(title, command, shown)
        if self.only and code == NO_TESTS:
            return
        count = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        if not report.exists():  # the process died: whatever its exit code is, it failed
            code = code or 1
        else:
            for suite in ElementTree.parse(report).iter("testsuite"):
                count = {name: sum + int(suite.attrib[name]) for name, sum in count.items()}
        failed = count["failures"] + count["errors"]
        passed = count["tests"] - failed - count["skipped"]
        self.counts.append((passed, max(failed, 1) if code else failed))

    def serial(self, title: str, mark: str, *options: str) -> None:
        """Run the tests with ``mark``, from the files that name it: to collect all takes long."""
        files = [f"{path.relative_to(ROOT)}" for path in sorted(ROOT.glob("tests/**/test_*.py"))]
        files = [file for file in files if f"mark.{mark}" in (ROOT / file).read_text()]
        if self.only:
            files = [file for file in files if file.startswith(tuple(self.only))]
        if files:
            self.suite(title, "-m", mark, *options, only=files)

    def coverage(self) -> None:
        """Print the coverage that the tests on SQLite measured."""
        report = [*PYTHON, "coverage", "report", "--precision=1", "--format=total"]
        done = subprocess.run(report, cwd=ROOT, env=self.env, capture_output=True, text=True)
        print(f"{done.stderr}Lines and branches that tests reach: {done.stdout.strip()} %")
        self.counts.append((0, int(done.returncode != 0)))


def check(checks: Checks) -> None:
    """Style and types, beside the tests of the services on SQLite."""
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(checks.style)
        checks.only = checks.only or QUICK
        checks.suite("tests on SQLite", *WORKERS, shown=True)
        beside.result()


def test(checks: Checks) -> None:
    """Style, types and the serial tests, beside all others on both databases."""

    def one_by_one():
        checks.style()
        checks.serial("serial tests", "serial")
        checks.serial("serial tests on MariaDB", "serial(mariadb=True)", "--mariadb")

    with ThreadPoolExecutor() as pool:
        beside = pool.submit(one_by_one)
        checks.suite("tests on SQLite", *WORKERS, shown=True)
        checks.suite("tests on MariaDB", *WORKERS, "--mariadb", shown=True)
        beside.result()


def coverage(checks: Checks) -> None:
    """The tests on SQLite, and the coverage: it makes code 1.6 times slower."""
    checks.suite("tests on SQLite", *WORKERS, *COVERAGE, shown=True)
    checks.coverage()


def main(arguments: list[str]) -> int:
    """Check everything, even after a failure, and end with one line of totals."""
    tier, *only = arguments
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(Path(folder), [f"tests/{name}" for name in only])
        {"check": check, "test": test, "coverage": coverage}[tier](checks)
    passed, failed = map(sum, zip(*checks.counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
