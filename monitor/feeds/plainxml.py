"""Small XML of known shape, element by element: sitemaps and OPML. No DTD, no entities, linear time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Handler(Protocol):
        """What is told of each element; names are in lower case and without their prefix."""

        def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
            """An element begins."""

        def text(self, data: str) -> None:
            """Some of its text."""

        def end(self, name: str) -> None:
            """It ends."""


_BARE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
"""What XML does not know: an ampersand that stands for itself, a name that only HTML has."""
_PROLOGUE = re.compile(
    rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(rb"\s*<(?:[\w.-]+:)?([A-Za-z_][\w.-]{0,40})")
_HEAD = 64_000


class DamagedError(Exception):
    """The document can't be read any further."""

    def __init__(self, cause: str, line: int, column: int) -> None:
        super().__init__(cause)
        self.line = line
        self.column = column


def root(xml: bytes) -> str:
    """The name of the first element, in lower case and without its prefix; "" for none."""
    head, position = xml[:_HEAD], 0
    while skipped := _PROLOGUE.match(head, position):
        position = skipped.end()
    found = _ROOT.match(head, position)
    return found[1].decode("utf-8", "replace").lower() if found else ""


def read(xml: bytes, handler: Handler) -> None:
    """Tell the handler of every element of a document in UTF-8, whatever its declaration says.

    Raises:
        DamagedError: It is cut off, not well-formed, or declares entities of its own. What came
            before was told.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        cause = "it declares entities of its own, which are never expanded here"
        raise DamagedError(cause, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def start(name: str, attributes: dict[str, str]) -> None:
        lower = {key.lower(): value for key, value in attributes.items()}
        handler.start(_local(name), lower, parser.CurrentLineNumber)

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: handler.end(_local(name))
    parser.CharacterDataHandler = handler.text
    try:
        parser.Parse(_BARE.sub(b"&amp;", xml), True)
    except expat.ExpatError as error:
        cut = error.code in _CUT
        cause = "it is cut off" if cut else "from here it is not well-formed XML"
        raise DamagedError(cause, error.lineno, error.offset + 1) from None


_CUT = {
    expat.errors.codes[getattr(expat.errors, name)]
    for name in (
        "XML_ERROR_NO_ELEMENTS",
        "XML_ERROR_UNCLOSED_TOKEN",
        "XML_ERROR_PARTIAL_CHAR",
        "XML_ERROR_UNCLOSED_CDATA_SECTION",
    )
}


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
