"""Lists as CSV and XLSX: the same rows and values as in JSON, all pages of them."""

import csv
import io
from datetime import datetime

import openpyxl
import pytest
import requests
from sqlalchemy import event, insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from services.core.models import Screening
from shared import tables
from shared.lists import FORMATS
from shared.models import BLSession, Person, Proposal
from tests.conftest import unchecked
from tests.operations import answer, names
from tests.registry import ROUTES
from tests.rows import fill

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/sessions"
OF_DIALECT = "get /eventchains"  # whose path is among those of the native API
OWN_LAYOUT = "get /autoproc/table"
FREE = {"links", "Item"}  # the objects without fixed members
STAFF = ("staff", None, "all_sessions", "industry_read")
TEXTS = ["=1+1", "-5 °C", "@x", "\tx", 'a "b", c', "two\nlines", "_x0041_ & <b>", "é", "", None]
IN_CSV = ["'=1+1", "'-5 °C", "'@x", "'\tx", 'a "b", c', "two\nlines", "_x0041_ & <b>", "é", "", ""]
IN_EXCEL = [text and text.replace("_x0041_", "_x005F_x0041_") for text in TEXTS]
COUNT = 1203  # three pages


def lines_of(table):
    """The lines of a CSV, the first of which has the names."""
    assert (table.status_code, table.mimetype) == (200, "text/csv"), table.text
    return [*csv.reader(io.StringIO(table.text, newline=""))]


def sheet_of(content):
    return openpyxl.load_workbook(io.BytesIO(content)).active


def cells_of(content):
    """The lines of a workbook."""
    return [[*line] for line in sheet_of(content).iter_rows(values_only=True)]


def flat(row, above=""):
    """The values of a row of JSON by their dotted paths, without lists of rows."""
    for name, value in row.items():
        if isinstance(value, dict) and name not in FREE:
            yield from flat(value, f"{above}{name}.")
        elif isinstance(value, list) and not any(isinstance(each, dict) for each in value):
            yield f"{above}{name}", ", ".join(map(str, value)) or None
        elif not isinstance(value, dict | list):
            yield f"{above}{name}", value


def as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_each_list_is_a_table(call, operations, engine, clean, monkeypatch):
    """Its columns are all values that JSON shows, and its lines all rows of two pages."""
    fill(engine)
    monkeypatch.setattr(tables, "LONGEST_PAGE", 20)
    compared = 0
    for name, (_, path, operation) in operations.items():
        is_native = name.startswith("get ") and path.startswith(ROOT) and name != OF_DIALECT
        if {"export", "import_template"} & {path.rpartition("/")[2]}:
            continue  # spreadsheets that can be imported
        is_page = {"total", "results"} <= answer(operation).get("properties", {}).keys()
        assert not is_native or is_page is ("format" in names(operation, "query")), name
        if not (is_native and is_page):
            continue
        assert [*operation["responses"]["200"]["content"]][1:] == [*FORMATS.values()], name
        least = ROUTES[name].query
        pages = {"limit": 500} if "limit" in names(operation, "query") else {}
        page = call("user office", name, query=least | pages).json
        rows = [dict(flat(row)) for row in page["results"]]
        header, *lines = lines_of(call("user office", name, query={**least, "format": "csv"}))
        workbook = call("user office", name, query={**least, "format": "xlsx"})
        assert workbook.mimetype == FORMATS["xlsx"], workbook.curl
        cells = cells_of(workbook.data)
        assert cells[0] == header and len(cells) == len(lines) + 1, workbook.curl
        assert len(lines) == len(rows) == page["total"], workbook.curl
        if name == OWN_LAYOUT:
            continue
        for row, line, cells_of_row in zip(rows, lines, cells[1:]):
            objects = {each for each, value in row.items() if value is None}  # that are null
            assert row.keys() - objects <= {*header}, workbook.curl
            values = [row.get(column) for column in header]
            assert cells_of_row == values, workbook.curl
            texts = [text.removeprefix("'") for text in line]
            assert [*map(as_text, values)] == texts, workbook.curl
            compared += len(values)
    assert compared > 10_000


