"""``python -m bench``: measure, and write docs/reference/performance.md and its picture.

``python -m bench full`` measures whole facilities too, with 100,000, 300,000 and 1,000,000 data
collections, and ``huge`` one with 10,000,000 beside them; else their figures stay as they are.
Everything runs on a private MariaDB.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from flask import Flask
from matplotlib.figure import Figure
from sqlalchemy import create_engine, event

from bench import beamlines, feed, pages, quality, results, rows, ssx
from shared.db import OWN, db, engine_options
from tests import mariadb

DOCS = Path(__file__).parent.parent / "docs" / "reference"
PICTURE = "answers.svg"
SMALL, LARGE = 3_000, 300_000  # sessions
STORED, IMAGES = 100, 10_000  # sessions in the database of writes; images of a document
ROUNDS, REPEATS, ANSWERS = 6, 20, 400
PART = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)


@contextmanager
def database(uri: str) -> Iterator[None]:
    """An application's context on ``uri``."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = uri
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(uri, 1)
    db.init_app(app)
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def fill(uri: str, sessions: int) -> None:
    """Fill the empty database ``uri``, and update the statistics of its planner."""
    engine = create_engine(uri, **engine_options(uri, 1))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS {OWN}")
    rows.fill(engine, sessions)
    with engine.begin() as connection:
        for table in ("BLSession", "Proposal", "Session_has_Person", "ProposalHasPerson"):
            connection.exec_driver_sql(f"ANALYZE TABLE {table}").all()
    engine.dispose()


def cost(work, *args) -> float:
    """CPU milliseconds of one call in this process, the mean of many."""
    begin = process_time()
    for _ in range(REPEATS):
        work(*args)
    return (process_time() - begin) / REPEATS * 1e3


def cpu_per_page() -> Iterator[str]:
    """CPU of a compiled page and of objects: rounds alternate, the best of each counts."""
    yield "| rows | objects, ms | compiled, ms | ratio |"
    yield "|---|---|---|---|"
    for limit in (25, 100, 400):
        assert same(pages.joined(limit), pages.compiled(limit))
        pairs = [(cost(pages.joined, limit), cost(pages.compiled, limit)) for _ in range(ROUNDS)]
        slow, fast = (min(column) for column in zip(*pairs[1:], strict=True))
        yield f"| {limit} | {slow:.2f} | {fast:.2f} | {slow / fast:.1f} |"


def same(first: bytes, second: bytes) -> bool:
    """Whether two pages are equal; only the compiled one has a cursor."""
    left, right = json.loads(first), json.loads(second)
    return {**left, "next": 0} == {**right, "next": 0}


def times(work, *args, answers: int = ANSWERS) -> list[float]:
    """Seconds of each of many calls, after a few that warm up."""
    seconds = []
    for _ in range(answers + 5):
        begin = perf_counter()
        work(*args)
        seconds.append(perf_counter() - begin)
    return seconds[5:]


def page_times() -> dict[str, float]:
    """Median milliseconds of the first page of each caller."""
    return {
        name: median(times(pages.compiled, 25, who, answers=100)) * 1e3
        for name, who in pages.CALLERS.items()
    }


def growth(small: dict, large: dict) -> Iterator[str]:
    """The time of the same page on a small and on a large table."""
    yield f"| caller | {SMALL:,} sessions, ms | {LARGE:,} sessions, ms | ratio |"
    yield "|---|---|---|---|"
    for name, before in small.items():
        after = large[name]
        yield f"| {name} | {before:.2f} | {after:.2f} | {after / before:.2f} |"


def feeds(uri: str) -> Iterator[str]:
    """The first page of a session's feed, short and long: rounds alternate, the best counts."""
    feed.fill(uri)
    yield f"| caller | {feed.SHORT} events, ms | {feed.LONG:,} events, ms | ratio |"
    yield "|---|---|---|---|"
    with database(uri):
        for who in ("user", "manager"):
            works = [feed.page(session, who) for session in feed.SESSIONS.values()]
            rounds = [[median(times(w, answers=20)) for w in works] for _ in range(ROUNDS)]
            short, long = (min(column) * 1e3 for column in zip(*rounds, strict=True))
            yield f"| {who} | {short:.2f} | {long:.2f} | {long / short:.2f} |"


