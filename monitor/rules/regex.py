"""Regular expressions in linear time, tried only where a text they need occurs. The door to RE2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

MAX_MEMORY = 8_000_000
MIN_LITERAL = 3
"""Characters of the text that must occur before a pattern is tried; wide characters count twice."""
MAX_FOUND = 100
"""Mentions of one pattern in one field that are looked at."""

_LETTER = r"\p{L}\p{N}_"


class PatternError(ValueError):
    """A regular expression that can't be used."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}. {remedy}.")
        self.cause = cause
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled regular expression."""

    literals: tuple[str, ...]
    """One of these occurs (apart from case) wherever the pattern does; empty where none is known."""
    compiled: Any

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it occurs, in order."""
        found: list[tuple[int, int]] = []
        position = 0
        while len(found) < MAX_FOUND and (match := self.compiled.search(text, position)):
            found.append(match.span(1))
            position = found[-1][1]
        return found


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, *, exact: bool) -> Pattern:
    """Make a pattern ready.

    Raises:
        PatternError: It is not valid, or too costly.
    """
    source = _bounded(pattern)
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.case_sensitive = exact
    options.log_errors = False
    try:
        compiled = re2.compile(source, options)
    except re2.error as error:
        raise _refusal(pattern, error) from error
    if compiled.fullmatch(""):
        raise PatternError(
            "the regular expression is satisfied with nothing", "Write something that must be there"
        )
    return Pattern(required_literals(pattern), compiled)


def _refusal(pattern: str, error: Exception) -> PatternError:
    if re.search(r"\(\?[=!<]", pattern) and not re.search(r"\(\?P?<\w", pattern):
        return PatternError(
            "a regular expression can't look ahead or behind (RE2 syntax)",
            "Use AND NOT, or NOT NEAR/n, beside it",
        )
    if re.search(r"\\[1-9]", pattern):
        return PatternError(
            "a regular expression can't refer back to a group (RE2 syntax)",
            "Write the text out",
        )
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if "large" in text or "repetition size" in text or "memory" in text:
        return PatternError("the regular expression needs too much memory", "Use smaller repeats")
    return PatternError(f"the regular expression is not valid: {text}", "See the RE2 syntax")


def _bounded(pattern: str) -> str:
    r"""The pattern in RE2's terms, where \w and \b know ASCII only, with the mention as group 1."""
    body = pattern
    left = body.startswith(r"\b")
    body = body[2:] if left else body
    right = body.endswith(r"\b") and not body.endswith(r"\\b")
    body = body[:-2] if right else body
    if (left or right) and _has_top_level_bar(body):
        raise PatternError(
            r"\b stands beside alternatives", r"Put brackets around them: \b(one|other)\b"
        )
    return (
        f"(?:^|[^{_LETTER}])" * left + f"({_unicode_classes(body)})" + f"(?:$|[^{_LETTER}])" * right
    )


def _has_top_level_bar(pattern: str) -> bool:
    depth = 0
    for part in _TOKENS.findall(pattern):
        depth += part.startswith("(") - part.endswith(")")
        if part == "|" and depth == 0:
            return True
    return False


_TOKENS = re.compile(
    r"""
      \\[pP](?:\{\^?\w+\}|\w)                      # a class of Unicode
    | \\x(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2})       # a code point
    | \\[0-7]{1,3}  |  \\[\s\S]                    # an escape
    | \[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]  # a class
    | \{[\d,]+\}                                   # a repeat
    | \(\?P?<\w+>  |  \(\?[A-Za-z-]*[:)]           # a group with a name, or with flags
    | [\s\S]
    """,
    re.VERBOSE,
)
_CLASSES = {r"\w": _LETTER, r"\d": r"\p{Nd}", r"\s": r"\s\p{Z}"}


def _unicode_classes(pattern: str) -> str:
    parts: list[str] = []
    for part in _TOKENS.findall(pattern):
        if part in {r"\b", r"\B"}:
            raise PatternError(
                rf"{part} stands inside the regular expression",
                r"Write \b only at its beginning and its end",
            )
        if part.startswith("[") and len(part) > 1:
            parts.append(re.sub(r"\\([wds])", lambda found: _CLASSES[found[0]], part))
        elif part in _CLASSES:
            parts.append(f"[{_CLASSES[part]}]")
        elif part in {r"\W", r"\D", r"\S"}:
            parts.append(f"[^{_CLASSES[part.lower()]}]")
        else:
            parts.append(part)
    return "".join(parts)


def required_literals(pattern: str) -> tuple[str, ...]:
    """Texts of which one must occur where the pattern matches; empty where none is long enough."""
    parts = _TOKENS.findall(pattern)
    found, _ = _alternatives(parts, 0)
    return tuple(sorted(found)) if found else ()


def _alternatives(parts: list[str], position: int) -> tuple[set[str] | None, int]:
    """The literals of a group up to its closing bracket: None where an alternative has none."""
    together: set[str] | None = set()
    while True:
        branch, position = _sequence(parts, position)
        together = together | branch if together is not None and branch else None
        if position >= len(parts) or parts[position] == ")":
            return together, position
        position += 1  # the bar


def _sequence(parts: list[str], position: int) -> tuple[set[str], int]:
    """The best literals of one alternative: of a run of characters, or of a group in it."""
    best: set[str] = set()
    run = ""
    while position < len(parts) and parts[position] not in {"|", ")"}:
        part = parts[position]
        group: set[str] | None = None
        if part.startswith("(") and not part.endswith(")"):
            group, position = _alternatives(parts, position + 1)
        position += 1
        optional, repeated = _quantified(parts, position)
        position += optional or repeated
        literal = _literal(part)
        if optional:
            literal, group = "", None
        best = _better(best, group)
        if not literal or repeated:
            best = _better(best, {run + literal})
            run = literal if repeated else ""
        else:
            run += literal
    return _better(best, {run}), position


def _quantified(parts: list[str], position: int) -> tuple[bool, bool]:
    part = parts[position] if position < len(parts) else ""
    if part in {"?", "*"} or part.startswith(("{0", "{,")):
        return True, False
    return False, part == "+" or (part.startswith("{") and len(part) > 1)


def _literal(part: str) -> str:
    if len(part) == 1 and part not in ".^$+*?{}[]()|\\":
        return part
    escaped = part.removeprefix("\\")
    return escaped if len(part) > len(escaped) == 1 and not escaped.isalnum() else ""


def _better(left: set[str], right: set[str] | None) -> set[str]:
    if not right or _weight(right) < MIN_LITERAL:
        return left
    return right if _weight(right) > _weight(left) else left


def _weight(literals: set[str]) -> int:
    return min((sum(1 + (char >= "\u1100") for char in one) for one in literals), default=0)