@pytest.fixture
def sessions(add, engine):
    """Sessions of two proposals, the second with one of them; texts are those of ``TEXTS``."""
    add(
        Person(personId=1, login="alice"),
        Person(personId=2, login="bob"),
        Proposal(proposalId=1, personId=1, proposalCode="mx", proposalNumber="1"),
        Proposal(proposalId=2, personId=2, proposalCode="mx", proposalNumber="2"),
    )
    with unchecked(engine) as connection:
        rows = [
            {
                "sessionId": key,
                "proposalId": 2 if key == COUNT else 1,
                "visit_number": key,
                "startDate": datetime(2024, 5, 1 + key % 30),
                "comments": TEXTS[key % len(TEXTS)],
                "riskRating": ["Low", "High"][key % 2],
                "scheduled": [True, False, None][key % 3],
            }
            for key in range(1, COUNT + 1)
        ]
        connection.execute(insert(BLSession), rows)


def test_a_table_has_all_pages(as_, sessions, statements):
    """Those of the filters and the order of the list, each in a constant number of statements."""
    staff, alice = as_(*STAFF), as_("alice", 1)
    fields = "fields=comments,Proposal.proposalCode,scheduled,startDate,sessionId"
    with statements() as seen:
        header, *lines = lines_of(staff.get(f"{URL}?format=csv&{fields}&sort=sessionId"))
        assert len(seen) == 3, "one for each page"
    assert header == fields.removeprefix("fields=").split(",")
    expected = [
        [
            IN_CSV[key % len(TEXTS)],
            "mx",
            ["true", "false", ""][key % 3],
            f"2024-05-{1 + key % 30:02}T00:00:00",
            str(key),
        ]
        for key in range(1, COUNT + 1)
    ]
    assert lines == expected
    assert lines_of(alice.get(f"{URL}?format=csv&{fields}&sort=sessionId"))[1:] == expected[:-1]
    for query in ("sort=-riskRating,startDate", "search=x", "proposal=mx1&scheduled=true"):
        keys, page = [], {"next": ""}
        while "next" in page or len(page["results"]) == 500:
            after = f"&after={page['next']}" if page.get("next") else f"&skip={len(keys)}"
            page = alice.get(f"{URL}?{query}&limit=500{after}").json
            keys += [str(row["sessionId"]) for row in page["results"]]
        accepted = alice.get(f"{URL}?{query}&fields=sessionId", headers={"Accept": "text/csv"})
        assert lines_of(accepted) == [[each] for each in ["sessionId", *keys]], query
    first = alice.get(f"{URL}?sort=sessionId&limit=2&skip=5").json
    for part, key in (("skip=5", 6), (f"after={first['next']}", 8)):
        page = lines_of(alice.get(f"{URL}?sort=sessionId&limit=2&{part}&format=csv&{fields}"))
        assert [line[-1] for line in page[1:]] == [str(key), str(key + 1)]
    assert lines_of(as_("carol", 3).get(f"{URL}?format=csv&{fields}")) == [header]


def test_a_workbook_has_texts_as_they_are(server, sessions, token):
    """Through the gateway; no text is a formula, and Excel reads _x005F_ as a _."""
    bearer = {"Authorization": f"Bearer {token(*STAFF)}", "Accept": FORMATS["xlsx"]}
    query = "sort=sessionId&fields=sessionId,comments,scheduled,Proposal.proposalNumber"
    table = requests.get(f"{server}{URL}?{query}", headers=bearer, timeout=60)
    assert table.headers["Content-Type"] == FORMATS["xlsx"]
    assert table.headers["Content-Disposition"] == "attachment; filename=sessions.xlsx"
    assert int(table.headers["Content-Length"]) == len(table.content)
    sheet = sheet_of(table.content)
    assert (sheet.title, sheet.freeze_panes) == ("sessions", "A2")
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["C"].width
    rows = [[*line] for line in sheet.iter_rows(min_row=2)]
    assert [[cell.value for cell in row] for row in rows] == [
        [
            key,
            IN_EXCEL[key % len(TEXTS)],
            [True, False, None][key % 3],
            "2" if key == COUNT else "1",
        ]
        for key in range(1, COUNT + 1)
    ]
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {*"nsb"}


