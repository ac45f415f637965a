"""What the pages show, to whom, and that nothing a feed sends becomes markup."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from fakes import promise
from hypothesis import given
from hypothesis import strategies as st
from webdesk import item, stored

from monitor.checkup import Report
from monitor.model import Act, Feed, Mark, Outlet, Person
from monitor.store import feeds as stored_feeds
from monitor.store import mutes, outbox
from monitor.web import gate, pages
from monitor.web.gate import Gate
from monitor.web.templating import marked

if TYPE_CHECKING:
    from webdesk import Desk, Got

TOKEN = "sesame-opens-the-page"
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(2)> '{{ 7*7 }}' \u202egpj.exe"""


class Seen(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.marks: list[str] = []
        self._marking = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "action", "src"}]
        self._marking = tag == "mark" or (self._marking and tag == "bdi")

    def handle_endtag(self, tag: str) -> None:
        self._marking = self._marking and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._marking:
            self.marks.append(data)


def seen(got: Got) -> Seen:
    assert got.status == 200, got.body
    return Seen(got.body)


EVERY_PAGE = ("/", "/feeds", "/rules", "/deliveries", "/items/1", "/stories/1", "/?rule=pow")


def test_the_first_page_tells_how_it_is_and_what_was_reported(desk: Desk) -> None:
    desk.report = Report((), ("no alert is delivered: the token was revoked",))
    stored(desk, item("Two soldiers captured", language="en"), found=["captured"])
    promise(desk.database, "waits", channel="#a", now=desk.clock())

    with desk.serving():
        page = seen(desk.ask("/"))

    assert "somebody must mend something" in page.text
    assert "the token was revoked" in page.text
    assert "1 pending" in page.text
    assert page.marks == ["captured"]
    assert "English" in page.text
    assert "Wire 1" in page.text


def test_a_story_tells_its_outlets_languages_reports_and_copies(desk: Desk) -> None:
    first = stored(desk, item("Two soldiers captured"), outlet="First")
    stored(desk, item("생포된 병사", language="ko"), outlet="Second", story=first.story)
    stored(
        desk, item("Two soldiers captured!"), outlet="Third", story=first.story, copy_of=first.item
    )

    with desk.serving():
        page = seen(desk.ask("/"))
        whole = seen(desk.ask(f"/stories/{first.story}"))

    assert re.search(r"First, Second, Third · English, Korean · 2 reports, 1 copy", page.text)
    assert page.tags.count("article") == 1
    assert "생포된 병사" in whole.text
    assert "because the test says so" in whole.text


def test_stories_are_shown_by_rule_newest_first_and_a_page_at_a_time(desk: Desk) -> None:
    for number in range(pages.STORIES + 3):
        stored(desk, item(f"Report number {number}"), rule="pow" if number % 2 else "other")
        desk.clock.pass_(60)

    with desk.serving():
        first, second = seen(desk.ask("/")), seen(desk.ask("/?page=2"))
        chosen = seen(desk.ask("/?rule=other"))
        none = seen(desk.ask("/?rule=no-such-rule"))
        beyond = seen(desk.ask("/?page=999"))

    assert first.tags.count("article") == pages.STORIES
    assert first.text.index(f"number {pages.STORIES + 2}") < first.text.index("number 4")
    assert "/?page=2" in first.links
    assert second.tags.count("article") == 3
    assert "number 3" not in chosen.text
    assert "number 4" in chosen.text
    assert "No story of this rule" in none.text
    assert "No more stories" in beyond.text


def test_old_stories_and_those_that_went_into_another_are_not_listed(desk: Desk) -> None:
    stored(desk, item("Long ago"))
    desk.clock.pass_(timedelta(days=pages.DAYS + 1).total_seconds())
    stored(desk, item("Today"))

    with desk.serving():
        page = seen(desk.ask("/"))

    assert "Today" in page.text
    assert "Long ago" not in page.text


def test_feeds_with_troubles_come_first_with_the_reason(desk: Desk) -> None:
    now = desk.clock()
    urls = ("https://a.example/?token=hush", "https://user:hush@b.example/", "https://c.example/")
    feeds = [Feed(url, Outlet(name)) for url, name in zip(urls, ("Abc", "Bcd", "Cde"), strict=True)]
    with desk.database.transaction() as tx:
        stored_feeds.sync(tx, feeds, now=now)
        last = stored_feeds.states(tx)[2]
        stored_feeds.failed(tx, last.id, now=now, next_poll_at=now, error="answered 500")

    with desk.serving():
        page = seen(desk.ask("/feeds"))

    assert page.text.index("Cde") < page.text.index("Abc")
    assert "answered 500" in page.text
    assert "3 feeds" in page.text
    assert "hush" not in page.text


