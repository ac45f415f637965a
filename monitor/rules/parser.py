"""A query's text -> its tree. Every error points at a character and proposes the repair."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from monitor.rules import ast
from monitor.rules.ast import And, AtLeast, Field, Near, Node, Not, OfN, Or, Ref, Regex, Step, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

MAX_DEPTH = 40
"""Brackets, NOTs and fields inside each other."""
MAX_LENGTH = 20_000
"""Of a query, in code points."""
MAX_DISTANCE = 100
"""Of NEAR, in words."""
MAX_COUNT = 100
"""Of ATLEAST and OF."""
MAX_PATTERN = 200
"""Of a regular expression, in code points."""
MIN_PREFIX = 3
"""Letters before the star of `prefix*`."""
MIN_PREFIX_WIDE = 2
"""The same for Hangul, Han and kana, where one character says more."""

FIELDS = (*ast.TEXT_FIELDS, *ast.META_FIELDS)
_OPERATORS = {"AND", "OR", "NOT", "NEAR", "ONEAR", "OF", "ATLEAST"}
_NAME = re.compile(r"[a-z0-9-]+")
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_COUNTED = re.compile(r"(NEAR|ONEAR|ATLEAST)(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_CURLY = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb]")
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<open>\()  | (?P<close>\))  | (?P<comma>,)
    | (?P<phrase>="[^"]*" | "[^"]*")
    | (?P<unclosed>=?")
    | (?P<regex>=?/(?:\\.|[^/\\])*/)
    | (?P<field>[A-Za-z]+:)
    | (?P<word>[^\s(),"]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class QueryError(ValueError):
    """A query that can't be understood."""

    def __init__(self, at: int, cause: str, remedy: str) -> None:
        # What the user wrote may end in a full stop; the sentence gets its own.
        self.cause = cause.rstrip(".")
        self.remedy = remedy.rstrip(".")
        super().__init__(f"{self.cause}. {self.remedy}.")
        self.at = at
        """Offset into the query of the character to blame."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(query: str) -> Node:
    """The tree of a query.

    Raises:
        QueryError: It can't be understood.
    """
    if len(query) > MAX_LENGTH:
        raise QueryError(
            MAX_LENGTH,
            f"the query is longer than {MAX_LENGTH} characters",
            "Move words into a term list and refer to it as @name",
        )
    return _Parser(query).query()


def parse_entry(entry: str) -> Term:
    """One name or word of an entity or a term list: `word`, `several words`, `=Exact`, `prefix*`.

    Raises:
        QueryError: It is empty, or its marks are wrong.
    """
    text = entry.strip()
    if text.isalpha() and len(text) <= MAX_PATTERN:
        return Term(text)
    exact = text.startswith("=")
    term = _marked(text[exact:].strip(), at=0, quoted=" " in text, exact=exact)
    _check_term(term)
    return term


def _tokens(query: str) -> list[_Token]:
    tokens: list[_Token] = []
    # The last two alternatives take any character: nothing is skipped.
    for found in _TOKEN.finditer(query):
        kind = found.lastgroup
        if kind == "unclosed":
            raise QueryError(
                found.start(), 'a quotation mark (") is not closed', 'Add a " where the phrase ends'
            )
        if kind != "space":
            tokens.append(_Token(str(kind), found[0], found.start()))
    end = _Token("end", "", len(query.rstrip()))
    return [*tokens, end, end]


class _Parser:
    """Recursive descent; one method per level of precedence."""

    def __init__(self, query: str) -> None:
        self._source = query
        self._all = _tokens(query)
        """Two tokens longer than the query: to look past the end is safe."""
        self._next = 0
        self._depth = 0

    def query(self) -> Node:
        if self._peek().kind == "end":
            raise QueryError(0, "the query is empty", "Write a word, a phrase or an @name")
        node = self._clauses()
        token = self._peek()
        if token.kind == "close":
            raise QueryError(
                token.at, 'this ")" closes nothing', 'Delete it, or add the "(" it belongs to'
            )
        if token.kind == "comma":
            raise QueryError(
                token.at,
                "a comma stands only between the clauses of `n OF (...)`",
                "Write AND, OR or NEAR/n in its place",
            )
        return node

    def _peek(self, ahead: int = 0) -> _Token:
        return self._all[self._next + ahead]

    def _take(self) -> _Token:
        token = self._all[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _clauses(self) -> Node:
        start = self._peek().at
        clauses = [self._clause()]
        operator = ""
        while (token := self._peek()).kind == "word" and token.text in {"AND", "OR"}:
            if operator and token.text != operator:
                self._refuse_mix(start, token, operator)
            operator = token.text
            self._take()
            clauses.append(self._clause())
        self._refuse_neighbour(start)
        if not operator:
            return clauses[0]
        return (And if operator == "AND" else Or)(tuple(clauses), at=start)

    def _refuse_mix(self, start: int, token: _Token, before: str) -> NoReturn:
        left = _short(self._source[start : token.at].strip())
        self._take()
        right_start = self._peek().at
        self._clause()
        right = _short(self._source[right_start : self._peek().at].strip())
        raise QueryError(
            token.at,
            f"{before} and {token.text} are mixed without brackets",
            f"Write ({left}) {token.text} {right}, or put the brackets where you mean them",
        )

    def _refuse_neighbour(self, start: int) -> None:
        """Two clauses side by side, the commonest mistake of all."""
        token = self._peek()
        if token.kind in {"end", "close", "comma"}:
            return
        left = _short(self._source[start : token.at].strip())
        if token.kind == "word" and token.text == "NOT":
            raise QueryError(
                token.at, "NOT stands after a clause without AND", f"Write {left} AND NOT ..."
            )
        if token.kind == "word" and token.text.upper() in {"AND", "OR", "NOT"}:
            raise _lower_case(token)
        if token.kind == "word" and (counted := _COUNTED.fullmatch(token.text)):
            _refuse_counted(token, counted[1].upper())
        previous = self._peek(-1)
        if previous.kind == token.kind == "word":
            words = f"{previous.text} {token.text}"
            remedy = f'Write "{words}" for the phrase, or {previous.text} AND {token.text}'
        else:
            remedy = f"Write AND, OR or NEAR/n between them: {left} AND {_short(token.text)}"
        raise QueryError(
            token.at, f"an operator is missing before {_short(token.text)}", f"{remedy}"
        )

    def _clause(self) -> Node:
        """NOT, or NEAR and what it joins."""
        token = self._peek()
        if token.kind == "word" and token.text == "NOT":
            self._take()
            with_depth = self._deeper(token, self._clause)
            return Not(with_depth, at=token.at)
        return self._near()

    def _deeper(self, token: _Token, rule: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(
                token.at,
                f"clauses are nested deeper than {MAX_DEPTH}",
                "Move a part into a term list, or split the rule in two",
            )
        node = rule()
        self._depth -= 1
        return node

    def _near(self) -> Node:
        start = self._peek().at
        operands, steps = [self._operand()], list[Step]()
        while step := self._step():
            operands.append(self._operand())
            steps.append(step)
        if not steps:
            return operands[0]
        if len(steps) > 1 and any(step.negated for step in steps):
            raise QueryError(
                start,
                "NOT NEAR can't be part of a chain of NEARs",
                "Write two clauses joined by AND: a NEAR/5 b AND a NOT NEAR/5 c",
            )
        for operand in operands:
            _check_mentions(operand, "NEAR")
        return Near(tuple(operands), tuple(steps), at=start)

    def _step(self) -> Step | None:
        token = self._peek()
        negated = token.kind == "word" and token.text == "NOT"
        if negated:
            token = self._peek(1)
        counted = _COUNTED.fullmatch(token.text) if token.kind == "word" else None
        if counted is None or counted[1].upper() == "ATLEAST":
            return None
        self._next += 1 + negated
        words = _number(token, counted, MAX_DISTANCE)
        return Step(words, ordered=counted[1] == "ONEAR", negated=negated)

    def _operand(self) -> Node:
        token = self._take()
        match token.kind:
            case "open":
                return self._deeper(token, lambda: self._bracket(token))
            case "phrase":
                return _phrase(token)
            case "regex":
                return _regex(token)
            case "field":
                return self._field(token)
            case "word":
                return self._word(token)
            case _:
                return self._refuse_operand(token)

    def _refuse_operand(self, token: _Token) -> NoReturn:
        previous = self._next - (1 if token.kind == "end" else 2)
        before = self._all[previous] if previous >= 0 else None
        if token.kind == "end" and before:
            cause = f"the query ends after {_short(before.text)}"
            raise QueryError(token.at, cause, "Add the clause that is missing, or delete it")
        if token.kind == "close" and before and before.kind == "open":
            raise QueryError(token.at, "the brackets are empty", "Write a clause between them")
        raise QueryError(
            token.at, f"a clause is missing before {token.text}", f"Add it, or delete {token.text}"
        )

    def _bracket(self, opened: _Token) -> Node:
        node = self._clauses()
        self._close(opened)
        return node

    def _close(self, opened: _Token) -> None:
        token = self._take()
        if token.kind == "comma":
            raise QueryError(
                token.at,
                "a comma stands only between the clauses of `n OF (...)`",
                "Write AND or OR in its place, or the number: 2 OF (...)",
            )
        if token.kind != "close":
            raise QueryError(opened.at, "a bracket is not closed", 'Add the ")" where it ends')

    def _field(self, token: _Token) -> Node:
        name = token.text[:-1]
        if name not in FIELDS:
            close = get_close_matches(name.lower(), FIELDS, 1)
            guess = f"Did you mean {close[0]}:? " if close else f"Fields are {', '.join(FIELDS)}. "
            cause = f"there is no field {name}:"
            raise QueryError(token.at, cause, guess + "Put a word with a colon in quotes")
        following = self._peek()
        if following.kind == "word" and following.text in _OPERATORS:
            raise QueryError(
                following.at,
                f"{following.text} stands right after {token.text}",
                f"Put brackets around what {token.text} is for: {token.text}(...)",
            )
        clause = self._deeper(token, self._operand)
        _check_field(name, clause)
        return Field(name, clause, at=token.at)

    def _word(self, token: _Token) -> Node:
        following = self._peek()
        if following.kind == "word" and following.text == "OF":
            return self._of(token)
        counted = _COUNTED.fullmatch(token.text)
        if counted and counted[1].upper() == "ATLEAST" and (counted[2] or counted[1] == "ATLEAST"):
            return self._at_least(token, counted)
        if counted and (counted[2] is not None or counted[1] in _OPERATORS):
            raise QueryError(
                token.at,
                f"a clause is missing before {token.text}",
                f"Write word {counted[1].upper()}/5 word",
            )
        return _term(token)

    def _of(self, token: _Token) -> Node:
        self._take()
        opened = self._take()
        if opened.kind != "open":
            raise QueryError(
                opened.at, "OF is not followed by a bracket", "Write 2 OF (clause, clause, clause)"
            )
        clauses = self._deeper(token, lambda: self._of_clauses(opened, token))
        assert isinstance(clauses, OfN)  # noqa: S101 - for the type checker
        return clauses

    def _of_clauses(self, opened: _Token, number: _Token) -> OfN:
        clauses = [self._clauses()]
        while self._peek().kind == "comma":
            self._take()
            clauses.append(self._clauses())
        self._close(opened)
        count = int(number.text) if re.fullmatch("[0-9]{1,4}", number.text) else 0
        if not 1 <= count <= len(clauses):
            raise QueryError(
                number.at,
                f"{_short(number.text)} OF {len(clauses)} clauses can't be",
                f"Write a number from 1 to {len(clauses)} before OF",
            )
        return OfN(count, tuple(clauses), at=number.at)

    def _at_least(self, token: _Token, counted: re.Match[str]) -> Node:
        count = _number(token, counted, MAX_COUNT)
        if count == 0:
            raise QueryError(token.at, "ATLEAST/0 is always true", "Write ATLEAST/2 or more")
        clause = self._deeper(token, self._operand)
        _check_mentions(clause, "ATLEAST")
        return AtLeast(count, clause, at=token.at)


def _number(token: _Token, counted: re.Match[str], limit: int) -> int:
    name, digits = counted[1], counted[2] or ""
    if name != name.upper() or not re.fullmatch("[0-9]{1,9}", digits):
        _refuse_counted(token, name.upper())
    if int(digits) > limit:
        raise QueryError(
            token.at + len(name) + 1,
            f"{token.text} is more than {name} can count",
            f"Write a number up to {limit}",
        )
    return int(digits)


def _refuse_counted(token: _Token, name: str) -> NoReturn:
    if not token.text.startswith(name):
        raise QueryError(
            token.at,
            f"{_short(token.text)} is written in lower case",
            f"Write {_short(token.text.upper())}, or put the word in quotes if you look for it",
        )
    meaning = "how many mentions" if name == "ATLEAST" else "how many words may stand between"
    raise QueryError(
        token.at, f"{name} needs a number that says {meaning}", f"Write {name}/5, without a space"
    )


def _lower_case(token: _Token) -> QueryError:
    return QueryError(
        token.at,
        f'"{token.text}" is written in lower case',
        f'Write {token.text.upper()} for the operator, or "{token.text}" in quotes for the word',
    )


def _term(token: _Token) -> Term | Ref:
    text, at = token.text, token.at
    if text.startswith("@"):
        return _reference(token)
    if text.upper() in _OPERATORS:
        if text in _OPERATORS:
            cause = f"a clause is missing before {text}"
            raise QueryError(at, cause, f"Add it, or delete {text}")
        if text.upper() in {"AND", "OR", "NOT"}:
            raise _lower_case(token)
    _refuse_marks(token)
    exact = text.startswith("=")
    term = _marked(text[exact:], at=at, quoted=False, exact=exact)
    _check_term(term)
    return term


def _reference(token: _Token) -> Ref:
    name = token.text[1:]
    if not _NAME.fullmatch(name):
        raise QueryError(
            token.at,
            f"{_short(token.text)} is not a name of an entity or a term list",
            "Names are written in small letters, digits and hyphens: @north-korea",
        )
    return Ref(name, at=token.at)


_MARKS = (
    (re.compile(r"[\[\]{}]"), "square and curly brackets mean nothing here", "Write ( and )"),
    (re.compile(r"&+|\|+"), "operators are words here", "Write AND or OR"),
    (re.compile(r"[!+\-].*"), "operators are words here", "Write NOT word, or AND between words"),
    (re.compile(r".*~[0-9]*"), "~ means nothing here", "Write word NEAR/5 word for closeness"),
)


def _refuse_marks(token: _Token) -> None:
    if curly := _CURLY.search(token.text):
        raise QueryError(
            token.at + curly.start(),
            f"{curly[0]} is a typographic quotation mark",
            'Write straight quotation marks: "..."',
        )
    if token.text.startswith("/"):
        raise QueryError(
            token.at, "a regular expression is not closed", "Add the / where it ends: /pattern/"
        )
    for marks, cause, remedy in _MARKS:
        if marks.fullmatch(token.text) or marks.fullmatch(token.text[:1]):
            raise QueryError(token.at, f"{_short(token.text)}: {cause}", remedy)


def _phrase(token: _Token) -> Term:
    exact = token.text.startswith("=")
    term = _marked(token.text[exact + 1 : -1].strip(), at=token.at, quoted=True, exact=exact)
    _check_term(term)
    return term


def _marked(text: str, *, at: int, quoted: bool, exact: bool) -> Term:
    prefix = text.endswith("*")
    return Term(text[: len(text) - prefix], quoted=quoted, exact=exact, prefix=prefix, at=at)


def _check_term(term: Term) -> None:
    if not any(map(str.isalnum, term.text)):
        raise QueryError(
            term.at,
            f"{_short(str(term))} holds no letter and no digit",
            "Write the word to look for",
        )
    if len(term.text) > MAX_PATTERN:
        raise QueryError(
            term.at, f"a word or phrase is longer than {MAX_PATTERN} characters", "Shorten it"
        )
    if "*" in term.text or "?" in term.text[:-1]:
        raise QueryError(
            term.at,
            f"{_short(str(term))} has a wildcard before its end",
            "A * stands only at the end of a word, as in captur*; for more write a /regex/",
        )
    if term.prefix:
        _check_prefix(term)


def _check_prefix(term: Term) -> None:
    if term.exact:
        raise QueryError(
            term.at, f"{_short(str(term))} is exact and a prefix at once", "Drop the = or the *"
        )
    last = term.text.split()[-1] if not term.text[-1].isspace() else ""
    needed = MIN_PREFIX_WIDE if _WIDE.search(last) else MIN_PREFIX
    if sum(map(str.isalnum, last)) < needed:
        raise QueryError(
            term.at,
            f"{_short(str(term))} would find too many words",
            f"Write at least {needed} letters before the *",
        )


def _regex(token: _Token) -> Regex:
    exact = token.text.startswith("=")
    pattern = token.text[exact + 1 : -1]
    if not pattern:
        raise QueryError(token.at, "the regular expression is empty", "Write /pattern/")
    if len(pattern) > MAX_PATTERN:
        raise QueryError(
            token.at,
            f"the regular expression is longer than {MAX_PATTERN} characters",
            "Split it into several, joined by OR",
        )
    return Regex(pattern, exact=exact, at=token.at)


def _check_mentions(node: Node, operator: str) -> None:
    """NEAR and ATLEAST count mentions, which only words and lists of them have."""
    match node:
        case Term() | Ref() | Regex():
            return
        case Or():
            for clause in node.clauses:
                _check_mentions(clause, operator)
        case Field() if node.name in ast.TEXT_FIELDS:
            _check_mentions(node.clause, operator)
        case Near():
            raise QueryError(
                node.at,
                f"a NEAR stands in brackets inside {operator}",
                "Write a chain without brackets: a NEAR/5 b NEAR/5 c",
            )
        case _:
            raise QueryError(
                node.at,
                f"{operator} joins words, phrases, @names, or these joined by OR in brackets",
                "Take the other clauses out of it and join them with AND",
            )


def _check_field(name: str, clause: Node) -> None:
    for node in ast.walk(clause):
        if isinstance(node, Field):
            raise QueryError(
                node.at,
                f"{node.name}: stands inside {name}:",
                f"Write them side by side: {name}:(...) AND {node.name}:(...)",
            )
        if name in ast.META_FIELDS and not isinstance(node, Term | Regex | And | Or | Not):
            raise QueryError(
                node.at, f"{name}: takes words, phrases and /regex/ only", f"Write {name}:word"
            )


def check_references(node: Node, names: Collection[str]) -> None:
    """See that every @name exists.

    Raises:
        QueryError: One does not.
    """
    for found in ast.walk(node):
        if isinstance(found, Ref) and found.name not in names:
            raise QueryError(found.at, missing(found.name), missing_remedy(found.name, names))


def missing(name: str) -> str:
    """What is wrong with a name that nothing has."""
    return f"there is no entity or term list named {name}"


def missing_remedy(name: str, names: Collection[str]) -> str:
    """How to mend it."""
    close = get_close_matches(name, names, 1)
    if close:
        return f"Did you mean @{close[0]}"
    return f"Define [entities.{name}] or [terms.{name}] in a rule file"


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