def test_a_table_is_read_in_one_snapshot(as_, sessions, engine):
    """A row that is committed between two pages is on none; SQLite lets nobody write meanwhile."""
    pages = []

    def write(connection, cursor, statement, *_):
        if connection.engine is engine or "RevokedToken" in statement:
            return
        pages.append(statement)
        if len(pages) == 2:
            with engine.connect() as other:
                if engine.dialect.name == "sqlite":
                    other.exec_driver_sql("PRAGMA busy_timeout = 0")
                try:
                    row = {"sessionId": 5000, "proposalId": 1, "visit_number": 5000}
                    other.execute(insert(BLSession).values(row))
                    other.commit()
                except OperationalError:
                    assert engine.dialect.name == "sqlite"
                other.invalidate()

    staff = as_(*STAFF)
    assert staff.get(URL).status_code == 200
    event.listen(Engine, "before_cursor_execute", write)
    try:
        lines = lines_of(staff.get(f"{URL}?format=csv&fields=sessionId&sort=sessionId"))
    finally:
        event.remove(Engine, "before_cursor_execute", write)
    assert len(pages) == 3 and lines[-1] == [str(COUNT)]


@pytest.mark.parametrize(
    ("query", "name", "reason"),
    [
        ("format=pdf", "format", "Must be one of: csv, xlsx."),
        ("format=csv&fields=colour", "fields", "colour: "),
        ("format=csv&colour=red", "colour", ""),
        ("format=xlsx&after=x", "after", ""),
        ("format=csv", "limit", "there are more than 600 rows"),
        ("format=xlsx&sort=riskRating", "sort", "there are more than 550 rows"),
    ],
)
def test_a_table_that_is_refused_is_a_problem(
    as_, app, sessions, monkeypatch, query, name, reason
):
    """Also if it is refused on its second page."""
    monkeypatch.setitem(app.config["SITE"]["limits"], "table_rows", 600)
    monkeypatch.setattr(tables, "SORTED_ROWS", 550)
    refused = as_(*STAFF).get(f"{URL}?{query}")
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert [*refused.json["errors"]] == [name] and reason in refused.json["errors"][name][0]


def test_a_list_of_rows_is_no_column(as_, engine, statements):
    """Nor is an object without fixed members; neither is read for a table."""
    with unchecked(engine) as connection:
        connection.execute(insert(Screening).values(screeningId=1))
    client = as_(*STAFF)
    with statements() as seen:
        header, _ = lines_of(client.get(f"{ROOT}/screenings?format=csv"))
        assert len(seen) == 1
    assert "screeningId" in header and not {"inputs", "outputs"} & {*header}
    (header,) = lines_of(client.get(f"{ROOT}/events?format=csv"))
    assert "startTime" in header and not {"processing", *FREE} & {*header}
    for path, field in (("screenings", "screeningId,outputs"), ("events", "Item")):
        refused = client.get(f"{ROOT}/{path}?format=csv&fields={field}")
        assert (refused.status_code, [*refused.json["errors"]]) == (422, ["fields"])
        assert refused.json["errors"]["fields"][0].startswith(
            f"{field.split(',')[-1]}: has no column"
        )


def test_format_takes_precedence_over_accept(as_, sessions):
    client = as_(*STAFF)
    accept = {"Accept": "application/json"}
    assert lines_of(client.get(f"{URL}?format=csv&limit=1", headers=accept))
    for accept in ("text/csv;q=0.5, application/json", "text/html, */*;q=0.1"):
        assert client.get(f"{URL}?limit=1", headers={"Accept": accept}).json["results"]
    assert "ETag" in client.get(f"{URL}?limit=1").headers