def test_rules_are_shown_with_their_volume(desk: Desk) -> None:
    stored(desk, item("The day before"))
    desk.clock.pass_(2 * 86400)
    latest = stored(desk, item("Now"))

    with desk.serving():
        page = seen(desk.ask("/rules"))

    assert re.search(r"Prisoners of war pow\s+Query@captivity\s+high\s+1\s+2\s", page.text)
    assert f"/items/{latest.item}" in page.links
    assert page.text.index("Prisoners of war") < page.text.index("Nothing yet")


def test_deliveries_begin_with_what_did_not_arrive(desk: Desk) -> None:
    promise(desk.database, "arrives", channel="#a", now=desk.clock())
    promise(desk.database, "is refused", channel="#b", now=desk.clock())
    with desk.database.transaction() as tx:
        fine, refused = outbox.heads(tx)
        sent, claim = (
            outbox.start(tx, fine, now=desk.clock()),
            outbox.start(tx, refused, now=desk.clock()),
        )
        assert sent
        assert claim
        outbox.sent(tx, sent, sent.receipt, now=desk.clock())
        outbox.put_back(tx, claim, outbox.State.DEAD, not_before=desk.clock(), error="too long")

    with desk.serving():
        page = seen(desk.ask("/deliveries"))

    assert page.text.index("is refused") < page.text.index("too long") < page.text.index("arrives")
    assert "Not delivered (1)" in page.text


def test_an_item_tells_who_carried_it_why_it_matched_and_where_it_belongs(desk: Desk) -> None:
    one = stored(
        desk, item("Two soldiers captured", summary="They were captured."), found=["captured"]
    )

    with desk.serving():
        page = seen(desk.ask(f"/items/{one.item}"))

    assert page.marks.count("captured") == 4
    assert "@captivity" in page.text
    assert f"/stories/{one.story}" in page.links
    assert "Wire 1" in page.text
    assert "https://news.example/1" in page.links
    assert "rel" in page.attributes


@pytest.mark.parametrize(
    "path",
    ["/items/99", "/items/0", "/items/x", "/items/-1", "/items/" + "9" * 200, "/stories/7", "/etc/passwd",
     "/../style.css", "/items", "//evil.example", "/stories/1/2", "/%00", "/items/٣"],
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_page(desk: Desk, path: str) -> None:
    with desk.serving():
        answer = desk.ask(quote(path))

    assert answer.status == 404
    assert "There is no such page" in answer.body


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999999999", "1e9", ""])
def test_an_odd_page_number_is_no_error(desk: Desk, page: str) -> None:
    with desk.serving():
        assert desk.ask(f"/?page={page}").status == 200
        assert desk.ask(f"/feeds?page={page}&rule=x").status == 200


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_what_a_feed_sends_is_text_on_every_page(desk: Desk, path: str) -> None:
    outlet = f"Outlet {HOSTILE}"
    stored(
        desk,
        item(
            f"captured {HOSTILE}", summary=HOSTILE * 3, language='"><b>', url="javascript:alert(1)"
        ),
        outlet=outlet,
        found=["captured"],
        reason=HOSTILE,
    )
    promise(desk.database, HOSTILE, channel='#"><script>', now=desk.clock())
    desk.report = Report((HOSTILE,), (HOSTILE,))
    desk.problems = (HOSTILE,)

    with desk.serving():
        got = desk.ask(path)
        page = seen(got)

    assert "script" not in page.tags
    assert "img" not in page.tags
    assert not [name for name in page.attributes if name.startswith(("on", "style"))]
    assert not [
        link for link in page.links if not link.startswith(("/", "#main", "http://", "https://"))
    ]
    assert "49" not in page.text.replace("7*7", "")
    if path != "/rules":
        assert "<script>" in page.text


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6),
    st.integers(1, 60),
)
def test_marking_changes_no_letter(text: str, spans: list[tuple[int, int]], limit: int) -> None:
    parts = marked(text, [(min(span), max(span)) for span in spans], limit)

    joined = "".join(part for part, _ in parts)
    assert joined == (text if len(text) <= limit else text[:limit] + "…")


def test_marks_that_overlap_are_one() -> None:
    assert marked("a captured soldier", [(2, 10), (5, 18)]) == [
        ("a ", False),
        ("captured soldier", True),
    ]


def test_links_lead_to_the_web_only() -> None:
    assert pages.link("https://a.example/") == "https://a.example/"
    assert pages.link("javascript:alert(1)") == ""
    assert pages.link("data:text/html,x") == ""


