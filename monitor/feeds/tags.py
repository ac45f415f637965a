"""XML that is known to be well-formed and without a DTD, as a tree of elements: plain ones only. Pure.

Every pattern is possessive and every tag is looked at once, so time is linear in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

DEEPEST = 5
"""Elements inside one another that are read."""

_NAME = r"[A-Za-z_][\w.-]*+(?::[\w.-]++)?+"
_ATTRIBUTES = r"""(?:\s++[A-Za-z_][\w.:-]*+\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+"""
_SKIPPED = r"(?:\s++|<!--(?s:.*?)-->|<\?(?s:.*?)\?>)*+"
_OPEN = re.compile(rf"{_SKIPPED}<({_NAME})({_ATTRIBUTES})\s*+>", re.ASCII)
_CLOSE = re.compile(rf"{_SKIPPED}</({_NAME})\s*+>", re.ASCII)
_ELEMENT = re.compile(
    rf"{_SKIPPED}<({_NAME})({_ATTRIBUTES})\s*+"
    r"(?:/>|>((?:[^<]++|<!\[CDATA\[[^]]*+(?:\](?!\]>)[^]]*+)*+\]\]>)*+)(</\1\s*+>)?+)",
    re.ASCII,
)
_END = re.compile(rf"{_SKIPPED}\Z", re.ASCII)
_ATTRIBUTE = re.compile(r"""([\w.:-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.ASCII)
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]++)|#([0-9]++)|(\w++));", re.ASCII)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_BLANKS = str.maketrans("\t\r\n", "   ")


class UnusualError(Exception):
    """Something that is not plain."""


class Element(NamedTuple):
    """An element; names and attributes as they are written."""

    name: str
    attributes: str
    inside: str | None
    """Its text as written; None where it holds elements."""
    children: Sequence[Element] = ()

    @property
    def text(self) -> str:
        """Its text, references and CDATA sections resolved.

        Raises:
            UnusualError: It holds elements.
        """
        if self.inside is None:
            raise UnusualError
        if "<" not in self.inside:
            return _resolved(self.inside)
        parts: list[str] = []
        position = 0
        while (start := self.inside.find(_CDATA, position)) >= 0:
            end = self.inside.index(_CDATA_END, start)
            parts += _resolved(self.inside[position:start]), self.inside[start + len(_CDATA) : end]
            position = end + len(_CDATA_END)
        return "".join((*parts, _resolved(self.inside[position:])))


def opening(text: str, position: int = 0) -> tuple[str, str, int]:
    """Name and attributes of the tag that begins here, and where it ends.

    Raises:
        UnusualError: None does, or it is empty.
    """
    if found := _OPEN.match(text, position):
        return found[1], found[2], found.end()
    raise UnusualError


def children(text: str, position: int = 0, *, depth: int = 1) -> tuple[list[Element], int]:
    """The elements from here on, up to the first end tag or the end of the text, and where that is.

    Raises:
        UnusualError: Text stands between them, or they are nested deeply.
    """
    found: list[Element] = []
    match = _ELEMENT.match
    while element := match(text, position):
        name, attributes, inside, closed = element.groups()
        position = element.end()
        if inside is None or closed:
            found.append(Element(name, attributes, inside or ""))
            continue
        if inside.strip() or depth == DEEPEST:
            raise UnusualError
        inner, position = children(text, position, depth=depth + 1)
        position = closing(text, position, name)
        found.append(Element(name, attributes, None, inner))
    return found, position


def closing(text: str, position: int, name: str) -> int:
    """Where the end tag of this name ends, which must come next.

    Raises:
        UnusualError: It does not.
    """
    found = _CLOSE.match(text, position)
    if found is None or found[1] != name:
        raise UnusualError
    return found.end()


def is_end(text: str, position: int) -> bool:
    """Whether nothing but blanks and comments follows."""
    return _END.match(text, position) is not None


def attributes(written: str) -> dict[str, str]:
    """The attributes of a tag by their names, as they are written."""
    if not written:
        return {}
    found = _ATTRIBUTE.findall(written)
    return {name: _resolved((one or other).translate(_BLANKS)) for name, one, other in found}


def _resolved(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    return chr(int(found[1], 16) if found[1] else int(found[2]))
