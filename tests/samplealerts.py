"""Alerts to render: real ones in several scripts, and anything a hostile feed could make of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from monitor.model import (
    Act,
    Alert,
    Digest,
    Evidence,
    Mark,
    Message,
    Outlet,
    Person,
    Reason,
    RuleLabel,
    Severity,
    SoFar,
)
from monitor.text import clean

SEEN = datetime(2025, 3, 17, 8, 10, tzinfo=UTC)
PUBLISHED = datetime(2025, 3, 17, 8, 5, tzinfo=UTC)
KEY = "7f1d1c4e-54a1-5f0a-9d0e-0a4f3b7b9c11"
POW = RuleLabel("nk-pow", "North Korean prisoners of war", Severity.HIGH)
TROOPS = RuleLabel("nk-troops", "North Korean troops abroad", Severity.MEDIUM)


def found(field: str, whole: str, text: str, term: str, name: str = "") -> Evidence:
    """Evidence of a term in the first place where a text stands."""
    start = whole.index(text)
    return Evidence(term, name or text, field, start, start + len(text), text)


def made(**changes: Any) -> Alert:  # noqa: ANN401  (any field)
    """An alert in English with what matters to a test changed."""
    return replace(ENGLISH, **changes)


def message(content: Alert | Digest, *, key: str = KEY, channel: str = "#news-alerts") -> Message:
    return Message(key=key, channel=channel, content=content)


def _alert(title: str, summary: str, outlet: Outlet, url: str, *evidence: Evidence) -> Alert:
    return Alert(
        story=7,
        reason=Reason.NEW_STORY,
        rules=(POW,),
        title=title,
        summary=summary,
        url=url,
        outlet=outlet,
        language=outlet.language,
        published=PUBLISHED,
        seen=SEEN,
        evidence=evidence,
    )


_EN = "Ukraine captures two North Korean soldiers in Kursk region"
_EN_SUMMARY = "Kyiv says the prisoners of war are being questioned in hospital."
ENGLISH = _alert(
    _EN,
    _EN_SUMMARY,
    Outlet("Example Wire", "en", "wire", "GB"),
    "https://news.example.org/world/1?a=1&b=2",
    found("title", _EN, "North Korean soldiers", "@north-korean-soldier", "North Korean soldier"),
    found("summary", _EN_SUMMARY, "prisoners of war", "@captivity", "prisoner of war"),
)

_KO = "북한군 포로 2명 한국행 희망"
_KO_SUMMARY = "정부는 생포된 북한군이 한국행을 원하면 수용한다는 방침이다."
KOREAN = _alert(
    _KO,
    _KO_SUMMARY,
    Outlet("보기통신", "ko", "wire", "KR"),
    "https://ko.example.org/포로/2",
    found("title", _KO, "북한군", "@north-korean-soldier"),
    found("title", _KO, "포로", "@captivity"),
    found("summary", _KO_SUMMARY, "북한군", "@north-korean-soldier"),
)

_UK = "Україна передала двох військовополонених із КНДР"
UKRAINIAN = _alert(
    _UK,
    "",
    Outlet("Приклад", "uk", "government", "UA"),
    "https://uk.example.org/3",
    found("title", _UK, "військовополонених", "@captivity", "військовополонений"),
)

_AR = "أوكرانيا تأسر جنديين من كوريا الشمالية"
ARABIC = _alert(
    _AR,
    "",
    Outlet("مثال", "ar", "broadcaster", "QA"),
    "https://ar.example.org/4",
    found("title", _AR, "تأسر", "@captivity", "أسر"),
)

_JA_SUMMARY = "ウクライナ軍は北朝鮮の兵士を捕虜にしたと発表した。"
JAPANESE = _alert(
    "北朝鮮兵士2人を捕虜に",
    _JA_SUMMARY,
    Outlet("見本通信", "ja", "wire", "JP"),
    "https://ja.example.org/5",
    found("summary", _JA_SUMMARY, "捕虜", "@captivity"),
)

SAMPLES = (ENGLISH, KOREAN, UKRAINIAN, ARABIC, JAPANESE)

_NASTY = [
    *("<!channel>", "<!here|x>", "<@U123>", "<#C1>", "<https://evil.example|click>"),
    *("&", "&amp;", "&lt;!channel&gt;", "<", ">", ">>> ", "|", "@here", ":fire:"),
    *("*", "*bold*", "_it_", "~no~", "`code`", "```", "[bold red]", "[/]", "%s{}{0}"),
    *("\n", "\r\n", "\x00", "\x1b[31m", "\x9b2J", "\u202e", "\u2066", "\u200b", "\u200d"),
    *("\ufeff", "\ud800", "\udfff", "\u3164", "e" + "\u0301" * 30),
    *("👨‍👩‍👧‍👦", "🏴\U000e0067\U000e0062\U000e007f", "🇰🇷" * 9),
    *("북한군이", "捕虜にした", "военнопленных", "أسير", "שבוי", "เชลยศึก"),
    *("word ", "x" * 90, " ", "'", '"', "\\", "—"),
]
_any_char = st.characters(exclude_categories=())
_pieces = st.sampled_from(_NASTY) | st.text(_any_char, max_size=12)
_mixed = st.lists(_pieces, max_size=40).map("".join)
_repeated = st.builds(
    lambda piece, times: piece * times, st.sampled_from(_NASTY), st.integers(1, 600)
)
hostile_text = _mixed | _repeated
_schemes = st.sampled_from(["javascript", "http", "data", "HTTPS"])
hostile_url = (
    st.builds("https://{}/{}".format, hostile_text, hostile_text)
    | st.builds("{}:{}".format, _schemes, hostile_text)
    | st.sampled_from(
        [
            "",
            "https://a.example/?q=" + "x|y<z>&" * 200,
            "https://user:secret@a.example/",
            "https://пример.укр/новина?a=1|2",
            "https://[::1]/x y",
            "https://[bad/",
            "https://a.example:99999/",
            "//a.example/x",
        ]
    )
)
_outlets = st.builds(
    Outlet,
    name=hostile_text,
    language=hostile_text,
    kind=st.sampled_from(["", "wire", "blog"]) | hostile_text,
    country=st.sampled_from(["", "KR", "gb"]) | hostile_text,
)
_labels = st.builds(RuleLabel, hostile_text, hostile_text, st.sampled_from(Severity))
_times = st.datetimes(timezones=st.just(UTC))


_spreads = st.builds(
    SoFar,
    outlets=st.lists(hostile_text, max_size=12).map(tuple),
    languages=st.lists(st.sampled_from(["ko", "en"]) | hostile_text, max_size=9).map(tuple),
    reports=st.integers(0, 10_000),
    copies=st.integers(0, 10_000),
    since=_times,
)


@st.composite
def _evidence(draw: st.DrawFn, title: str, summary: str) -> Evidence:
    """Evidence of words that stand there, mostly; some of it lies."""
    field = draw(st.sampled_from(["title", "summary", "content"]))
    whole = clean({"title": title, "summary": summary}.get(field, ""))
    start = draw(st.integers(0, max(0, min(len(whole), 500))))
    end = start + draw(st.integers(0, 20))
    text = whole[start:end] if draw(st.booleans()) else draw(hostile_text)
    term = draw(st.sampled_from(["@north-korean-soldier", "captur*", "=POW"]) | hostile_text)
    return Evidence(term, draw(st.just(text) | hostile_text), field, start, end, text)


_people = st.builds(Person, hostile_text, st.sampled_from(["", "U0ANN", "U0ANN>"]) | hostile_text)
_marks = st.builds(
    Mark,
    st.sampled_from(Act),
    _people,
    _times,
    rule=st.sampled_from(["nk-pow", "troops"]) | hostile_text,
    until=st.none() | _times,
)


@st.composite
def hostile_alerts(draw: st.DrawFn) -> Alert:
    """Any alert at all."""
    title, summary = draw(hostile_text), draw(hostile_text)
    return Alert(
        story=draw(st.integers(0, 2**63)),
        reason=draw(st.sampled_from(Reason)),
        rules=tuple(draw(st.lists(_labels, max_size=7))),
        title=title,
        summary=summary,
        url=draw(hostile_url),
        outlet=draw(_outlets),
        language=draw(st.sampled_from(["", "ko", "zh-Hant"]) | hostile_text),
        published=draw(st.none() | _times),
        seen=draw(_times),
        evidence=tuple(draw(st.lists(_evidence(title, summary), max_size=12))),
        so_far=draw(st.none() | _spreads),
        broadcast=draw(st.booleans()),
        marks=tuple(draw(st.lists(_marks, max_size=8))),
    )


@st.composite
def hostile_digests(draw: st.DrawFn) -> Digest:
    """Any digest at all, also larger than promised."""
    alerts = draw(st.lists(hostile_alerts(), max_size=4))
    times = draw(st.integers(1, 12))
    return Digest(tuple(alerts * times), draw(st.integers(0, 10_000)))
