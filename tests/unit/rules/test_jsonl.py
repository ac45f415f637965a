"""Items in, answers out: the lines of `monitor match`."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from monitor.errors import ConfigError
from monitor.model import Evidence, Item, Match, Outlet, Severity
from monitor.rules import jsonl


def test_all_keys_are_read() -> None:
    line = json.dumps(
        {
            "id": "c1",
            "title": "T",
            "summary": "S",
            "content": "C",
            "url": "https://x.org",
            "language": "ko",
            "published": "2025-03-17",
            "source": "Yonhap",
            "unknown": [1],
        }
    )

    assert jsonl.read(line, file="f", number=1) == (
        "c1",
        Item(
            "T",
            "S",
            "C",
            "https://x.org",
            Outlet("Yonhap"),
            "ko",
            datetime(2025, 3, 17, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("extra", "language"),
    [('"lang": "uk"', "uk"), ('"lang": "uk", "language": "ru"', "ru"), ('"language": null', "")],
)
def test_lang_is_accepted_for_language(extra: str, language: str) -> None:
    _, item = jsonl.read('{"id": 7, "title": "t", ' + extra + "}", file="f", number=1)

    assert item.language == language


def test_text_is_kept_as_given() -> None:
    title = "  two\u00a0 e\u0301 \ud800\n"

    assert jsonl.read(json.dumps({"id": "a", "title": title}), file="f", number=1)[1].title == title


def test_lines_come_as_text_without_a_byte_order_mark() -> None:
    stream = io.BytesIO("\ufeff{}\r\n한국".encode())

    assert list(jsonl.lines(stream, file="f")) == ["{}\r\n", "한국"]


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"{}\ncaf\xe9\n", "f:2: the line is not UTF-8"),
        (b"a" * 10_000_001, "f:1: the line is longer"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(raw: bytes, cause: str) -> None:
    with pytest.raises(ConfigError, match=cause):
        list(jsonl.lines(io.BytesIO(raw), file="f"))


@pytest.mark.parametrize("published", ["", "yesterday", "2025-13-45", "0001-01-01T00:00:00+09:00"])
def test_a_date_that_is_none_does_no_harm(published: str) -> None:
    line = json.dumps({"id": "a", "title": "t", "published": published})

    assert jsonl.read(line, file="f", number=1)[1].published is None


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ('{"title": "t"}', 'no "id"'),
        ('{"id": "a"}', 'no "title"'),
        ('{"id": "a", "title": 1}', '"title" is not a text'),
        ('{"id": true, "title": "t"}', '"id" is not a text'),
        ('{"id": "a", "title": "t", "summary": []}', '"summary" is not a text'),
    ],
)
def test_a_line_that_is_no_item_is_told_with_its_number(line: str, cause: str) -> None:
    with pytest.raises(ConfigError) as caught:
        jsonl.read(line, file="items.jsonl", number=7)

    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("items.jsonl", 7)
    assert cause in problem.cause
    assert problem.remedy


def test_an_answer_has_the_keys_of_the_contract() -> None:
    evidence = Evidence("@captivity", "포로", "title", 12, 14, "포로")

    told = jsonl.answer("c1", [Match("nk-pow", Severity.HIGH, (evidence,))], story="s3")

    assert told == {
        "id": "c1",
        "rules": [
            {
                "rule": "nk-pow",
                "severity": "high",
                "evidence": [
                    {
                        "term": "@captivity",
                        "name": "포로",
                        "field": "title",
                        "start": 12,
                        "end": 14,
                        "text": "포로",
                    }
                ],
            }
        ],
        "story": "s3",
        "story_reason": None,
        "copy_of": None,
    }
