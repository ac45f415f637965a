"""Bytes of a document to text, whatever its labels claim. Pure; never fails."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: its mark begins like that of UTF-32.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    ("<?xml".encode("utf-32-le")[:8], "utf-32-le"),
    ("<?xml".encode("utf-32-be")[:8], "utf-32-be"),
    ("<?xml".encode("utf-16-le")[:8], "utf-16-le"),
    ("<?xml".encode("utf-16-be")[:8], "utf-16-be"),
)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)

_SUPERSETS = {
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
}
"""What people mean: publishers label a character set by the name of its smaller ancestor."""

_SEVEN_BIT = ("iso2022", "hz")
"""Sets whose text is ASCII to the eye, so that UTF-8 reads it too, as nonsense."""

_GUESSES = (
    ("cp949", re.compile(r"[가-힣]{2,}"), 0.5),
    ("cp932", re.compile(r"[ぁ-ヿ]+"), 0.25),
    ("euc_jp", re.compile(r"[ぁ-ヿ]+"), 0.25),
    ("gb18030", re.compile(r"[一-龥，。、：；！？“”（）《》]{2,}"), 0.7),
    ("cp1251", re.compile(r"[а-яіїєґё]{3,}"), 0.5),
    ("koi8_u", re.compile(r"[а-яіїєґё]{3,}"), 0.5),
)
"""A character set, what its text is mostly made of, and how much of it at least.

The share is of all that is beyond ASCII. Small letters tell Cyrillic sets apart, and runs of
them tell Cyrillic from Western text with its single accents.
"""
_SAMPLE = 20_000
_FEW = 0.02
"""Share of damaged characters at which UTF-8 is damaged UTF-8 rather than something else."""


def decode(body: bytes, *, content_type: str = "") -> str:
    """The text of a document: by its byte order mark, as UTF-8, by its labels, or by a guess.

    What can't be read becomes U+FFFD; nothing is dropped.
    """
    for mark, encoding in (*_BOMS, *_UNMARKED):
        if body.startswith(mark):
            return body.decode(encoding, "replace").removeprefix("\ufeff")
    candidates = _candidates(body, content_type)
    for encoding in candidates:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return _guess(body, candidates)


def _candidates(body: bytes, content_type: str) -> list[str]:
    declared = _DECLARED.match(body[:1000])
    header = _CHARSET.search(content_type)
    names = [declared[1].decode("ascii") if declared else "", header[1] if header else ""]
    labels = [encoding for name in names if (encoding := _encoding(name))]
    # Text of other sets hardly ever passes for UTF-8; UTF-8 passes for many of them.
    if not labels or not labels[0].startswith(_SEVEN_BIT):
        labels.insert(0, "utf-8")
    return list(dict.fromkeys(labels))


def _encoding(name: str) -> str:
    """Python's name for a text encoding that is safe to honour; "" for others."""
    try:
        info = codecs.lookup(name) if name else None
    except LookupError:
        return ""
    # `utf_7` hides markup from every check, `rot13` and `hex` are no text encodings at all.
    if info is None or not info._is_text_encoding or info.name in {"utf-7", "idna", "punycode"}:  # noqa: SLF001
        return ""
    if info.name in {"unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}:
        return ""
    return _SUPERSETS.get(info.name, info.name)


def _guess(body: bytes, candidates: list[str]) -> str:
    """The text of a document that is not what it says, or says nothing."""
    text = body.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") <= _FEW * beyond_ascii:
        return text
    sample = body[:_SAMPLE]
    best = max(_GUESSES, key=lambda guess: _likeness(sample, *guess))
    if _likeness(sample, *best) >= 1:
        return body.decode(best[0], "replace")
    labelled = next((encoding for encoding in candidates if encoding != "utf-8"), "cp1252")
    return body.decode(labelled, "replace")


def _likeness(sample: bytes, encoding: str, typical: re.Pattern[str], least: float) -> float:
    """How well the sample reads in a character set; 1 is well enough."""
    text = sample.decode(encoding, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return sum(map(len, typical.findall(text))) / (beyond_ascii or 1) / least
