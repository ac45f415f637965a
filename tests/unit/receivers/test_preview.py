"""An alert as a web page: what Slack would show, and nothing a feed could do with a browser."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given
from samplealerts import ENGLISH, KOREAN, SAMPLES, hostile_alerts, hostile_digests, message

from monitor.model import Act, Mark, Person
from monitor.receivers.slack.preview import page

if TYPE_CHECKING:
    from monitor.model import Alert, Digest

_OURS = {
    "html", "head", "meta", "title", "style", "body", "article", "header", "section", "time", "a",
    "b", "p",
}  # fmt: skip


class _Reader(HTMLParser):
    """The tags and attributes of a page, and the text of its body."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source.partition("</head>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_headline_link_evidence_and_time() -> None:
    read = _Reader(page(message(ENGLISH), service="Desk", timezone=ZoneInfo("Asia/Seoul")))

    assert ("a", {"href": ENGLISH.url, "rel": "noreferrer"}) in read.tags
    assert ENGLISH.title in read.text
    assert "Mar 17, 2025 17:05" in read.text, "eight in London is five in Seoul"
    assert "North Korean prisoners of war" in read.text


def test_the_samples_leave_no_markup_of_slack_behind() -> None:
    for alert in SAMPLES:
        read = _Reader(page(message(alert), service="Desk"))
        assert not re.search(r"<!date|&amp;|\*", read.text), read.text
    assert _Reader(page(message(KOREAN), service="")).text.count("북한군") >= 2


@given(hostile_alerts())
def test_a_page_holds_only_our_tags_and_links_that_may_be_followed(alert: Alert) -> None:
    source = page(message(alert), service="Desk")

    read = _Reader(source)

    assert {tag for tag, _ in read.tags} <= _OURS
    for tag, attributes in read.tags:
        assert set(attributes) <= {"class", "href", "rel"}
        if tag == "a":
            assert str(attributes["href"]).startswith(("http://", "https://"))
    (title,) = re.findall(r"<title>(.*)</title>", source, re.DOTALL)
    assert "<" not in title
    assert html.unescape(title)


@given(hostile_digests())
def test_a_page_of_a_digest_is_as_harmless(digest: Digest) -> None:
    read = _Reader(page(message(digest), service="Desk"))

    assert {tag for tag, _ in read.tags} <= _OURS


def test_a_page_shows_who_muted_the_story() -> None:
    moment = datetime(2026, 1, 31, 9, tzinfo=UTC)
    marks = (
        Mark(Act.MUTE, Person("ann <b>", "U0ANN"), moment, story=1, until=moment),
        Mark(Act.IRRELEVANT, Person("<script>"), moment),
    )

    read = _Reader(page(message(replace(ENGLISH, marks=marks)), service=""))

    assert "Story muted by @U0ANN until Jan 31, 2026 09:00" in read.text
    assert "Not relevant, says <script>" in read.text