def statements() -> Iterator[str]:
    """The number of statements of a page, by its length."""
    seen = []

    def note(*args):
        seen.append(args[2])

    yield "| rows | statements |"
    yield "|---|---|"
    event.listen(db.engine, "before_cursor_execute", note)
    for limit in (1, 25, 100, 400):
        seen.clear()
        pages.compiled(limit)
        yield f"| {limit} | {len(seen)} |"
    event.remove(db.engine, "before_cursor_execute", note)


def answers() -> Iterator[str]:
    """The time of each way to make the user's page of 100; draws the picture."""
    seconds = {name: sorted(times(work, 100)) for name, work in pages.WAYS.items()}
    assert all(same(work(100), pages.compiled(100)) for work in pages.WAYS.values())
    draw(seconds)
    best = median(seconds["compiled path"])
    yield "| way | median, ms | 99 %, ms | times the compiled |"
    yield "|---|---|---|---|"
    for name, taken in seconds.items():
        middle, late = median(taken), taken[int(len(taken) * 0.99)]
        yield f"| {name} | {middle * 1e3:.2f} | {late * 1e3:.2f} | {middle / best:.1f} |"


def draw(seconds: dict[str, list[float]]) -> None:
    """The proportion of answers that take longer than x, for each way."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, taken in seconds.items():
        later = [1 - at / len(taken) for at in range(len(taken))]
        axes.step(taken, later, label=name)
    axes.set(xscale="log", yscale="log", xlabel="x, seconds", ylabel="answers slower than x")
    axes.grid(alpha=0.3)
    axes.legend(title="a page of 100 sessions")
    figure.savefig(DOCS / PICTURE, metadata={"Date": None})


def main() -> None:
    """Measure all and write the page."""
    with mariadb.running("ispyb_bench_test") as uri:
        large = mariadb.empty_database(uri, "ispyb_bench_large_test")
        say(f"filling {SMALL:,} and {LARGE:,} sessions")
        fill(uri, SMALL)
        fill(large, LARGE)
        with database(uri):
            before = page_times()
        feed_lines = list(feeds(uri))
        with database(large):
            after = page_times()
            say("measuring")
            parts = {
                "cpu": list(cpu_per_page()),
                "growth": list(growth(before, after)),
                "statements": list(statements()),
                "answers": list(answers()),
                "feed": feed_lines,
            }
        stored = mariadb.empty_database(uri, "ispyb_bench_stored_test")
        fill(stored, STORED)
        with database(stored):
            quality.fill(db.engine)
            parts["quality"] = list(quality.rates(IMAGES))
    with mariadb.running("ispyb_bench_safe_test", mariadb.SAFE) as uri:
        fill(uri, SMALL)
        results.fill(uri)
        with database(uri):
            parts["results"] = list(results.rates())
            ssx.fill(db.engine)
            parts["ssx"] = list(ssx.rates())
        say("serving beamlines")
        beamlines.fill(uri)
        parts["beamlines"] = list(beamlines.rates(uri))
    if scale := sys.argv[1:]:
        parts |= facility(scale[0])
    write(parts)


def write(parts: dict[str, list[str]]) -> None:
    """Write the page by its template; parts without a measurement stay as they are."""
    template, page = Path(__file__).parent / "performance.md", DOCS / "performance.md"
    before = dict(PART.findall(page.read_text()))

    def fill_in(match: re.Match) -> str:
        name = match[1]
        lines = "\n".join(parts[name]) if name in parts else before[name].strip("\n")
        return f"<!-- {name} -->\n{lines}\n<!-- end -->"

    text = PART.sub(fill_in, template.read_text())
    page.write_text(text)
    sys.stdout.write(text)


def facility(scale: str) -> dict[str, list[str]]:
    """The parts of whole facilities."""
    from bench.facility import report  # core and its models: not needed without them

    return dict(report.measure(scale))


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text} ...\n")


if __name__ == "__main__":
    main()
