"""What a message looks like in Slack."""

from __future__ import annotations

import importlib.util
import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from blockkit import MAX_TOTAL, badly_escaped, control_sequences, texts, units, validate
from hypothesis import assume, given, settings
from samplealerts import (
    ARABIC,
    ENGLISH,
    JAPANESE,
    KEY,
    KOREAN,
    POW,
    PUBLISHED,
    SAMPLES,
    TROOPS,
    UKRAINIAN,
    found,
    hostile_alerts,
    hostile_digests,
    made,
    message,
)

from monitor.model import (
    Act,
    Digest,
    Evidence,
    Mark,
    Outlet,
    Person,
    Reason,
    Receipt,
    RuleLabel,
    Severity,
)
from monitor.receivers.slack.blocks import Rendered, render
from monitor.receivers.slack.buttons import headlines
from monitor.receivers.slack.views import choice_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Alert

_OURS = re.compile(
    r"https?://[!-~]+?\|[^<>]+"
    r"|@[UW][A-Z0-9]{2,30}"
    r"|!date\^\d+\^\{date_short_pretty\} \{time\}\|\d+-\d\d-\d\d \d\d:\d\d UTC"
)
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def _shown(alert: Alert | Digest) -> list[str]:
    """The texts of the blocks, in order."""
    return list(texts(render(message(alert), service="News desk").blocks))


def _theirs() -> Callable[[Any], list[Any]]:
    """The validator made from Slack's own types, where it is at hand."""
    path = Path(__file__).parents[4] / "shared/slack/blockkit/validate.py"
    if not path.exists():
        return lambda _: []
    spec = importlib.util.spec_from_file_location("blockkit_of_slack", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[Any], list[Any]] = module.validate_blocks
    return check


_validate_as_slack_types = _theirs()


def _assert_slack_takes(rendered: Rendered) -> None:
    assert validate(rendered.blocks) == []
    assert _validate_as_slack_types(rendered.blocks) == []
    written = json.dumps(rendered.blocks, ensure_ascii=False, separators=(",", ":"))
    assert units(written) < MAX_TOTAL
    written.encode()  # no lone surrogates
    assert len(json.dumps(rendered.metadata)) < 4000


def _assert_every_control_is_ours(rendered: Rendered) -> None:
    for text in texts(rendered.blocks):
        assert badly_escaped(text) == []
        assert all(_OURS.fullmatch(found) for found in control_sequences(text)), text
        assert text.count("*") % 2 == 0
    assert badly_escaped(rendered.text) == []
    assert control_sequences(rendered.text) == []


def _assert_nothing_invisible(rendered: Rendered) -> None:
    for text in [rendered.text, *texts(rendered.blocks)]:
        odd = {char for char in text if unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI}
        assert odd <= {"\n"}


@settings(max_examples=150)
@given(hostile_alerts())
def test_any_alert_is_valid_block_kit_and_says_nothing_to_slack_on_its_own(alert: Alert) -> None:
    rendered = render(message(alert), service="News <desk> & co")

    _assert_slack_takes(rendered)
    _assert_every_control_is_ours(rendered)
    _assert_nothing_invisible(rendered)
    assert 0 < units(rendered.text) <= 280


@settings(max_examples=60)
@given(hostile_digests())
def test_any_digest_is_valid_block_kit_and_says_nothing_to_slack_on_its_own(digest: Digest) -> None:
    rendered = render(message(digest), service="News <desk> & co")

    _assert_slack_takes(rendered)
    _assert_every_control_is_ours(rendered)
    _assert_nothing_invisible(rendered)
    assert 0 < units(rendered.text) <= 280


def test_the_headline_is_bold_and_links_to_the_article() -> None:
    first = _shown(ENGLISH)[0].splitlines()[0]

    assert first == (
        "*<https://news.example.org/world/1?a=1&amp;b=2"
        "|Ukraine captures two North Korean soldiers in Kursk region>*"
    )


def test_an_alert_says_how_much_it_matters_who_reports_it_when_and_in_which_language() -> None:
    about = _shown(KOREAN)[1]

    assert about == (
        "🟠 *High* · 보기통신 (wire, South Korea) · "
        "<!date^1742198700^{date_short_pretty} {time}|2025-03-17 08:05 UTC> · Korean · News desk"
    )


def test_an_alert_says_why_it_matched() -> None:
    why = _shown(UKRAINIAN)[2]

    assert why == "Why: North Korean prisoners of war · *військовополонених* (captivity)"


def test_words_found_only_in_the_body_are_told_apart() -> None:
    body = Evidence("@exchange", "обмін", "content", 900, 905, "обмін")

    why = _shown(replace(UKRAINIAN, evidence=(*UKRAINIAN.evidence, body)))[2]

    assert why.endswith("*військовополонених* (captivity) · in the article: *обмін* (exchange)")


def test_a_bare_word_is_shown_as_it_was_found() -> None:
    captured = found("title", ENGLISH.title, "captures", "captur*", "captur*")

    assert _shown(made(evidence=(captured,)))[2].endswith(" · *captures*")


