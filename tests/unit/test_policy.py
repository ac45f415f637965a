from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.alerts.policy import Silence, Tempo, Told, audible, decide, is_too_old, tempo
from monitor.alerts.routing import Route, routes
from monitor.model import Act, Mark, Match, Person, Reason, Rule, Severity

DAY = timedelta(days=1)


def route(*matches: Match, every_item: bool = False) -> Route:
    return Route("#a", every_item, matches)


POW = Match("pow", Severity.HIGH)
KURSK = Match("kursk", Severity.MEDIUM)


@pytest.mark.parametrize(
    ("told", "matches", "reason"),
    [
        (None, (POW,), Reason.NEW_STORY),
        (Told(frozenset({"pow"}), Severity.HIGH), (POW,), Reason.KNOWN_STORY),
        (Told(frozenset({"kursk"}), Severity.CRITICAL), (POW, KURSK), Reason.NEW_RULE),
        (Told(frozenset({"pow"}), Severity.LOW), (POW,), Reason.NEW_SEVERITY),
    ],
)
def test_a_channel_is_told_once_and_again_only_of_what_it_does_not_know(
    told: Told | None, matches: tuple[Match, ...], reason: Reason
) -> None:
    assert decide(route(*matches), told, too_old=False) is reason


def test_a_rule_that_wants_every_item_gets_every_item() -> None:
    told = Told(frozenset({"pow"}), Severity.HIGH)

    assert decide(route(POW, every_item=True), told, too_old=False) is Reason.EVERY_ITEM


def test_history_is_never_told() -> None:
    assert decide(route(POW), None, too_old=True) is Reason.TOO_OLD
    assert not Reason.TOO_OLD.tells


@pytest.mark.parametrize(
    ("age", "first_sight", "expected"),
    [
        (2 * DAY, True, True),
        (2 * DAY, False, False),
        (DAY / 2, True, False),
        (None, True, False),
    ],
)
def test_only_what_was_old_at_first_sight_is_history(
    now: datetime, age: timedelta | None, *, first_sight: bool, expected: bool
) -> None:
    published = now - age if age else None

    assert is_too_old(published, first_sight=first_sight, lookback=DAY, now=now) is expected


DESK = dict.fromkeys(Severity, ("#desk",))


def test_a_rule_without_channels_goes_to_the_default_one() -> None:
    rules = {
        "pow": Rule("pow", "POWs", "x", channels=("#pow", "#desk")),
        "kursk": Rule("kursk", "Kursk", "x"),
    }

    found = routes([POW, KURSK], rules, default=DESK)

    assert found == (
        Route("#pow", every_item=False, matches=(POW,)),
        Route("#desk", every_item=False, matches=(POW, KURSK)),
    )


def test_rules_without_channels_go_where_their_severity_goes() -> None:
    rules = {
        "pow": Rule("pow", "POWs", "x", severity=Severity.CRITICAL),
        "kursk": Rule("kursk", "Kursk", "x", severity=Severity.CRITICAL, channels=("#kursk",)),
    }
    default = DESK | {Severity.CRITICAL: ("#breaking", "#desk")}

    found = routes([POW, KURSK], rules, default=default)

    assert [(one.channel, one.rules) for one in found] == [
        ("#breaking", ("pow",)),
        ("#desk", ("pow",)),
        ("#kursk", ("kursk",)),
    ]


def test_a_rule_that_tells_every_item_does_not_share_its_message() -> None:
    rules = {"pow": Rule("pow", "POWs", "x", group="item"), "kursk": Rule("kursk", "Kursk", "x")}

    found = routes([POW, KURSK], rules, default=DESK)

    assert [(one.every_item, one.matches) for one in found] == [(True, (POW,)), (False, (KURSK,))]


def told_ago(ago: timedelta) -> Told:
    return Told(frozenset({"pow"}), Severity.HIGH, ago)


def muting(now: datetime, *, story: int | None = None, rule: str = "") -> Mark:
    return Mark(Act.SNOOZE if rule else Act.MUTE, Person("ann"), now, story=story, rule=rule)


def test_a_muted_story_tells_nothing_that_it_would_have_told(now: datetime) -> None:
    silence = Silence.of([muting(now, story=7)])

    assert silence.over(7, ["pow"]) is Reason.MUTED_STORY
    assert silence.over(8, ["pow"]) is None
    silenced = silence.over(7, ["pow"])
    assert decide(route(POW), None, too_old=False, silenced=silenced) is Reason.MUTED_STORY
    known = told_ago(DAY)
    assert decide(route(POW), known, too_old=False, silenced=silenced) is Reason.KNOWN_STORY


def test_a_snoozed_rule_is_left_out_and_silences_only_what_is_its_own(now: datetime) -> None:
    silence = Silence.of([muting(now, rule="pow")])

    assert audible(route(POW, KURSK), silence.rules) == route(KURSK)
    assert audible(route(POW), silence.rules) == route(POW)
    assert silence.over(7, ["pow", "kursk"]) is None
    assert silence.over(7, ["pow"]) is Reason.SNOOZED_RULE
    assert not Reason.SNOOZED_RULE.tells


def test_nothing_is_silenced_where_nobody_asked_for_it() -> None:
    assert Silence.of([]).over(7, ["pow"]) is None


@pytest.mark.parametrize(
    ("ago", "changed", "reason"),
    [
        (timedelta(minutes=29), True, Reason.COOLING_DOWN),
        (timedelta(minutes=30), True, Reason.CHANGED_STORY),
        (timedelta(minutes=1), False, Reason.KNOWN_STORY),
        (DAY - timedelta(minutes=1), False, Reason.KNOWN_STORY),
        (DAY, False, Reason.REPEATED),
        (DAY, True, Reason.CHANGED_STORY),
    ],
)
def test_a_story_is_told_again_after_its_repeat_and_rests_in_its_cooldown(
    ago: timedelta, *, changed: bool, reason: Reason
) -> None:
    pace = Tempo(repeat=DAY, cooldown=timedelta(minutes=30))

    found = decide(route(POW), told_ago(ago), too_old=False, changed=changed, tempo=pace)

    assert found is reason


def test_a_cooldown_silences_no_rule_and_no_severity_that_the_channel_does_not_know() -> None:
    pace = Tempo(cooldown=DAY)

    assert decide(route(KURSK), told_ago(DAY / 2), too_old=False, tempo=pace) is Reason.NEW_RULE
    low = Told(frozenset({"pow"}), Severity.LOW, DAY / 2)
    assert decide(route(POW), low, too_old=False, tempo=pace) is Reason.NEW_SEVERITY


def test_the_rule_that_wants_to_be_told_most_decides_the_tempo() -> None:
    rules = {
        "pow": Rule("pow", "P", "p", repeat=DAY, cooldown=DAY),
        "kursk": Rule("kursk", "K", "k"),
    }
    default = Tempo(repeat=timedelta(0), cooldown=timedelta(minutes=5))

    assert tempo(route(POW), rules, default) == Tempo(DAY, DAY)
    assert tempo(route(KURSK), rules, default) == default
    assert tempo(route(POW, KURSK), rules, default) == Tempo(DAY, timedelta(minutes=5))
