"""The compiled matcher against a slow evaluator that does what the documentation says, literally."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Item, Outlet, Rule
from monitor.rules import ast, compile_rules
from monitor.rules.ast import And, AtLeast, Field, Near, Node, Not, OfN, Or, Ref, Regex, Step, Term
from monitor.rules.model import Entity, ParsedRule, Place, RuleSet, Terms
from monitor.rules.parser import parse_entry
from monitor.rules.reading import LEAD_WORDS, Reading, scannable
from monitor.rules.surfaces import (
    Edge,
    Surfaces,
    excluded_surfaces,
    fits_left,
    fits_right,
    surfaces,
)

NOWHERE = Place("test")
ENTITIES = {
    "nk": Entity(
        "nk",
        "North Korea",
        "place",
        {"en": ("North Korea", "DPRK"), "ko": ("북한",), "zh": ("朝鲜",), "ja": ("北朝鮮",)},
        ("North Korea Street", "북한산"),
        NOWHERE,
    ),
    "kursk": Entity(
        "kursk",
        "Kursk",
        "place",
        {"en": ("Kursk",), "uk": ("Курськ",), "ru": ("Курск",)},
        (),
        NOWHERE,
    ),
    "indo": Entity("indo", "India", "place", {"ja": ("インド",)}, (), NOWHERE),
}
TERMS = {
    "captivity": Terms(
        "captivity",
        {"en": ("captive", "captur*", "=POW", "taken prisoner"), "ko": ("포로",), "uk": ("полон",)},
        ("목포로", "captive audience", "captures"),
        NOWHERE,
    ),
    "war": Terms("war", {"en": ("war", "Korean War"), "zh": ("战争",)}, (), NOWHERE),
}
WORDS = [
    "North", "Korea", "North-Korea", "NORTH KOREA", "Street", "DPRK", "북한", "북한의", "북한산", "朝鲜",
    "北朝鮮", "Kursk", "Kursk's", "Kurskaya", "Курська", "Курске", "インド", "インドネシア", "captive",
    "captives", "captured", "captures", "audience", "POW", "pow", "taken", "prisoner", "포로", "포로들을",
    "목포로", "полон", "полоном", "war", "Korean", "War", "战争", "和", "a", "b2", "ré\u0301sumé",
    "Ку\u0301рск", "co\xadoperation", "한국", "the", "...", "—", "3,000",
]  # fmt: skip
SEPARATORS = [" ", " ", " ", ", ", "-", "", "  ", "\n", "\u3000", ". "]


@dataclass(frozen=True)
class Found:
    """A mention: where it is in one field's text."""

    field: str
    start: int
    end: int


