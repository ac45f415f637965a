"""Why a document is not TOML: the parser's complaint as a person would put it, with a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from monitor.errors import Problem
from monitor.problems import Where, is_secret, key_of, label, section, shown

if TYPE_CHECKING:
    from collections.abc import Callable


class Start(Protocol):
    """What is known of the part of a document that is right; offsets into the document."""

    at: int
    place: Where
    """Of the key or section read last."""
    keys: dict[Where, int]
    values: dict[Where, int]
    quotes: dict[Where, str]
    opened: list[int]
    headers: set[int]
    repeated: tuple[Where, int, int] | None


@dataclass(frozen=True, slots=True)
class _Broken:
    """A document that tomllib refused, and how far it was right."""

    source: str
    offset: int
    """Of the character that tomllib names."""
    before: Start
    """Has read all that stands before."""

    @property
    def key(self) -> str:
        """The key or section read last."""
        return key_of(self.before.place)

    @property
    def rest(self) -> str:
        """Of the line, from the offset."""
        end = self.source.find("\n", self.offset)
        return self.source[self.offset : None if end < 0 else end].rstrip("\r")

    def line(self, offset: int) -> int:
        return self.source.count("\n", 0, offset) + 1


class _Found(NamedTuple):
    offset: int
    cause: str
    remedy: str


_MESSAGE = re.compile(
    r"(?P<kind>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)


def problem(source: str, file: str, message: str, before: Callable[[str], Start]) -> Problem:
    """Why a document is not TOML: tomllib's message, in our words and with the true place.

    `before` reads the part of the document that is right.
    """
    if "\0" in source:
        offset = source.index("\0")
        cause = "here is a NUL character, which text never has: the file is damaged or is not text"
        return _at(source, file, _Found(offset, cause, "Restore it from a copy, or write it anew"))
    parsed = _MESSAGE.fullmatch(message)
    if parsed is None:  # int() of thousands of digits has no place in its message
        cause, remedy = "a number has too many digits", "Put it in quotation marks if it is text"
        return Problem(file, None, None, cause, remedy)
    offset = _offset(source, parsed)
    broken = _Broken(source, offset, before(source[:offset]))
    for sign, explain in _SYNTAX.items():
        if parsed["kind"].startswith(sign):
            return _at(source, file, explain(broken))
    return _at(source, file, _Found(offset, "this is not TOML", "Compare it with the examples"))


def _offset(source: str, parsed: re.Match[str]) -> int:
    if parsed["line"] is None:
        return len(source)
    start = 0
    for _ in range(int(parsed["line"]) - 1):
        start = source.index("\n", start) + 1
    return start + int(parsed["column"]) - 1


def _at(source: str, file: str, found: _Found) -> Problem:
    line = source.count("\n", 0, found.offset) + 1
    column = found.offset - source.rfind("\n", 0, found.offset)
    return Problem(file, line, column, found.cause, found.remedy)


_CURLY = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_NEW_KEY = re.compile(r"\s*[\w.-]+\s*=|\s*\[+[\w.-]+\]+\s*$|\s*$", re.MULTILINE)
_SWITCH = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def _written(key: str, text: str) -> str:
    """The line as it should be, unless that would repeat a secret."""
    if '"' in text or shown(text, key) != f'"{text}"':
        return "Put the text between quotation marks"
    return f'Write {key} = "{text}"' if key else f'Write "{text}"'


def _no_value(broken: _Broken) -> _Found:
    """After `=`, or in a list, stands nothing that is a value."""
    offset, rest, key = broken.offset, broken.rest, broken.key
    if broken.before.opened and (_NEW_KEY.match(rest) or not rest):
        return _unclosed(broken)
    if found := _curly(broken):
        return found
    words = re.split(r"\s+#|[,\]}]", rest, maxsplit=1)[0].strip()
    if not rest or re.match(r"#(\W|$)", rest):
        return _Found(
            offset, f'the value of "{key}" is missing', f'Write it after the "=": {key} = "..."'
        )
    if words.lower() in _SWITCH:
        switch = _SWITCH[words.lower()]
        return _Found(
            offset, f"{words} is not a value", f"Write {key} = {switch}, in small letters"
        )
    if is_secret(words):
        cause, remedy = "here is a secret in a file", "Remove it, and set it in the environment"
        return _Found(offset, cause, remedy)
    listed = "" if broken.before.opened else key
    return _Found(offset, "text needs quotation marks", _written(listed, words))


def _curly(broken: _Broken) -> _Found | None:
    if broken.rest[:1] not in _CURLY or not broken.rest:
        return None
    cause = f"{broken.rest[0]} is a typographic quotation mark"
    return _Found(broken.offset, cause, 'Write the straight one: "')


def _after_value(broken: _Broken) -> _Found:
    """Something stands between a value and the end of its line."""
    place, source = broken.before.place, broken.source
    start = broken.before.values.get(place, 0)
    if source.startswith("\r", broken.offset):
        return _odd_character(broken)
    if "\n" in source[start : broken.offset] or start == broken.before.keys.get(place):
        remedy = "Begin a new line here, or delete it; a comment begins with #"
        return _Found(broken.offset, "here the line should end", remedy)
    if place in broken.before.quotes:
        cause = f'the text of "{broken.key}" ends before this'
        remedy = 'Write \\" for a quotation mark inside a text, or begin the next key on a new line'
        return _Found(broken.offset, cause, remedy)
    word = re.compile(r"[^\s#,\]}]*").match(source, start)
    if word and word.end() > broken.offset:
        return _Found(start, *_no_number(broken.key, word[0]))
    remedy = "Begin a new line here, or delete it; a comment begins with #"
    return _Found(broken.offset, "here the line should end", remedy)


def _no_number(key: str, word: str) -> tuple[str, str]:
    """What begins like a number and is none."""
    if re.fullmatch("0[0-9]+", word):
        number = word.lstrip("0") or "0"
        return (
            "a number does not begin with 0",
            f'Write {key} = {number}, or {key} = "{word}" for text',
        )
    if re.match("[0-9]{4}-[0-9]", word):
        return _NO_DATE
    return "durations, sizes, addresses and text need quotation marks", _written(key, word)


def _no_equals(broken: _Broken) -> _Found:
    rest, key = broken.rest, broken.key
    if rest.startswith(":"):
        return _Found(broken.offset, f'after "{key}" stands ":"', 'Write "=" in its place')
    if re.match(r"[\w\s-]+=", rest):
        start = broken.before.keys[broken.before.place]
        name = label(broken.source[start : broken.source.index("=", start)].strip())
        joined = re.sub(r"\s+", "_", name)
        return _Found(
            start, f'the key "{name}" has a space in it', f"Write {joined}, or check its name"
        )
    return _Found(broken.offset, f'"=" is missing after "{key}"', f'Write {key} = "..."')


def _no_statement(broken: _Broken) -> _Found:
    if found := _curly(broken):
        return found
    if broken.before.opened and broken.rest[:1] not in {"=", "]"}:
        return _unclosed(broken)
    return _Found(broken.offset, *_not_a_name(broken.rest[:1]))


def _not_a_name(char: str) -> tuple[str, str]:
    if char == "=":
        return 'before "=" the key is missing', 'Write key = "value"'
    if char in {"", "]"}:
        return "a name is missing here", "Write it in letters, digits, _ or -"
    if char.isalpha():
        cause = "a name with other letters than a-z needs quotation marks"
        return cause, "Put quotation marks around the name"
    if char in "/;":
        return f"{char} begins nothing here", "Begin a comment with #"
    cause = "this line is no key, section or comment"
    return cause, 'Write key = "value", [section] or # comment'


def _no_bracket(broken: _Broken) -> _Found:
    header = section(broken.before.place)
    mark = "]]" if header.startswith("[[") else "]"
    remedy = f"Write {header} alone on its line; names of several words are joined by _ or -"
    return _Found(broken.offset, f"the name of the section should end here with {mark}", remedy)


def _unclosed(broken: _Broken) -> _Found:
    opened = broken.before.opened[-1] if broken.before.opened else broken.offset
    inline = broken.source[opened : opened + 1] == "{"
    if inline and broken.source[broken.offset : broken.offset + 1] in {"\n", "\r"}:
        cause = "what stands in { } must be on one line"
        return _Found(broken.offset, cause, 'Join the lines, or add the "}" that is missing')
    if not broken.rest or _NEW_KEY.match(broken.rest):
        what, mark = ("table", "}") if inline else ("list", "]")
        return _Found(
            opened, f"the {what} that begins here is not closed", f'Write "{mark}" where it ends'
        )
    return _Found(broken.offset, "a comma is missing before this", "Put a comma between two values")


def _open_text(broken: _Broken) -> _Found:
    quotes = "\"\"\"|'''|\"|'"
    found = re.compile(quotes).match(broken.source, broken.before.at)
    mark = found[0] if found else '"'
    cause = "the text that begins here has no closing quotation mark"
    return _Found(broken.before.at, cause, f"Write {mark} where it ends")


def _odd_character(broken: _Broken) -> _Found:
    char = broken.source[broken.offset : broken.offset + 1]
    if char == "\n" or broken.source.startswith("\r\n", broken.offset):
        return _open_text(broken)
    cause = f"here is an invisible character (U+{ord(char or ' '):04X})"
    return _Found(broken.offset, cause, "Delete it and type the line anew")


def _bad_escape(broken: _Broken) -> _Found:
    start = broken.source.rfind("\\", 0, broken.offset + 1)
    cause = "a backslash in a text has a meaning of its own, and this one means nothing"
    remedy = "Write two of them (\\\\), or put the text between ' and '"
    return _Found(max(start, 0), cause, remedy)


def _twice(broken: _Broken) -> _Found:
    if broken.before.repeated is None:
        return _two_forms(broken)
    place, first, second = broken.before.repeated
    line = broken.line(first)
    if second in broken.before.headers:
        name = section(place)
        remedy = f"Put its keys together in one place; entries of a list begin with [{name}]"
        return _Found(second, f"the section {name} is here again, first on line {line}", remedy)
    cause = f'the key "{key_of(place)}" is here again, first on line {line}'
    return _Found(second, cause, "Keep one of the two lines")


def _two_forms(broken: _Broken) -> _Found:
    place = broken.before.place
    offset = broken.before.keys.get(place, broken.offset)
    cause = f'"{broken.key}" was written before in another form'
    remedy = (
        "Write [name] for a single section, [[name]] for each entry of a list, key = value else"
    )
    return _Found(offset, cause, remedy)


_NO_DATE = (
    "there is no such date or time",
    "Write it as 2025-03-17, or in quotation marks if it is text",
)


def _no_date(broken: _Broken) -> _Found:
    return _Found(broken.offset, *_NO_DATE)


_SYNTAX: dict[str, Callable[[_Broken], _Found]] = {
    "Expected newline": _after_value,
    "Invalid value": _no_value,
    "Expected '='": _no_equals,
    "Invalid statement": _no_statement,
    "Invalid initial character": _no_statement,
    "Expected ']": _no_bracket,
    "Unclosed": _unclosed,
    "Unterminated": _open_text,
    "Expected \"'": _open_text,
    "Illegal character": _odd_character,
    "Found invalid character": _odd_character,
    "Unescaped": _bad_escape,
    "Invalid hex value": _bad_escape,
    "Escaped character": _bad_escape,
    "Cannot": _twice,
    "Duplicate": _twice,
    "Invalid date": _no_date,
}
"""By how tomllib's messages begin; a test goes through all of them."""
