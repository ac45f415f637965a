from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, ValidationError

from monitor import toml
from monitor.errors import ConfigError
from monitor.settings import Duration, Settings

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from monitor.problems import Where


# --- positions: random documents in every style TOML has, rendered with the place of everything noted


@dataclass
class Rendered:
    """TOML text in the making, and what stands where in it."""

    random: Random
    newline: str
    text: str = ""
    keys: dict[Where, int] = field(default_factory=dict)
    values: dict[Where, int] = field(default_factory=dict)
    chars: dict[Where, list[int]] = field(default_factory=dict)

    def put(self, text: str) -> None:
        self.text += text

    def maybe(self, *texts: str) -> None:
        self.put(self.random.choice(["", *texts]))

    def end_line(self) -> None:
        self.maybe(" ", "  # k = 1 [k] ' \"", " #")
        self.put(self.newline)
        self.maybe(self.newline, f"# [k] = '''{self.newline}", f"  {self.newline}")

    def place(self, offset: int) -> tuple[int, int]:
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def key(self, path: Where) -> None:
        """One part of a key, noted where it is the first mention."""
        self.keys.setdefault(path, len(self.text))
        self.values.setdefault(path, len(self.text))
        name = str(path[-1])
        if re.fullmatch("[A-Za-z0-9_-]+", name) and self.random.random() < 0.7:
            self.put(name)
        elif "'" not in name and name.isprintable() and self.random.random() < 0.5:
            self.put(f"'{name}'")
        else:
            self.put(f'"{"".join(map(self.escaped, name))}"')

    def escaped(self, char: str) -> str:
        if char in '"\\':
            return f"\\{char}"
        if char in "\n\t" or not char.isprintable() or self.random.random() < 0.1:
            return f"\\U{ord(char):08x}"
        return char

    def pair(self, table: Where, parts: tuple[str, ...], value: object, *, inline: bool) -> None:
        """`a.b.c = value`."""
        for depth in range(1, len(parts) + 1):
            self.put("." if depth > 1 else "")
            self.maybe(" ")
            self.key((*table, *parts[:depth]))
            self.maybe(" ")
        self.put("=")
        self.maybe(" ")
        self.value((*table, *parts), value, inline=inline)

    def value(self, path: Where, value: object, *, inline: bool) -> None:
        self.keys.setdefault(path, len(self.text))
        self.values[path] = len(self.text)
        match value:
            case bool():
                self.put(str(value).lower())
            case str():
                self.string(path, value)
            case list():
                self.array(path, value, inline=inline)
            case dict():
                self.put("{")
                for index, (key, inner) in enumerate(value.items()):
                    self.put(", " if index else " ")
                    self.pair(path, (key,), inner, inline=True)
                self.put(" }")
            case _:
                self.put(str(value))

    def array(self, path: Where, value: list[Any], *, inline: bool) -> None:
        self.put("[")
        for index, element in enumerate(value):
            if not inline:
                self.maybe(" ", self.newline, f" # ], {self.newline}")
            self.value((*path, index), element, inline=inline)
            self.put("," if index < len(value) - 1 else self.random.choice(["", ","]))
        self.put("]")

    def string(self, path: Where, value: str) -> None:
        literal = "'" not in value and all(char.isprintable() or char in "\n\t" for char in value)
        style = self.random.choice(
            ["basic", "basics", *(["literal", "literals"] if literal else [])]
        )
        if style == "literal" and "\n" in value:
            style = "literals"
        quotes = {"basic": '"', "basics": '"""', "literal": "'", "literals": "'''"}[style]
        self.put(quotes)
        if len(quotes) > 1 and (value.startswith("\n") or self.random.random() < 0.5):
            self.put(self.newline)
        self.values[path] = len(self.text)
        self.chars[path] = []
        for index, char in enumerate(value):
            if style == "basics" and char not in " \t\n" and self.random.random() < 0.1:
                self.put(f"\\ {self.newline} {self.newline}\t")
                if index == 0:
                    self.chars[path] = []
            self.chars[path].append(len(self.text))
            if char == "\n" and len(quotes) > 1:
                self.put(self.newline)
            else:
                self.put(char if style.startswith("literal") else self.escaped(char))
        self.put(quotes)

    def table(self, path: Where, table: dict[str, Any]) -> None:
        """The pairs of a table first, then the tables below it."""
        sections = {key: value for key, value in table.items() if self.has_header(value)}
        for key, value in table.items():
            if key not in sections:
                self.pairs(path, (key,), value)
        for key, value in sections.items():
            self.section((*path, key), value)

    def has_header(self, value: object) -> bool:
        tables = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
        return bool(tables or isinstance(value, dict)) and self.random.random() < 0.6

    def pairs(self, table: Where, parts: tuple[str, ...], value: object) -> None:
        if isinstance(value, dict) and value and self.random.random() < 0.5:
            for key, inner in value.items():
                self.pairs(table, (*parts, key), inner)
            return
        self.maybe("  ", "\t")
        self.pair(table, parts, value, inline=False)
        self.end_line()

    def section(self, path: Where, value: dict[str, Any] | list[dict[str, Any]]) -> None:
        if isinstance(value, dict):
            self.header(path, "[", "]")
            self.table(path, value)
            return
        for index, table in enumerate(value):
            start = self.header(path, "[[", "]]")
            self.keys[*path, index] = self.values[*path, index] = start
            self.table((*path, index), table)

    def header(self, path: Where, before: str, after: str) -> int:
        self.put(before)
        for depth, part in enumerate(path, 1):
            if isinstance(part, int):
                continue
            self.put("." if depth > 1 else "")
            self.maybe(" ")
            start = len(self.text)
            self.key(path[:depth])
            self.maybe(" ")
        self.put(after)
        self.end_line()
        return start


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t'\"\\[]{}=,#.")
TEXT = st.text(CHARACTERS, max_size=12)
KEYS = st.text("abk-_1", min_size=1, max_size=4) | TEXT
SCALARS = TEXT | st.integers(-(2**31), 2**31) | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.lists(st.dictionaries(KEYS, inner, max_size=2), max_size=3)
    ),
    max_leaves=12,
)