def test_a_story_told_again_says_why() -> None:
    again = made(reason=Reason.NEW_RULE, rules=(POW, TROOPS))

    why = _shown(again)[2]

    assert "Why: North Korean prisoners of war, North Korean troops abroad" in why
    assert why.endswith("again: because of a rule its story had not told yet")


def test_matched_words_of_the_summary_are_bold() -> None:
    assert "says the *prisoners of war* are" in _shown(ENGLISH)[0]


def test_a_matched_word_with_an_ending_is_bold_as_a_whole_because_slack_formats_whole_words() -> (
    None
):
    assert "생포된 *북한군이* 한국행을" in _shown(KOREAN)[0]


def test_a_match_within_unspaced_writing_stays_plain_rather_than_showing_stray_stars() -> None:
    assert _shown(JAPANESE)[0].splitlines()[1] == JAPANESE.summary


def test_formatting_characters_of_a_feed_do_not_format() -> None:
    text = _shown(made(title="*a* _b_ ~c~ `d` snake_case", summary="> quoted *x*", evidence=()))[0]

    headline, summary = text.splitlines()
    assert "|∗a∗ ˍbˍ ∼c∼ ˋdˋ snake_case>*" in headline
    assert summary == "› quoted ∗x∗"


def test_mentions_and_links_of_a_feed_are_shown_not_followed() -> None:
    rendered = render(
        message(made(title="<!channel> <https://evil.example|Bank> <@U1>", summary="@here")),
        service="",
    )

    assert (
        "&lt;!channel&gt; &lt;https://evil.example|Bank&gt; &lt;@U1&gt;"
        in rendered.blocks[0]["text"]["text"]
    )
    assert rendered.blocks[0]["text"]["verbatim"] is True
    assert "<" not in rendered.text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "ftp://a.example/x",
        "https://user:pw@a.example/",
        "https://",
        "https://[bad/",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_an_address_nobody_should_follow_is_left_out_and_that_is_said(url: str) -> None:
    shown = _shown(made(url=url))

    assert shown[0].startswith(f"*{ENGLISH.title}*")
    assert "no link" in shown[1]


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x|y<z> w*", "https://a.example/x%7Cy%3Cz%3E%20w%2A"),
        ("https://пример.укр/новина", "https://xn--e1afmkfd.xn--j1amh/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B0"),
        ("HTTP://A.example:8080?q=1#f", "http://A.example:8080?q=1#f"),
        ("https://a.example/%ED%8F%AC", "https://a.example/%ED%8F%AC"),
    ],
)  # fmt: skip
def test_an_address_is_written_so_that_it_can_not_end_early(url: str, linked: str) -> None:
    assert f"<{linked}|" in _shown(made(url=url))[0]


def test_an_alert_of_nothing_but_a_time_still_renders() -> None:
    bare = made(
        title="", summary="", url="", outlet=Outlet(""), language="", published=None, evidence=()
    )

    shown = _shown(bare)

    assert shown[0] == "*(untitled)*"
    assert "seen <!date^1742199000^" in shown[1]
    assert shown[2] == "Why: North Korean prisoners of war"


def test_a_title_nobody_can_see_gives_way_to_the_summary() -> None:
    shown = _shown(made(title="\u3164 \u200d", summary="What happened", evidence=()))

    assert shown[0].endswith("|What happened>*")


def test_a_time_before_slack_can_count_is_told_in_words() -> None:
    about = _shown(made(published=datetime(1950, 6, 25, 4, 0, tzinfo=UTC)))[1]

    assert "1950-06-25 04:00 UTC" in about
    assert "<!date" not in about


def test_long_texts_end_after_a_whole_word() -> None:
    headline, summary = _shown(made(title="word " * 200, summary="слово " * 200))[0].splitlines()

    assert headline.endswith("|" + "word " * 58 + "word word…>*")
    assert summary == "слово " * 65 + "слово…"


@pytest.mark.parametrize("sign", ["&", "<!channel>", "*", "𝕏", '"', "\\"])
def test_a_message_of_nothing_but_signs_that_grow_is_taken(sign: str) -> None:
    much = sign * 1000
    words = tuple(
        Evidence(f"@{n}{much}", f"{n}{much}", field, 0, 1, "x")
        for n in range(20)
        for field in ("title", "content")
    )
    rules = tuple(replace(POW, id=f"{n}{much}", name=f"{n}{much}") for n in range(25))
    alert = made(
        title=much,
        summary=much,
        url=f"https://a.example/{'&' * 1900}",
        rules=rules,
        outlet=Outlet(much, kind=much, country=much),
        language=much,
        evidence=words,
    )

    for content in (alert, Digest((alert,) * 40, 40)):
        rendered = render(message(content), service=much)
        _assert_slack_takes(rendered)
        _assert_every_control_is_ours(rendered)
        assert units(rendered.text) <= 280


