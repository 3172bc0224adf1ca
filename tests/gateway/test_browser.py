"""The page at / and the documentation in a real browser."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from shared.models import Person, Proposal
from tests.conftest import ROOT as SOURCES
from tests.processes import PATIENCE

pytestmark = pytest.mark.serial

ROOT = "/ispyb/api/v1"
AXE = Path(SOURCES, "tests/npm/node_modules/axe-core/axe.min.js")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-sync"]
OPTIONS += ["--disable-background-networking", "--disable-component-update"]
SIZES = pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "chromium is missing: install it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def load(browser, server):
    """``load(path)`` is the page in a new tab; at the end no tab may have complained.

    A complaint is an error on the console, such as a script that the policy of the page forbids,
    or a request to another host.
    """
    complaints, contexts = [], []

    def note_request(request):
        if not request.url.startswith((server, "data:")):
            complaints.append(request.url)

    def note_message(message):
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_tab(path, width=1280, scheme="light"):
        size = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("console", note_message)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note_request)
        page.goto(server + path)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def proposal(add):
    add(Person(personId=1, login="alice", familyName="Moreau"))
    add(Proposal(proposalId=7, personId=1, proposalCode="mx", proposalNumber="2007"))


def open_operation(page, tag, operation):
    page.wait_for_selector(f"#operations-tag-{tag}")
    page.click(f"#operations-tag-{tag}")
    page.click(f"#operations-{tag}-{operation} .opblock-summary-control")
    page.wait_for_selector(".try-out__btn")


def list_proposals(page):
    """The status and the text of the answer to ``GET /proposals``, which the page calls."""
    open_operation(page, "proposals", "get_proposals")
    page.click(".try-out__btn")
    page.click(".execute")
    answer = page.locator(".live-responses-table tbody tr.response").first
    return answer.locator(".response-col_status").inner_text().split()[0], answer.inner_text()


def violations(page):
    """The faults that axe-core sees; the policy of the page does not hold for the debugger."""
    page.evaluate(AXE.read_text())
    faults = page.evaluate("axe.run()")["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in faults]


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


# ------------------------------------------------------------------ the page at /


def test_the_page_says_that_every_service_is_up(load):
    page = load("/")
    for path in ("/auth", "", "/em", "/ssx"):
        page.wait_for_selector(f'.health.up[data-health="{ROOT}{path}/health"]')


@SIZES
def test_everybody_can_use_the_page(load, width, scheme):
    page = load("/", width, scheme)
    page.wait_for_selector(".health.up")
    assert violations(page) == []
    assert not is_too_wide(page)


# ------------------------------------------------------------------ the documentation


@SIZES
def test_a_call_is_tried_after_signing_in_by_the_form(load, proposal, width, scheme):
    page = load(f"{ROOT}/docs", width, scheme)
    page.wait_for_selector(".opblock-tag")
    assert violations(page) == []
    page.fill("input[name=login]", "alice")
    page.fill("input[name=password]", "alice-word")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("#signed-in:visible >> text=Signed in as alice")
    status, text = list_proposals(page)
    assert status == "200"
    assert '"proposalNumber": "2007"' in text
    assert violations(page) == []
    assert not is_too_wide(page)


def test_a_demo_user_signs_in_by_a_button_stays_in_the_tab_and_signs_out(load, proposal):
    page = load(f"{ROOT}/docs")
    page.click("#users button >> text=alice")
    page.wait_for_selector("#signed-in:visible")
    page.click("nav >> text=core")
    page.wait_for_selector("h2.title, h1.title >> text=ISPyB core")
    before = page.evaluate("login.ends = Date.now() + 1000, login.token")
    assert list_proposals(page)[0] == "200"
    assert page.evaluate("login.token") != before, "a token that ends soon is refreshed"
    page.click("text=Sign out")
    page.wait_for_selector("#sign-in:visible")
    assert page.evaluate("sessionStorage.length") == 0
    assert page.locator(".authorization__btn.locked").count() == 0


def test_range_filters_and_patterns_are_out_of_sight(load):
    page = load(f"{ROOT}/docs")
    open_operation(page, "proposals", "get_proposals")
    assert page.locator("tr[data-param-name=proposalId]").count() == 1
    assert page.locator("tr[data-param-name$=__gte]").count() == 0
    page.check("#ranges")
    page.wait_for_selector("tr[data-param-name=proposalId__gte]")
    assert '"pattern":"' not in page.evaluate("JSON.stringify(ui.specSelectors.specJson())")


@pytest.mark.parametrize("path", ["auth", "ssx"])
def test_each_service_has_a_page(load, path):
    page = load(f"{ROOT}/{path}/docs")
    page.wait_for_selector(f".title >> text=ISPyB {path}")
    page.wait_for_selector(".opblock-tag")
    assert page.locator("nav a[aria-current]").inner_text() == path
    assert page.locator("nav a").count() == 7  # with that of a dialect
