"""Language codes (ISO 639-1), the mistakes people make with them, and what scripts tell."""

from __future__ import annotations

import re

CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia
    id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo
    lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl
    ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk
    tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - a table
)

COUNTRIES = {"kr": "ko", "ua": "uk", "jp": "ja", "cn": "zh", "gb": "en", "us": "en", "kp": "ko"}
"""Country codes written where a language is meant."""

_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


def primary(tag: str) -> str:
    """The language of a tag such as `zh-Hant` or `ko_KR`, in small letters."""
    return tag.replace("_", "-").partition("-")[0].lower()


def mistake(code: str) -> str:
    """What is wrong with a language code and how to mend it; "" where nothing is."""
    if code in COUNTRIES:
        return f'Write "{COUNTRIES[code]}": {code} is a country'
    found = _TAG.fullmatch(code)
    if found and (found[1] in CODES or found[1] != found[1][:2]):
        return ""  # three letters are ISO 639-3, which has thousands
    return 'Write a two-letter language code such as "en", "ko", "uk", "ru", "zh", "ja"'


_SCRIPTS = (
    ("hangul", re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]")),
    ("kana", re.compile(r"[\u3041-\u30ff]")),
    ("han", re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")),
    ("cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("arabic", re.compile(r"[\u0600-\u06ff]")),
    ("greek", re.compile(r"[\u0370-\u03ff]")),
    ("hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("latin", re.compile(r"[A-Za-z\u00c0-\u024f]")),
)
_WRITTEN = {
    "ko": {"hangul"},
    "ja": {"kana", "han"},
    "zh": {"han"},
    "he": {"hebrew"},
    "el": {"greek"},
    **dict.fromkeys(
        ["ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg"], frozenset({"cyrillic"})
    ),
    **dict.fromkeys(["ar", "fa", "ur", "ps", "ug"], frozenset({"arabic"})),
}


def script(text: str) -> str:
    """The script a text is mostly written in, "" where it holds no letters we know."""
    if text.isascii():
        return "latin" if _SCRIPTS[-1][1].search(text) else ""
    counts = [(len(pattern.findall(text)), name) for name, pattern in _SCRIPTS]
    most, name = max(counts, key=lambda pair: pair[0])
    if name == "han" and counts[1][0]:
        return "kana"  # Japanese mixes both, Chinese never uses kana
    return name if most else ""


def could_be(code: str, text: str) -> bool:
    """Whether a text of unknown language could be in this one, by its script."""
    return script(text) in _WRITTEN.get(primary(code), {"latin"})
