"""The grammar: what a query means, and what its errors say."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules import ast, parser
from monitor.rules.ast import (
    And,
    AtLeast,
    Field,
    Near,
    Node,
    Not,
    OfN,
    Or,
    Ref,
    Regex,
    Step,
    Term,
)
from monitor.rules.parser import QueryError, parse, parse_entry

_LETTERS = string.ascii_letters + "їёж포로捕虜カ"
_words = st.text(_LETTERS, min_size=1, max_size=6).filter(
    lambda word: word.upper() not in {"AND", "OR", "NOT", "OF", "NEAR", "ONEAR", "ATLEAST"}
)
_plain = st.builds(Term, _words)
_phrases = st.builds(
    Term, st.lists(_words, min_size=1, max_size=3).map(" ".join), st.just(True), st.booleans()
)
_prefixes = st.builds(Term, _words.map(lambda word: "abc" + word), prefix=st.just(True))
_exact = st.builds(Term, _words, exact=st.just(True))
_refs = st.builds(Ref, st.text(string.ascii_lowercase + "-0", min_size=1, max_size=8))
_regexes = st.builds(
    Regex, st.sampled_from(["abc+", r"a\/b", "[a-z]{3}x", "(포|로)"]), st.booleans()
)
_leaves = st.one_of(_plain, _phrases, _prefixes, _exact, _refs, _regexes)
_fielded = st.builds(Field, st.sampled_from(ast.TEXT_FIELDS), _leaves)
_mentions = st.one_of(
    _leaves, _fielded, st.lists(_leaves, min_size=2, max_size=3).map(lambda some: Or(tuple(some)))
)
_numbers = st.integers(0, parser.MAX_DISTANCE)
_near = st.builds(
    lambda first, rest: Near(
        (first, *(operand for _, operand in rest)), tuple(step for step, _ in rest)
    ),
    _mentions,
    st.lists(
        st.tuples(st.builds(Step, _numbers, st.booleans()), _mentions), min_size=1, max_size=3
    ),
)
_not_near = st.builds(
    lambda left, right, step: Near((left, right), (step,)),
    _mentions,
    _mentions,
    st.builds(Step, _numbers, st.booleans(), st.just(True)),
)
_meta = st.builds(Field, st.sampled_from(ast.META_FIELDS), _plain)
_simple = st.one_of(
    _leaves, _fielded, _near, _not_near, _meta,
    st.builds(AtLeast, st.integers(1, parser.MAX_COUNT), _mentions),
)  # fmt: skip


def _combined(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(nodes, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        several.map(And),
        several.map(Or),
        st.builds(Not, nodes),
        several.flatmap(
            lambda clauses: st.integers(1, len(clauses)).map(lambda n: OfN(n, clauses))
        ),
    )


trees: st.SearchStrategy[Node] = st.recursive(_simple, _combined, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_a_printed_tree_parses_to_the_same_tree(tree: Node) -> None:
    assert parse(str(tree)) == tree


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('ab포 ()"@:,/*=&|!~[]{}“\nANDORTEF5-.\\\ud800'), max_size=30))
def test_any_text_is_a_tree_or_an_error_at_a_character_of_it(query: str) -> None:
    error = _error(query)

    assert error is None or 0 <= error.at <= len(query)
    assert error is None or (error.cause and error.remedy)
    assert error is None or not (error.cause + error.remedy).endswith(".")


def _error(query: str) -> QueryError | None:
    try:
        parse(query)
    except QueryError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a AND NOT b", And((Term("a"), Not(Term("b"))))),
        ("(a OR b) AND c", And((Or((Term("a"), Term("b"))), Term("c")))),
        ("a NEAR/3 b AND c", And((Near((Term("a"), Term("b")), (Step(3),)), Term("c")))),
        ("NOT a NEAR/3 b", Not(Near((Term("a"), Term("b")), (Step(3),)))),
        (
            "a ONEAR/0 b NEAR/9 c",
            Near((Term("a"), Term("b"), Term("c")), (Step(0, ordered=True), Step(9))),
        ),
        ("a NOT NEAR/5 b", Near((Term("a"), Term("b")), (Step(5, negated=True),))),
        ("title:a NEAR/1 b", Near((Field("title", Term("a")), Term("b")), (Step(1),))),
        ("title:(a OR b)", Field("title", Or((Term("a"), Term("b"))))),
        ("2 OF (a, b AND c, d)", OfN(2, (Term("a"), And((Term("b"), Term("c"))), Term("d")))),
        ("ATLEAST/2 @x", AtLeast(2, Ref("x"))),
        ('="Storm Corps"', Term("Storm Corps", quoted=True, exact=True)),
        ("url:/a\\/b/", Field("url", Regex("a\\/b"))),
        ("п'ятий", Term("п'ятий")),
        ("KN-23", Term("KN-23")),
        ("U.S.", Term("U.S.")),
        ("2", Term("2")),
        ("((a))", Term("a")),
    ],
)
def test_a_query_means(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "at", "cause", "remedy"),
    [
        ("", 0, "empty", "Write a word"),
        ("a AND b OR c", 8, "mixed without brackets", r"Write \(a AND b\) OR c"),
        ("a OR b AND NOT c", 7, "mixed without brackets", r"Write \(a OR b\) AND NOT c"),
        ("North Korea", 6, "operator is missing", 'Write "North Korea" for the phrase'),
        ('@nk "Korean War"', 4, "operator is missing", "AND"),
        ("a and b", 2, "lower case", "Write AND"),
        ("a AND or", 6, "lower case", "OR"),
        ("a near/5 b", 2, "lower case", "NEAR/5"),
        ("a NOT b", 2, "without AND", "AND NOT"),
        ("a NEAR b", 2, "needs a number", "NEAR/5"),
        ("a NEAR/ b", 2, "needs a number", "NEAR/5"),
        ("a NEAR/x b", 2, "needs a number", "NEAR/5"),
        ("a NEAR/5000 b", 7, "more than NEAR can count", "100"),
        ("NEAR/5 b", 0, "clause is missing before NEAR", "NEAR/5 word"),
        ("(a OR b", 0, "not closed", r"\)"),
        ("a OR b)", 6, "closes nothing", "Delete"),
        ("()", 1, "empty", "Write a clause"),
        ("a AND", 5, "ends after AND", "Add the clause"),
        ("AND a", 0, "missing before AND", "delete AND"),
        ("a AND OR b", 6, "missing before OR", "delete OR"),
        ('"a b', 0, "not closed", 'Add a "'),
        ("a AND “b c”", 6, "typographic", "straight"),
        ("titel:a", 0, "no field titel:", "Did you mean title:"),
        ("http://x.org", 0, "no field http:", "in quotes"),
        ("title:(summary:a)", 7, "inside title:", "side by side"),
        ("source:@x", 7, "takes words", "source:word"),
        ("title:NOT a", 6, "right after title:", "title:"),
        ("3 OF (a, b)", 0, "3 OF 2", "from 1 to 2"),
        ("0 OF (a, b)", 0, "0 OF 2", "from 1 to 2"),
        ("2 OF a", 5, "not followed by a bracket", r"2 OF \("),
        ("(a, b)", 2, "comma", "AND or OR"),
        ("a, b", 1, "comma", "AND, OR"),
        ("ATLEAST a", 0, "needs a number", "ATLEAST/5"),
        ("ATLEAST/0 a", 0, "always true", "ATLEAST/2"),
        ("ca*", 0, "too many words", "at least 3"),
        ("포*", 0, "too many words", "at least 2"),
        ("ca*t", 0, "wildcard before its end", "regex"),
        ("*tion", 0, "wildcard before its end", "regex"),
        ("=captur*", 0, "exact and a prefix", "Drop"),
        ("@North-Korea", 0, "not a name", "small letters"),
        ("@", 0, "not a name", "small letters"),
        ("a && b", 2, "operator", "AND"),
        ("-a", 0, "operators are words", "NOT"),
        ("[a]", 0, "brackets", r"\("),
        ("/abc", 0, "not closed", "/pattern/"),
        ("//", 0, "empty", "pattern"),
        ("(a AND b) NEAR/5 c", 1, "NEAR joins words", "AND"),
        ("(a NEAR/5 b) NEAR/5 c", 1, "inside NEAR", "chain"),
        ("a NOT NEAR/5 b NEAR/2 c", 0, "chain", "joined by AND"),
        ("...", 0, "no letter", "Write the word"),
    ],
)
def test_a_mistake_is_pointed_at_and_its_repair_proposed(
    query: str, at: int, cause: str, remedy: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert re.search(cause, caught.value.cause), caught.value.cause
    assert re.search(remedy, caught.value.remedy), caught.value.remedy
    assert caught.value.at == at


@pytest.mark.parametrize(
    "query",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "NOT " * 5_000 + "a",
        "title:" * 3_000 + "a",
        "2 OF (" * 3_000,
        "ATLEAST/2 " * 2_000 + "a",
    ],
)
def test_deep_nesting_is_an_error_not_a_crash(query: str) -> None:
    with pytest.raises(QueryError, match=r"deeper|longer"):
        parse(query[: parser.MAX_LENGTH])


def test_a_query_that_is_too_long_is_refused() -> None:
    with pytest.raises(QueryError, match="longer than"):
        parse("a OR " * 10_000 + "a")


@pytest.mark.parametrize(
    ("entry", "term"),
    [
        ("captive", Term("captive")),
        (" prisoner of war ", Term("prisoner of war", quoted=True)),
        ("=POW", Term("POW", exact=True)),
        ("captur*", Term("captur", prefix=True)),
        ("military captur*", Term("military captur", quoted=True, prefix=True)),
    ],
)
def test_an_entry_of_a_list_has_the_same_marks(entry: str, term: Term) -> None:
    assert parse_entry(entry) == term


@pytest.mark.parametrize("entry", ["", "  ", "=", "*", "ca*", "a*b", "...", "x" * 300])
def test_an_entry_that_finds_nothing_or_everything_is_refused(entry: str) -> None:
    with pytest.raises(QueryError):
        parse_entry(entry)
