from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.alerts.policy import Told, decide, is_too_old
from monitor.alerts.routing import Route, routes
from monitor.model import Match, Reason, Rule, Severity

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


def test_a_rule_without_channels_goes_to_the_default_one() -> None:
    rules = {
        "pow": Rule("pow", "POWs", "x", channels=("#pow", "#desk")),
        "kursk": Rule("kursk", "Kursk", "x"),
    }

    found = routes([POW, KURSK], rules, default="#desk")

    assert found == (
        Route("#pow", every_item=False, matches=(POW,)),
        Route("#desk", every_item=False, matches=(POW, KURSK)),
    )


def test_a_rule_that_tells_every_item_does_not_share_its_message() -> None:
    rules = {"pow": Rule("pow", "POWs", "x", group="item"), "kursk": Rule("kursk", "Kursk", "x")}

    found = routes([POW, KURSK], rules, default="#desk")

    assert [(one.every_item, one.matches) for one in found] == [(True, (POW,)), (False, (KURSK,))]