class Slow:
    """Evaluates a tree by looking for everything everywhere."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.texts = {
            "title": scannable(item.title),
            "summary": scannable(item.summary),
            "content": scannable(item.content),
        }

    def holds(self, tree: Node, fields: frozenset[str]) -> bool:  # noqa: PLR0911 - one for each kind
        match tree:
            case And():
                return all(self.holds(one, fields) for one in tree.clauses)
            case Or():
                return any(self.holds(one, fields) for one in tree.clauses)
            case Not():
                return not self.holds(tree.clause, fields)
            case OfN():
                return sum(self.holds(one, fields) for one in tree.clauses) >= tree.count
            case AtLeast():
                return len(self.mentions(tree.clause, fields)) >= tree.count
            case Near():
                return bool(self.near(tree, fields))
            case Field(name="lang"):
                return str(tree.clause) == self.item.language
            case Field(name="source"):
                return str(tree.clause).lower() in self.item.outlet.name.lower().split()
            case Field():
                return self.holds(tree.clause, frozenset({tree.name}))
            case _:
                return bool(self.mentions(tree, fields))

    def mentions(self, tree: Node, fields: frozenset[str]) -> list[Found]:
        match tree:
            case Or():
                found = [one for part in tree.clauses for one in self.mentions(part, fields)]
            case Field():
                return self.mentions(tree.clause, frozenset({tree.name}))
            case Regex():
                pattern = re.compile(tree.pattern, re.IGNORECASE)
                found = [
                    Found(field, hit.start(), hit.end())
                    for field, text in self.texts.items()
                    for hit in pattern.finditer(text)
                ]
            case Term():
                found = self.find(surfaces(tree, language="", kind=""))
            case Ref():
                found = self.named(tree)
            case _:
                raise AssertionError(tree)
        inside = [one for one in set(found) if self.inside(one, fields)]
        return [one for one in inside if not any(_within(one, two) for two in inside if two != one)]

    def named(self, ref: Ref) -> list[Found]:
        named = ENTITIES.get(ref.name) or TERMS[ref.name]
        found = [
            one
            for language, names in named.names.items()
            for name in names
            for one in self.find(surfaces(parse_entry(name), language=language, kind=named.kind))
        ]
        excepted = [
            one
            for name in named.excluded
            for one in self.find(excluded_surfaces(parse_entry(name)))
        ]
        return [one for one in found if not any(_within(one, two) for two in excepted)]

    def find(self, wanted: Surfaces) -> list[Found]:
        found: list[Found] = []
        unfolded = [text for _, text in Reading(self.item).originals()]
        for (field, text), written in zip(self.texts.items(), unfolded, strict=True):
            for sought in wanted.texts:
                for start in range(len(text)):
                    end = start + len(sought)
                    if not text.startswith(sought, start):
                        continue
                    if wanted.exact and wanted.exact != written[start:end]:
                        continue
                    if not fits_left(wanted.left, text, start):
                        continue
                    if wanted.right is Edge.PREFIX:
                        while re.match(f"[^\\W_{_CJK}]", text[end:]):
                            end += 1
                    elif not fits_right(wanted.right, text, end):
                        continue
                    found.append(Found(field, start, end))
        return found

    def inside(self, found: Found, fields: frozenset[str]) -> bool:
        if "lead" in fields:
            first = "summary" if self.texts["summary"] else "content"
            before = _half_words(self.texts[first][: found.start])
            return found.field == "title" or (found.field == first and before < 2 * LEAD_WORDS)
        return ("body" if found.field == "content" else found.field) in fields

    def near(self, tree: Near, fields: frozenset[str]) -> list[Found]:
        kept = self.mentions(tree.operands[0], fields)
        for operand, step in zip(tree.operands[1:], tree.steps, strict=True):
            others = self.mentions(operand, fields)
            if step.negated:
                return [
                    one for one in kept if not any(self.close(one, two, step) for two in others)
                ]
            kept = [two for two in others if any(self.close(one, two, step) for one in kept)]
        return kept

    def close(self, one: Found, two: Found, step: Step) -> bool:
        if one.field != two.field or one == two:
            return False
        if _within(one, two) or _within(two, one):
            return not step.ordered
        if one.start > two.start:
            if step.ordered:
                return False
            one, two = two, one
        if one.end > two.start:
            return False
        text = self.texts[one.field]
        # The rest of the first word does not stand between, nor does the beginning of the second.
        return _half_words(_between(text, one.end, two.start)) // 2 <= step.words


_CJK = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(f"[^\\W_{_CJK}]+(?:'[^\\W_{_CJK}]+)*")


def _between(text: str, start: int, end: int) -> str:
    for word in _WORD.finditer(text):
        if word.start() < start < word.end():
            start = word.end()
        if word.start() < end < word.end():
            end = word.start()
    return text[start:end]


def _half_words(text: str) -> int:
    return 2 * len(_WORD.findall(text)) + len(re.findall(f"[{_CJK}]", text))


def _within(one: Found, two: Found) -> bool:
    return one.field == two.field and two.start <= one.start and one.end <= two.end


ALL = frozenset({"title", "summary", "body"})
_leaves = st.one_of(
    st.sampled_from([Ref(name) for name in (*ENTITIES, *TERMS)]),
    st.sampled_from(
        [Term("Kursk"), Term("war"), Term("audience"), Term("한국"), Term("和"), Term("капітан")]
    ),
    st.sampled_from([Term("POW", exact=True), Term("kur", prefix=True), Term("북한", prefix=True)]),
    st.sampled_from([Term("North Korea", quoted=True), Term("Korean War", quoted=True)]),
    st.sampled_from([Regex("capt[a-z]+"), Regex("포로.?들"), Regex("kurs(k|ka)")]),
)
_fielded = st.builds(Field, st.sampled_from(ast.TEXT_FIELDS), _leaves)
_mentions = st.one_of(
    _leaves, _leaves, _fielded, st.lists(_leaves, min_size=2, max_size=3).map(tuple).map(Or)
)
_near = st.one_of(
    st.builds(
        lambda a, b, step: Near((a, b), (step,)),
        _mentions,
        _mentions,
        st.builds(Step, st.integers(0, 4), st.booleans(), st.booleans()),
    ),
    st.builds(
        lambda a, b, c, one, two: Near((a, b, c), (one, two)),
        _mentions,
        _mentions,
        _mentions,
        st.builds(Step, st.integers(0, 4), st.booleans()),
        st.builds(Step, st.integers(0, 4), st.booleans()),
    ),
)
_meta = st.sampled_from([Field("lang", Term("ko")), Field("source", Term("yonhap"))])
_simple = st.one_of(
    _leaves, _leaves, _fielded, _near, _near, _meta,
    st.builds(AtLeast, st.integers(1, 3), _mentions),
)  # fmt: skip


def _combined(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(nodes, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(And),
        several.map(And),
        several.map(Or),
        st.builds(Not, nodes),
        several.flatmap(lambda some: st.integers(1, len(some)).map(lambda n: OfN(n, some))),
    )


_trees: st.SearchStrategy[Node] = st.recursive(_simple, _combined, max_leaves=6)
_texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SEPARATORS)), max_size=14).map(
    lambda pairs: "".join(word + separator for word, separator in pairs)
)
_items = st.builds(
    Item,
    title=_texts,
    summary=_texts,
    content=_texts,
    outlet=st.sampled_from([Outlet("Yonhap"), Outlet("")]),
    language=st.sampled_from(["ko", "en"]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_trees, min_size=1, max_size=8), st.lists(_items, min_size=1, max_size=3))
def test_the_matcher_says_what_the_obvious_evaluator_says(
    trees: list[Node], items: list[Item]
) -> None:
    parsed = {
        f"r{index}": ParsedRule(Rule(f"r{index}", "", str(tree)), tree, (), NOWHERE)
        for index, tree in enumerate(trees)
    }
    matcher = compile_rules(RuleSet(parsed, ENTITIES, TERMS))

    for item in items:
        expected = [id_ for id_, one in parsed.items() if Slow(item).holds(one.tree, ALL)]
        assert [match.rule for match in matcher.match(item)] == expected
        explained = [one.rule for one in matcher.explain(item) if one.matched]
        assert explained == expected
        for match in matcher.match(item):
            for evidence in match.evidence:
                field = getattr(item, evidence.field)
                assert field[evidence.start : evidence.end] == evidence.text
