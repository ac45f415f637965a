"""Regular expressions: RE2 with Unicode's letters, tried only where their literal occurs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.reading import scannable
from monitor.rules.regex import PatternError, compile_pattern, required_literals


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\bКурск\b", "в Курске, Курск", ["Курск"]),
        (r"\w+ских", "курских солдат", ["курских"]),
        (r"포로\s?\d명", "포로2명 포로\u00a0３명", ["포로2명", "포로\u00a0３명"]),
        (r"\bfoo\b", "foo foo foo", ["foo", "foo", "foo"]),
        (r"\b(foo|bar)\b", "foobar bar", ["bar"]),
        (r"[\w-]+ed\b", "re-captured", ["re-captured"]),
        ("ку́рск", "Ку́рск", ["Ку́рск"]),
        ("foo|bar", "barfoo", ["bar", "foo"]),
    ],
)
def test_a_pattern_finds(pattern: str, text: str, found: list[str]) -> None:
    spans = compile_pattern(pattern, exact=False).spans(text)

    assert [text[start:end] for start, end in spans] == found


def test_case_counts_only_when_asked() -> None:
    assert compile_pattern("POW", exact=False).spans("pow")
    assert not compile_pattern("POW", exact=True).spans("pow")


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("x*", "satisfied with nothing"),
        (r"\b(abc)?\b", "satisfied with nothing"),
        ("(abc", "not valid"),
        ("abc[", "not valid"),
        ("abc(?=d)", "look ahead"),
        ("(?<!a)bcd", "look ahead or behind"),
        (r"(abc)\1", "refer back"),
        (r"ab\bc", r"\b stands inside"),
        (r"\babc|def\b", "alternatives"),
        ("(((a{100}){100}){100})", ""),
        ("(?:.{0,200}foo){10}", ""),
        (r"[\pL\pN]{1000}foo", ""),
    ],
)
def test_a_pattern_that_is_wrong_or_too_costly_is_refused_with_a_remedy(
    pattern: str, cause: str
) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, exact=False)

    assert cause in caught.value.cause
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("captur(e|ed)", ("captur",)),
        ("(foo|bars)x", ("bars", "foo")),
        ("foo|ba", ()),
        ("ab?cde", ("cde",)),
        ("abc+", ("abc",)),
        ("(?i)abc", ("abc",)),
        (r"\pLabc", ("abc",)),
        (r"\x41\x42\x43", ()),
        (r"a\.b\.c", ("a.b.c",)),
        ("(?P<name>abc)d", ("abc",)),
        ("포로", ("포로",)),
        ("ab", ()),
        ("(abc)?", ()),
        ("(abc)*de", ()),
        ("[abc]def", ("def",)),
        ("a{2}bcd", ("abcd",)),
    ],
)
def test_the_text_that_a_pattern_needs_is_known(pattern: str, literals: tuple[str, ...]) -> None:
    assert required_literals(pattern) == literals


_pieces = st.recursive(
    st.sampled_from(["a", "b", "cde", "포로", "К", "[ab]", ".", r"\.", r"\w", "ß", "K"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join).map("({})".format),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,1}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(_pieces, st.data())
def test_whatever_a_pattern_matches_holds_one_of_its_literals(
    pattern: str, data: st.DataObject
) -> None:
    literals = required_literals(pattern)
    text = data.draw(st.from_regex(re.compile(pattern, re.IGNORECASE), fullmatch=True))

    if literals:
        assert any(scannable(literal) in scannable(text) for literal in literals)
