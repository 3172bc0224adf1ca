"""All that `make test` checks: style, types, the suite on SQLite and on MariaDB; then totals."""

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
CHECKS = {
    "style": [*PYTHON, "black", "--quiet", "--check", "-l", "99", "."],
    "lint": [*PYTHON, "flake8"],
    "types": [*PYTHON, "mypy"],
}
MARIADB = [*PYTHON, "tests.mariadb", "--"]
OFFICIAL = {"ISPYB_TEST_SCHEMA": "official"}
SERVICES = ["tests/auth", "tests/core", "tests/ssx", "tests/em", "tests/clients"]
SERVICES += ["tests/test_writes.py"]
ONCE = ["tests/test_house.py", "tests/test_make.py", "tests/test_docs.py"]
ONCE += ["tests/gateway/test_dockerfile.py"]  # ask no database, or have their own
SUITES: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "tests on SQLite": ([], {}, [f"--ignore={path}" for path in ONCE]),
    "tests on MariaDB": (MARIADB, {}, []),
    "tests of the services on MariaDB with the official tables": (MARIADB, OFFICIAL, SERVICES),
}


def run(
    title: str, command: list[str], extra: dict | None = None, log: Path | None = None
) -> bool:
    """Run ``command`` in view of the reader, or into ``log``; True if it was content."""
    print(f"== {title}", flush=True)
    started = time.monotonic()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ISPYB_")}
    with log.open("w") if log else nullcontext() as output:
        env = {**ours, **(extra or {})}
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    if log:
        print(log.read_text(), flush=True)
    result = "ok" if done.returncode == 0 else f"failed ({done.returncode})"
    print(f"== {title}: {result}, {time.monotonic() - started:.0f} s\n", flush=True)
    return done.returncode == 0


def suite(title: str, folder: Path, shown: bool) -> tuple[int, int]:
    """Run a suite, shown as it goes or at its end; return how many tests passed and failed."""
    prefix, extra, which = SUITES[title]
    name = title.replace(" ", "-")
    report, log = folder / f"{name}.xml", None if shown else folder / f"{name}.log"
    command = [*prefix, *PYTHON, "pytest", "-q", f"--junitxml={report}", *which]
    content = run(title, command, extra, log)
    if not report.exists():
        return 0, 1
    found = [dict(each.attrib) for each in ElementTree.parse(report).iter("testsuite")]
    count = {
        name: sum(int(each[name]) for each in found)
        for name in ("tests", "failures", "errors", "skipped")
    }
    failed = count["failures"] + count["errors"]
    passed = count["tests"] - failed - count["skipped"]
    return passed, failed if content else max(failed, 1)


def main() -> int:
    """Check everything, even after a failure, and end with one line of totals.

    Two suites run at a time; the first is shown as it goes.
    """
    passed, failed = 0, sum(not run(title, command) for title, command in CHECKS.items())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        first, *_ = SUITES
        runs = [pool.submit(suite, title, Path(folder), title == first) for title in SUITES]
        for counts in (each.result() for each in runs):
            passed, failed = passed + counts[0], failed + counts[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