def paths(value: object, path: Where = ()) -> list[Where]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    if isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(found for key, one in inner for found in paths(one, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(
    document=st.dictionaries(KEYS, VALUES, max_size=4),
    random=st.randoms(use_true_random=False),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_everything_is_found_where_it_stands(
    document: dict[str, Any], random: Random, newline: str
) -> None:
    rendered = Rendered(random, newline)
    rendered.table((), document)
    assert tomllib.loads(rendered.text) == document, "the test renders what it means to"

    values, positions = toml.parse(rendered.text, "x.toml")

    assert values == document
    for path in paths(document)[1:]:
        assert path in positions
        assert positions.key(path) == rendered.place(rendered.keys[path]), (path, rendered.text)
        assert positions.value(path) == rendered.place(rendered.values[path]), (path, rendered.text)
    for path, offsets in rendered.chars.items():
        for index, offset in enumerate(offsets):
            assert positions.within(path, index) == rendered.place(offset), (path, rendered.text)


@settings(max_examples=300, deadline=None)
@given(
    source=st.text(st.sampled_from("a1.=[]{}\"'#,\\ \n\r\t-tue:é\0\ufeff"), max_size=40)
    | st.text(max_size=40)
)
def test_any_text_is_read_or_refused_with_a_place_cause_and_remedy(source: str) -> None:
    lines = source.split("\n")

    try:
        toml.parse(source, "x.toml")
    except ConfigError as error:
        (problem,) = error.problems
        assert problem.line
        assert problem.column
        assert problem.line <= len(lines)
        assert problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.cause
        assert problem.remedy


def test_a_place_that_is_not_there_is_its_parents() -> None:
    _, positions = toml.parse('[a]\n  [[a.b]]\n  c = "x"\n', "x.toml")

    assert positions.key(("a", "b", 0, "d", "e")) == (2, 7)
    assert positions.value(("a", "z")) == (1, 2)
    assert positions.key(("z",)) == (1, 1)
    assert positions.within(("a", "b", 0), 3) == (2, 7)


def test_nesting_without_end_is_refused_not_a_crash() -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        toml.parse("a = " + "[" * 100_000, "x.toml")


def test_a_key_of_thousands_of_parts_is_refused_before_it_costs_time() -> None:
    with pytest.raises(ConfigError, match="a name has more than 100 parts"):
        toml.parse("b = 1\n" + "a. 'b'." * 10_000 + "a = 1", "x.toml")


def test_a_message_stays_short_whatever_stands_in_the_file() -> None:
    long = "x" * 100_000

    for source in (
        f"{long} 1",
        f"a = {long}",
        f"[{long}]\n[{long}]",
        f"a {long} = 1",
        f'a = "{long}',
    ):
        with pytest.raises(ConfigError) as caught:
            toml.parse(source, "x.toml")
        assert len(str(caught.value)) < 300
    for source in (
        f"{long} = 1",
        f"count = '{long}'",
        f"code = '{long}'",
        f"[inner]\nwords = '{long}'",
    ):
        (problem,) = told(source)
        assert len(problem) < 300


def test_a_number_of_thousands_of_digits_is_refused_not_a_crash() -> None:
    with pytest.raises(ConfigError, match="too many digits"):
        toml.parse("a = " + "9" * 10_000, "x.toml")


# --- documents that are not TOML: what a person reads


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "a = 5m",
            '1:5: durations, sizes, addresses and text need quotation marks. Write a = "5m"',
        ),
        ("a = 127.0.0.1:80", 'text need quotation marks. Write a = "127.0.0.1:80"'),
        ("a = 007", 'a number does not begin with 0. Write a = 7, or a = "007" for text'),
        ("a = #news", '1:5: text needs quotation marks. Write a = "#news"'),
        ("a = news desk  # why", 'text needs quotation marks. Write a = "news desk"'),
        ("a =", '1:4: the value of "a" is missing. Write it after the "=": a = "..."'),
        ("a = # why", 'the value of "a" is missing'),
        ("a = True", "1:5: True is not a value. Write a = true, in small letters"),
        ("a = yes", "yes is not a value. Write a = true, in small letters"),
        ("a = “x”", '“ is a typographic quotation mark. Write the straight one: "'),
        ("a 5", '1:3: "=" is missing after "a". Write a = "..."'),
        ("a: 5", '1:2: after "a" stands ":". Write "=" in its place'),
        ("my key = 5", 'the key "my key" has a space in it. Write my_key, or check its name'),
        ('a = "The "best" one"', '1:11: the text of "a" ends before this. Write \\" for'),
        ('a = "abc\nb = "d"', "1:5: the text that begins here has no closing quotation mark"),
        ("a = 'abc\nb = 'd'", "1:5: the text that begins here has no closing quotation mark"),
        (
            'b = 1\na = """abc',
            '2:5: the text that begins here has no closing quotation mark. Write """',
        ),
        ("a = '''abc", "1:5: the text that begins here has no closing quotation mark. Write '''"),
        ('a = ["x" "y"]', "1:10: a comma is missing before this"),
        ("a = [1 2]", "1:8: a comma is missing before this"),
        ('a = ["x", y]', '1:11: text needs quotation marks. Write "y"'),
        ('a = ["x",\nb = 1', '1:5: the list that begins here is not closed. Write "]"'),
        ('a = ["x"\n\n[b]', '1:5: the list that begins here is not closed. Write "]"'),
        ("a = {b = 1\nc = 2}", "what stands in { } must be on one line"),
        ("a = {b = 1", 'the table that begins here is not closed. Write "}"'),
        ("[a\nb = 1", "1:3: the name of the section should end here with ]. Write [a] alone"),
        ("[[a]\nb = 1", "the name of the section should end here with ]]. Write [[a]] alone"),
        ("[my section]", "names of several words are joined by _ or -"),
        ("ключ = 1", "1:1: a name with other letters than a-z needs quotation marks"),
        ("= 1", '1:1: before "=" the key is missing'),
        ("a. = 1", '1:4: before "=" the key is missing'),
        ("[]", "1:2: a name is missing here"),
        ("// why", "1:1: / begins nothing here. Begin a comment with #"),
        ("!", "1:1: this line is no key, section or comment"),
        ('a = "C:\\data"', "1:8: a backslash in a text has a meaning of its own"),
        ('a = "\\u12"', "1:6: a backslash in a text"),
        ('a = "\\ud800"', "1:6: a backslash in a text"),
        ("a = 2025-02-30", "1:5: there is no such date or time"),
        ("a = 2025-13-01", "1:5: there is no such date or time. Write it as 2025-03-17"),
        ("[a]\nb = 1\n[a]\n", "3:2: the section [a] is here again, first on line 1"),
        ("[a.b]\n[ a . b ]\n", "2:7: the section [a.b] is here again, first on line 1"),
        ("a = 1\nb = 2\na = 3\n", '3:1: the key "a" is here again, first on line 1'),
        ("a = {b = 1, b = 2}", '1:13: the key "b" is here again, first on line 1'),
        ("[a]\n[[a]]", '2:3: "a" was written before in another form'),
        ("a = 1\na.b = 2", "2:3: "),
        ("a = {b = 1}\n[a.c]", '2:4: "c" was written before in another form'),
        ("a = 1 b = 2", "1:7: here the line should end. Begin a new line here"),
        ("[a] b = 1", "1:5: here the line should end"),
        ("# \x01", "1:3: here is an invisible character (U+0001). Delete it"),
        ('a = "b\x7fc"', "1:7: here is an invisible character (U+007F)"),
        ("a = 1\nb = \x00", "2:5: here is a NUL character"),
        ("a = 1\rb = 2", "1:6: here is an invisible character (U+000D)"),
    ],
)
def test_a_syntax_error_says_where_what_and_how_to_mend_it(source: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        toml.parse(source, "x.toml")

    assert told in str(caught.value)
    assert str(caught.value).startswith("x.toml:")


@pytest.mark.parametrize(
    "token", ["xoxb-1234", "xapp-1-A", "https://hooks.slack.com/services/T/B/x"]
)
def test_a_secret_without_quotation_marks_is_not_repeated(token: str) -> None:
    with pytest.raises(ConfigError, match="Remove it, and set it in the environment") as caught:
        toml.parse(f"[slack]\nx = {token}\n", "x.toml")

    assert token not in str(caught.value)


# --- files


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes('\ufeffa = "é"'.encode())

    assert toml.read(file) == 'a = "é"'


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a = 1\nb = 'caf\xe9'\n", ":2:9: from here the file is not UTF-8 text. Save it as UTF-8"),
        ("a = 1".encode("utf-16"), ":1:1: it is saved as UTF-16, not UTF-8. Save it as UTF-8"),
        (b"#" * 1001, ": it is larger than 1,000 bytes. Check that it is the right file."),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_the_place(
    tmp_path: Path, data: bytes, told: str
) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(data)

    with pytest.raises(ConfigError) as caught:
        toml.read(file, limit=1000)

    assert str(caught.value).startswith(f"{file}{told}")


def test_a_missing_file_a_folder_and_an_impossible_name_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        toml.read(tmp_path / "x.toml")
    with pytest.raises(ConfigError, match="this is a folder, not a file"):
        toml.read(tmp_path)
    with pytest.raises(ConfigError, match="it cannot be read"):
        toml.read(tmp_path / ("x" * 300))
    with pytest.raises(ConfigError, match="it cannot be read"):
        toml.read(tmp_path / "x\0")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml")

    with pytest.raises(ConfigError, match="it is not an ordinary file"):
        toml.read(tmp_path / "x.toml")


# --- values that do not fit


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("this number is odd", "write an even one")
    return value


def _short(value: str) -> str:
    if len(value) > 3:
        raise ValueError("write three letters at most")
    return value


class Inner(Settings):
    chosen: Literal["red", "green"] = "red"
    words: tuple[str, ...] = Field((), strict=False)


class Entry(Settings):
    url: str
    after: Duration | None = None
    even: Annotated[int, AfterValidator(_even)] = 2


class Outer(Settings):
    inner: Inner = Field(default_factory=lambda: Inner.model_validate({}))
    entries: tuple[Entry, ...] = Field((), strict=False)
    names: dict[str, list[str]] = Field(default_factory=dict)
    count: int = Field(1, ge=1, le=9)
    share: float = 0.5
    on: bool = True
    title: Annotated[str, AfterValidator(_short)] = "abc"
    code: str = Field("a", min_length=1, max_length=3)
    except_: str = Field("", alias="except")


def told(source: str) -> list[str]:
    values, positions = toml.parse(source, "x.toml")
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    return [str(one) for one in toml.problems_of(caught.value, positions, "x.toml", model=Outer)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "[inner]\nchosn = 'red'",
            'x.toml:2:1: unknown key "chosn" in [inner]. Did you mean "chosen"?',
        ),
        ("[inner]\nzzz = 1", 'unknown key "zzz" in [inner]. Known here: chosen, words.'),
        (
            "[inner]\nurl = 1",
            'unknown key "url" in [inner]. It belongs in [[entries]]: put it below',
        ),
        ("[inner]\nevenn = 1", 'Did you mean "even" of [[entries]]?'),
        ("[iner]", 'x.toml:1:2: unknown section [iner]. Did you mean "inner"?'),
        ("excpt = 'a'", 'unknown key "excpt". Did you mean "except"?'),
        (
            "[[entries]]\neven = 2",
            'x.toml:1:3: the key "url" is missing in [[entries]]. Add url = "..."',
        ),
        (
            "count = '5'",
            '"count" is text, but must be a whole number. Remove the quotation marks: count = 5',
        ),
        ("count = 'x'", "Write a whole number without quotation marks, such as count = 10"),
        ("count = 1.5", '"count" is a number, but must be a whole number'),
        ("count = 0", 'x.toml:1:9: "count" cannot be 0. Write 1 or more'),
        ("count = 10", '"count" cannot be 10. Write 9 or less'),
        ("share = 'x'", '"share" is text, but must be a number'),
        ("on = 'true'", 'x.toml:1:7: "on" is text, but must be true or false. Write on = true or'),
        ("code = 5", '"code" is a number, but must be text in quotation marks. Write code = "5"'),
        ("code = ''", '"code" is empty. Write something, or delete the line'),
        ("code = 'abcd'", '"code" is too long. Write at most 3 characters'),
        ("code = true", 'Write code = "true"'),
        ("code = []", '"code" is a list, but must be text in quotation marks. Write code = "..."'),
        ("code = {}", '"code" is a section, but must be text'),
        ("code = 2025-01-01", '"code" is a date or time, but must be text in quotation marks'),
        (
            "[inner]\nchosen = 'gren'",
            '"chosen" cannot be "gren". Did you mean "green"? It can be "red" or',
        ),
        ("[inner]\nchosen = true", '"chosen" cannot be true. It can be'),
        ("[inner]\nchosen = []", '"chosen" cannot be a list. It can be'),
        ("[inner]\nchosen = 5", '"chosen" cannot be 5. It can be "red" or "green"'),
        (
            "[inner]\nwords = 'a'",
            '"words" is text, but must be a list. Put it in square brackets: words = ["a"]',
        ),
        (
            "[inner]\nwords = [1]",
            'x.toml:2:10: "words" holds a number where there must be text in quotation',
        ),
        (
            "names.en = 'x'",
            '"en" is text, but must be a list. Put it in square brackets: en = ["x"]',
        ),
        (
            "inner = 5",
            '"inner" is a number, but must be a section with keys of its own. Write [inner] on',
        ),
        (
            "[[inner]]",
            '"inner" is a list, but must be a section with keys of its own. Write [inner] with',
        ),
        (
            "[entries]",
            '"entries" is a section, but must be a list of sections. Begin each with [[entries]]',
        ),
        ("[[entries]]\nurl='x'\neven = 3", "x.toml:3:8: this number is odd. Write an even one."),
        (
            "[[entries]]\nurl='x'\nafter = '5 m'",
            '"after" cannot be "5 m". Write a duration as a number and',
        ),
        ("title = 'abcd'", 'x.toml:1:10: "title" cannot be "abcd". Write three letters at most.'),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_place_cause_and_remedy(
    source: str, expected: str
) -> None:
    (problem,) = told(source)

    assert problem.startswith("x.toml:")
    assert expected in problem


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    problems = told("on = 1\ncount = 'x'\n[inner]\nchosn = 1\n[[entries]]\n[zzz]\n")

    assert [problem.split(":")[1] for problem in problems] == ["1", "2", "4", "5", "6"]


@pytest.mark.parametrize("secret", ["xoxb-12-ab", "https://hooks.slack.com/x", "pg://u:pw@h"])
def test_a_value_that_looks_like_a_secret_is_never_repeated(secret: str) -> None:
    for source in (f"title = '{secret}'", f"[inner]\nwords = '{secret}'\nchosen = '{secret}'"):
        assert secret not in "\n".join(told(source))


def test_a_value_is_repeated_short_and_on_one_line() -> None:
    (problem,) = told(f'title = "a\\u202e\\n{"b" * 1000}"')

    assert "\n" not in problem
    assert "\u202e" not in problem
    assert len(problem) < 200