def test_a_cut_never_tears_a_character_apart() -> None:
    family = "👨‍👩‍👧‍👦"

    headline = _shown(made(title="x" + family * 60, summary="", evidence=()))[0]

    kept = headline.partition("|x")[2].removesuffix("…>*")
    assert kept == family * (len(kept) // len(family))


def test_what_notifications_and_screen_readers_get_is_a_sentence() -> None:
    assert render(message(ARABIC), service="").text == (
        "High: أوكرانيا تأسر جنديين من كوريا الشمالية (مثال). Why: North Korean prisoners of war."
    )


def test_the_key_travels_with_the_message() -> None:
    rendered = render(message(ENGLISH), service="News desk")

    assert rendered.metadata == {
        "event_type": "news_alert",
        "event_payload": {"key": KEY, "rules": "nk-pow", "alerts": 1, "v": 1, "story": 7},
    }


def test_every_revision_has_block_ids_of_its_own() -> None:
    ids = [
        block["block_id"]
        for revision in range(3)
        for block in render(message(ENGLISH), service="", revision=revision).blocks
    ]

    assert len(set(ids)) == len(ids) == 9


def test_rendering_is_repeatable() -> None:
    assert render(message(KOREAN), service="x") == render(message(KOREAN), service="x")


def test_a_digest_lists_its_alerts_by_rule_and_says_how_many_wait() -> None:
    troops = [replace(alert, rules=(TROOPS,)) for alert in SAMPLES[:2]]

    shown = _shown(Digest((*troops, *SAMPLES), 60))

    assert shown[0] == "*7 of 60 waiting alerts, told together* · News desk"
    assert shown[1].splitlines()[0] == "🟠 *North Korean prisoners of war* (5)"
    assert shown[2].splitlines()[0] == "🟡 *North Korean troops abroad* (2)"
    assert "• <https://uk.example.org/3|Україна" in shown[1]


def test_a_digest_of_twenty_five_alerts_keeps_every_link() -> None:
    long = [
        made(title=f"{n} " + "long title " * 20, url=f"https://a.example/{n}/" + "x" * 120)
        for n in range(25)
    ]

    rendered = render(message(Digest(tuple(long), 25)), service="")

    _assert_slack_takes(rendered)
    assert sum(text.count("<https://a.example/") for text in texts(rendered.blocks)) == 25
    assert rendered.text.startswith("25 alerts in one message, first: 0 long title")


def test_a_digest_too_large_for_slack_loses_its_longest_addresses_only() -> None:
    long = [made(title=f"t{n}", url=f"https://a.example/{n}/" + "x" * 60 * n) for n in range(25)]

    rendered = render(message(Digest(tuple(long), 25)), service="")

    _assert_slack_takes(rendered)
    shown = "\n".join(texts(rendered.blocks))
    assert all(f"<https://a.example/{n}/" in shown for n in range(12))
    assert "• t24 ·" in shown


def test_a_possible_repeat_says_so_to_eyes_and_ears() -> None:
    rendered = render(replace(message(ENGLISH), repeat=True), service="")

    assert validate(rendered.blocks) == []
    assert list(texts(rendered.blocks))[-1] == "Possible repeat"
    assert rendered.text.startswith("(possible repeat) High: ")


@given(hostile_alerts())
def test_buttons_and_what_people_did_are_valid_whatever_they_are_called(alert: Alert) -> None:
    rendered = render(message(alert), service="News desk", buttons=True)

    _assert_slack_takes(rendered)
    _assert_every_control_is_ours(rendered)
    _assert_nothing_invisible(rendered)
    assert rendered.blocks[-1]["type"] == "actions"


@given(hostile_digests())
def test_a_digest_with_buttons_is_valid_whatever_was_done_with_it(digest: Digest) -> None:
    _assert_slack_takes(render(message(digest), service="Desk", buttons=True))


@pytest.mark.parametrize("buttons", [False, True])
def test_a_digest_of_many_rules_with_much_said_of_it_is_taken(*, buttons: bool) -> None:
    said = (
        Mark(Act.MUTE, Person("&" * 80), PUBLISHED, story=1),
        Mark(Act.IRRELEVANT, Person("<" * 80), PUBLISHED, note="<" * 300),
    )
    alerts = tuple(
        made(
            rules=(RuleLabel(f"r{number}", "<" * 200, Severity.HIGH),),
            title="&<" * 200,
            url="https://a.example/" + "x" * 400,
            marks=said,
        )
        for number in range(25)
    )

    _assert_slack_takes(render(message(Digest(alerts, 40)), service="<" * 60, buttons=buttons))


@given(hostile_digests())
def test_a_form_that_names_the_alerts_of_a_digest_is_valid(digest: Digest) -> None:
    assume(digest.alerts)

    view = choice_form(Receipt("C1", "1.1"), headlines(digest))

    assert validate(view["blocks"]) == []


def test_a_reply_in_a_thread_has_no_buttons() -> None:
    reply = replace(message(ENGLISH), thread=Receipt("C1", "1.0"))

    rendered = render(reply, service="", buttons=True)

    assert "actions" not in {block["type"] for block in rendered.blocks}