def test_a_muted_story_says_so(desk: Desk) -> None:
    one = stored(desk, item("Two soldiers captured"))
    with desk.database.transaction() as tx:
        mutes.begin(tx, Mark(Act.MUTE, Person("Desk"), desk.clock(), story=one.story))

    with desk.serving():
        assert "muted" in seen(desk.ask("/")).text
        assert "muted" in seen(desk.ask(f"/stories/{one.story}")).text


def test_a_page_answers_while_the_database_is_written(desk: Desk) -> None:
    stored(desk, item("Before"))
    with desk.serving(), desk.database.transaction() as tx:
        tx.exec_driver_sql("UPDATE items SET title = 'Not yet'")
        page = seen(desk.ask("/"))

    assert "Before" in page.text


def test_many_readers_at_once_are_all_answered(desk: Desk) -> None:
    stored(desk, item("Two soldiers captured"))
    answers: list[int] = []
    with desk.serving():
        readers = [
            threading.Thread(target=lambda: answers.append(desk.ask("/").status)) for _ in range(16)
        ]
        for one in readers:
            one.start()
        for one in readers:
            one.join(30)

    assert answers == [200] * 16


# -- who may read


def test_with_a_token_the_pages_ask_for_it(desk: Desk) -> None:
    stored(desk, item("Two soldiers captured"))
    with desk.serving(token=TOKEN):
        for path in EVERY_PAGE:
            got = desk.ask(path)
            assert got.status == 401
            assert "captured" not in got.body
        assert desk.ask("/", authorization=f"Bearer {TOKEN}").status == 200
        assert desk.ask("/", authorization=f"Bearer {TOKEN}x").status == 401
        assert desk.ask("/", authorization="Bearer ").status == 401


def form(**fields: str) -> str:
    return urlencode(fields)


def test_whoever_logs_in_is_remembered_and_sees_the_page_that_was_asked_for(desk: Desk) -> None:
    with desk.serving(token=TOKEN):
        asked = desk.ask("/items/1?x=1")
        answer = desk.ask("/login", method="POST", body=form(token=TOKEN, to="/items/1?x=1"))
        cookie = answer.headers["set-cookie"].partition(";")[0]
        after = desk.ask("/", cookie=cookie)
        out = desk.ask("/logout", method="POST", cookie=cookie)

    assert 'value="/items/1?x=1"' in asked.body
    assert (answer.status, answer.headers["location"]) == (303, "/items/1?x=1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Lax" in answer.headers["set-cookie"]
    assert TOKEN not in answer.headers["set-cookie"]
    assert after.status == 200
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_a_wrong_token_and_a_forged_or_old_cookie_open_nothing(desk: Desk) -> None:
    with desk.serving(token=TOKEN):
        wrong = desk.ask("/login", method="POST", body=form(token="wrong"))
        answer = desk.ask("/login", method="POST", body=form(token=TOKEN))
        cookie = answer.headers["set-cookie"].partition(";")[0]
        forged = [cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), "monitor=9999999999.", "monitor=",
                  "monitor=" + "9" * 40 + ".x", cookie.replace("=1", "=2"), "monitor=é.x"]  # fmt: skip
        statuses = {desk.ask("/", cookie=one.encode().decode("latin-1")).status for one in forged}
        desk.clock.pass_(gate.REMEMBERED.total_seconds() + 1)
        late = desk.ask("/", cookie=cookie)

    assert wrong.status == 401
    assert "That is not the token" in wrong.body
    assert "set-cookie" not in wrong.headers
    assert statuses == {401}
    assert late.status == 401


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nX: y"]
)
def test_a_login_leads_to_no_other_site(desk: Desk, to: str) -> None:
    with desk.serving(token=TOKEN):
        answer = desk.ask("/login", method="POST", body=form(token=TOKEN, to=to))

    assert answer.headers["location"] == "/"


def test_strangers_see_nothing_where_there_is_no_token(desk: Desk) -> None:
    stored(desk, item("Two soldiers captured"))
    with desk.serving(listens_on="0.0.0.0"):
        got = desk.ask("/")
        assert (got.status, "captured" in got.body) == (403, False)
        assert "MONITOR_WEB_TOKEN" in got.body
        assert desk.ask("/healthz").status == 200


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_pages_are_only_read(desk: Desk, path: str) -> None:
    with desk.serving():
        assert desk.ask(path, method="POST").status == 405


def test_no_token_is_like_another() -> None:
    door = Gate("127.0.0.1", token=TOKEN)

    assert door.opens(TOKEN)
    assert not any(map(door.opens, ("", TOKEN[:-1], TOKEN + " ", "\udcff", TOKEN.upper())))
    assert not Gate("127.0.0.1").opens("")
