"""Floors of the quality of grouping on the shared development sets, through `monitor match`."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor import offline
from monitor.rules import compile_rules, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from monitor.rules import Matcher

SHARED = Path("../shared")
EVAL = SHARED / "eval" / "dev.jsonl"
SETS = SHARED / "dedup" / "data"

needs_sets = pytest.mark.skipif(not SHARED.exists(), reason="the shared sets are not here")

EVERYTHING = "[[rules]]\nid = 'any'\nname = 'Any'\nquery = '/\\w/'\nslow = true\n"


@cache
def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def scorer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    folder = SHARED / "dedup"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("eval_common", folder / "eval_common.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stories(items: Iterable[dict[str, Any]], matcher: Matcher) -> dict[str, str]:
    lines = (json.dumps(item) for item in items)
    answers = offline.match_lines(lines, matcher, file="set")
    return {answer["id"]: answer["story"] for answer in answers if answer["rules"]}


def undated_last(row: dict[str, Any]) -> str:
    return row["published"] or "9999"


def undated_first(row: dict[str, Any]) -> str:
    return row["published"] or ""


@needs_sets
@pytest.mark.parametrize(
    ("order", "floor", "false"), [(undated_last, 0.90, 0.01), (undated_first, 0.88, 0.03)]
)
def test_reports_of_one_event_are_one_story_in_nineteen_languages(
    order: Any,  # noqa: ANN401 - a sort key
    floor: float,
    false: float,
) -> None:
    found = stories(sorted(rows(EVAL), key=order), compile_rules(load(Path("rules"))))
    labels = {row["id"]: row for row in rows(EVAL) if any(row["labels"].values())}
    ids = [id_ for id_ in labels if id_ in found]
    gold = {id_: labels[id_]["story"] or id_ for id_ in ids}
    shares = [
        (
            len(both := {o for o in ids if gold[o] == gold[i] and found[o] == found[i]})
            / sum(found[o] == found[i] for o in ids),
            len(both) / sum(gold[o] == gold[i] for o in ids),
        )
        for i in ids
    ]
    precision, recall = (sum(side) / len(ids) for side in zip(*shares, strict=True))
    merged = [(a, b) for a in ids for b in ids if a < b and found[a] == found[b]]
    wrong = [
        (a, b)
        for a, b in merged
        if gold[a] != gold[b]
        and not (labels[a]["thread"] and labels[a]["thread"] == labels[b]["thread"])
    ]

    assert 2 * precision * recall / (precision + recall) >= floor
    assert len(wrong) / len(merged) <= false


@needs_sets
@pytest.mark.parametrize(
    ("name", "b3", "hidden"), [("ecbplus_timed", 0.92, 0.0), ("bulletins", 0.99, 0.05)]
)
def test_everyday_news_and_daily_bulletins_are_grouped(
    name: str, b3: float, hidden: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "any.toml").write_text(EVERYTHING)
    gold = rows(SETS / f"{name}.jsonl")
    items = [
        {**row, "summary": row["text"], "published": row["time"], "language": row["lang"]}
        for row in gold
    ]

    found = stories(items, compile_rules(load(tmp_path)))

    order = [row["id"] for row in gold]
    scores, _ = scorer(monkeypatch).cluster_scores(
        {row["id"]: row["label"] for row in gold}, found, order
    )
    assert scores["b3_f1"] >= b3
    assert scores["hidden_story_rate"] <= hidden


def number(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest())


@needs_sets
@pytest.mark.parametrize(("days", "hidden"), [(14, 10), (60, 1)])
def test_few_events_hide_in_others_where_all_happen_within_weeks(days: int, hidden: int) -> None:
    """The same reports, each event's within a day of each other, and the events close together."""
    first = datetime(2025, 3, 1, tzinfo=UTC)
    moved = []
    for row in rows(EVAL):
        begins = first + timedelta(hours=number(row["story"] or row["id"]) % (24 * days))
        at = begins + timedelta(minutes=number(row["id"]) % (24 * 60))
        moved.append({**row, "published": at.isoformat()})
    labels = {row["id"]: row for row in moved if any(row["labels"].values())}

    found = stories(
        sorted(moved, key=lambda row: row["published"]), compile_rules(load(Path("rules")))
    )

    event = {id_: labels[id_]["story"] or id_ for id_ in found if id_ in labels}
    told = {found[id_]: gold for id_, gold in reversed(event.items())}
    assert len(set(event.values()) - set(told.values())) <= hidden
