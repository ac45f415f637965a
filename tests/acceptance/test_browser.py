"""The status page of the running service in a real browser, also with what hostile feeds send."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from feedserver import FeedServer, rss, rss_item
from playwright.sync_api import sync_playwright
from process import RULES, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page
    from process import Running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM, reason="no chromium on this machine: apt-get install chromium"
    ),
    pytest.mark.xdist_group("browser"),
]
QUIET = (
    "--no-sandbox",  # the tests may run as root, and see pages of this machine only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TOKEN = "sesame-opens-the-page"
ITEMS = [
    rss_item(
        title="Two North Korean soldiers captured near Sudzha",
        link="https://news.example/1",
        description="They were captured in January.",
    ),
    rss_item(
        title="<script>document.title='owned'</script>North Korean captured <img src=x onerror=alert(1)>",
        link="javascript:alert(2)",
        description="&lt;script&gt;alert(3)&lt;/script&gt;<b onclick='alert(4)'>bold</b>",
    ),
    rss_item(
        title="North Korean captured \u202egpj.exe\u202c \u2067 abc", link="https://news.example/3"
    ),
    rss_item(
        title="North Korean captured " + "x" * 10_000, link="https://news.example/" + "y" * 1_500
    ),
    rss_item(
        title='North Korean captured "><svg/onload=alert(5)> {{ 7*7 }}',
        link="https://news.example/5",
    ),
]


@dataclass
class Visit:
    """A page that is looked at, and all that went wrong while it was."""

    page: Page
    listen: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("dialog", self._asked)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str) -> None:
        self.page.goto(f"http://{self.listen}{path}")

    def is_wider_than_its_window(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A service that has read the hostile feed and one that can't be read, and wants a token."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with FeedServer() as feeds:
        desk = Program(folder, {"MONITOR_WEB_TOKEN": TOKEN})
        rules = RULES + '\n[[rules]]\nid = "other"\nname = "Other"\nquery = "zeppelin"\n'
        desk.configure(
            feeds=[feeds.publish("/a.xml", rss(ITEMS)), feeds.url("/missing.xml")], rules=rules
        )
        running: Running = desk.start()
        try:
            assert running.wait_for("alert delivered")
            assert running.wait_for("feed failing")
            yield desk
        finally:
            running.kill()


@pytest.fixture
def visit(browser: Browser, program: Program) -> Iterator[Visit]:
    context = browser.new_context(extra_http_headers={"Authorization": f"Bearer {TOKEN}"})
    yield Visit(context.new_page(), program.listen)
    context.close()


def test_a_reader_logs_in_and_finds_why_a_story_was_told(
    browser: Browser, program: Program
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://{program.listen}/?rule=pow")

    page.get_by_label("Token").fill("wrong-wrong-wrong")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text() == "That is not the token."
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()

    assert page.url.endswith("/?rule=pow")
    page.get_by_role("article").get_by_role("heading").last.get_by_role("link").click()
    assert page.get_by_role("heading", name="Items, and why each is here").is_visible()
    page.get_by_role("link", name="near Sudzha").first.click()
    assert re.search(r"/items/\d+$", page.url)
    assert page.get_by_role("heading", name="Why it matched").is_visible()
    assert "@captivity" in page.inner_text("main")
    assert (
        page.get_by_role("link", name="Read it there").get_attribute("href")
        == "https://news.example/1"
    )
    context.close()


def test_stories_are_chosen_by_rule(visit: Visit) -> None:
    visit.open("/")
    assert visit.page.get_by_role("article").count() >= 1

    visit.page.get_by_label("Rule").select_option("Other")
    visit.page.get_by_role("button", name="Show").click()

    assert visit.page.url.endswith("/?rule=other")
    assert visit.page.get_by_role("article").count() == 0


@pytest.mark.parametrize("path", ["/", "/feeds", "/rules", "/deliveries", "/items/2", "/stories/1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_run_nothing_and_widen_nothing(visit: Visit, path: str, scheme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit.page.set_viewport_size({"width": 360, "height": 740})

    visit.open(path)

    assert visit.page.locator("main script, main img, main svg, main b").count() == 0
    assert "owned" not in visit.page.title()
    assert not visit.is_wider_than_its_window()
    visit.page.set_viewport_size({"width": 1280, "height": 800})
    assert not visit.is_wider_than_its_window()
    back = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (scheme == "light")
    assert visit.troubles == []


def test_every_page_is_a_whole_document_for_those_who_do_not_see_it(visit: Visit) -> None:
    for path in ("/", "/feeds", "/rules", "/deliveries", "/items/1", "/stories/1"):
        visit.open(path)
        page = visit.page
        assert page.locator("html[lang]").count() == 1
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1
        assert page.title()
        tags = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => one.tagName)")
        steps = itertools.pairwise(int(tag[1]) for tag in tags)
        assert all(after - before <= 1 for before, after in steps), path
        unnamed = "all => all.filter(one => !one.labels.length).length"
        assert page.locator("select, input:not([type=hidden])").evaluate_all(unnamed) == 0
        assert page.locator("th:not([scope])").count() == 0
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the content"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in ("/", "/feeds", "/deliveries", "/rules"):
        visit.open(path)
        assert visit.page.evaluate(_WEAK) == []


_WEAK = """() => {
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll("main *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => { const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
      return [e.textContent.trim().slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; })
    .filter(([, ratio]) => ratio < 4.5);
}"""
"""Texts with less contrast than WCAG 2 asks for at level AA."""


def test_the_page_answers_while_feeds_are_polled(visit: Visit) -> None:
    visit.open("/feeds")

    assert "404" in visit.page.inner_text("main")
    assert visit.page.get_by_text("failing", exact=True).count() >= 1
