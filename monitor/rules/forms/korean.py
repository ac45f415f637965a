"""Korean: what may stand before and after a noun or a name within its eojeol.

Nouns don't inflect; particles, endings of 하다 and 되다, suffixes and other nouns are written on to
them. All are closed lists here: an unknown neighbour means another word (북한군사, 한국은행, 공포로).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from monitor.rules.forms.korean_words import HANJA, HEADS, NOUNS, SUFFIXES, TITLES
from monitor.rules.forms.model import Boundary
from monitor.rules.forms.wordlists import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BOTH = """
    의 도 만 에 에서 서 서도 서는 서의 에게 에게서 한테 한테서 께 께서 에서부터 까지 부터 마저
    조차 밖에 보다 처럼 같이 마다 대로 뿐 만큼 커녕 하고 씩 끼리 에게로 이자 이다 인 일 임 인데
    인지 인가 일지 이라 이라고 이라는 이라며 이라면 이라서 이라도 이란 이던 이었던 이었다 이었으며
    이었고 이었을 이었지만 이지만 이지 이며 이고 이나 이든 이든지 이면 이면서 이므로 이기 이기에
    이기도 이냐 이니 이야말로 입니다 이어서 이어야 인만큼 일까 일뿐 이라기보다 이래 인양 인줄 인듯
    일듯 이랑 말고 치고 조차도 덕분 때문 상대 대상 이외 외에 간의
"""
_AFTER_CONSONANT = "은 이 을 과 이나마 으로 으로서 으로써 으로부터 으로도 으로만 아니라"
_AFTER_RIEUL = "은 이 을 과 이나마 로 로서 로써 로부터 로도 로만 아니라"
_AFTER_VOWEL = """
    는 가 를 와 로 로서 로써 로부터 로도 로만 랑 나 나마 다 라 라고 라는 라며 라면 라서 라도 란
    였던 였다 였으며 였고 였을 였지만 여서 야말로 든 든지 든가 면 면서 며 지만 던 냐 ㄴ 래
"""
_NEXT = """
    은 는 이 가 을 를 과 와 의 도 만 에 에서 에는 에도 에서의 까지 까지도 부터 조차 마저 밖에 보다
    처럼 라고 라는 라며 라도 로 으로 서 서의 서는 서도 인 일 이다 이라 이라고 이라는 이라며 이라도
    이지만 이었다 였다 다 나 이나 선 겐 텐 ㄴ 뿐 뿐만 뿐인 씩 대로 커녕 든 든지 하고 인지 인데
    였던 이었던 임 입니다
"""
_AS_VERB = frozenset(
    words(
        """
    다 며 면 던 지만 라 라고 라면 라도 나 냐 든 든지 든가 면서 여서 란 래
    """
    )
)
"""Endings of a verb too: not taken as particles after 하 and 되 (시비하 is a name, 시비하며 is not)."""

_VERB = (
    r"했.*|됐.*|되.*|된.{0,4}|될.{0,4}|돼.{0,3}|됨.{0,2}|됩.*|"
    r"한(?:다.*|뒤|데.*|채|후|것.*|바.*)?|"
    r"하(?:고.*|는.*|며|면.*|면서.*|지.*|기.*|자.*|려.*|러.*|여.*|던.*|게.*|라.*|도록.*|거나|니.*|므로|였.*|겠.*|더.*|다.*|십.*)|"
    r"할(?:지.*|것.*|수.*|듯.*|만.*|텐데|경우.*|때.*|까.*|뿐.*|계획.*)?|"
    r"함(?:에|을|은|이|으로|으로써|에도|에따라|과)?|합니.*|합시.*|"
    r"해(?:서.*|야.*|도|온|왔.*|오.*|달라.*|주.*|준.*|버.*|내.*|낸.*|냈.*|놓.*|나가.*|라)?|"
    r"시키.*|시켜.*|시킨.*|시킬.*|시켰.*|당하.*|당한.*|당할.*|당해.*|당했.*|받은.*|받아.*|받았.*|받는.*|받을.*|받고.*|받지.*|"
    r"중(?:인.*|이.*|에.*|일.*)?"
)


def korean_forms(text: str, _language: str, _kind: str) -> set[str]:
    """A phrase may be written with or without its spaces."""
    return {text, text.replace(" ", "")} if " " in text else {text}


def left_boundary(kind: str) -> Boundary:
    """What may stand before: nothing before a person's name, nouns before others."""
    return Boundary.WORD if kind == "person" else Boundary.COMPOUND


def right_boundary(kind: str) -> Boundary:
    """What may stand after: particles and titles after a person's name, nouns too after others."""
    return Boundary.PARTICLES if kind == "person" else Boundary.COMPOUND


def tail_is_particles(tail: str, last: str = "") -> bool:
    """Whether the rest of an eojeol after a name is nothing or a chain of particles.

    `last`: the name's last syllable, which decides between the two shapes of a particle (은/는).
    """
    return not tail or tail[0].isdigit() or _is_tail(_name_tail, tail, _sound(last))


def tail_is_compound(tail: str, last: str = "") -> bool:
    """Whether the rest of an eojeol after a noun is suffixes, nouns of compounds and particles."""
    return not tail or tail[0].isdigit() or _is_tail(_noun_tail, tail, _sound(last))


def head_is_compound(head: str) -> bool:
    """Whether the beginning of an eojeol before a noun is nouns that it is compounded with."""
    return not head or head[-1].isdigit() or _is_head(head)


# The same few thousand tails and heads come again and again, and these patterns are large.
@lru_cache(maxsize=8192)
def _is_tail(pattern: Callable[[str], re.Pattern[str]], tail: str, sound: str) -> bool:
    return pattern(sound).fullmatch(tail) is not None


@lru_cache(maxsize=2048)
def _is_head(head: str) -> bool:
    return _HEAD.fullmatch(head) is not None


def _sound(last: str) -> str:
    """What a particle's shape depends on: "consonant", "rieul", "vowel", "verb", "" if unknown."""
    if not "\uac00" <= last <= "\ud7a3":
        return ""
    if last in "하되":
        return "verb"
    final = (ord(last) - 0xAC00) % 28
    return {0: "vowel", 8: "rieul"}.get(final, "consonant")


@cache
def _name_tail(sound: str) -> re.Pattern[str]:
    particles = _particles(sound)
    free = _particles("")
    titles, hanja = _any(TITLES), _any(HANJA)
    return re.compile(f"{particles}|(?:{titles}|{hanja})(?:{free})?")


@cache
def _noun_tail(sound: str) -> re.Pattern[str]:
    particles = _particles(sound)
    free = _particles("")
    nouns = _any([word for word in NOUNS + TITLES if len(word) > 1])
    suffixes, hanja = _any(SUFFIXES), _any(HANJA)
    after = f"(?:{suffixes}|{hanja})?(?:{free}|{_VERB})?"
    parts = f"(?:{suffixes}|{hanja})?(?:{nouns}){{1,2}}{after}|(?:{suffixes}|{hanja}|사)(?:{free})?"
    return re.compile(f"{particles}|{parts}|{_VERB}")


@cache
def _particles(sound: str) -> str:
    shapes = {
        "consonant": _AFTER_CONSONANT,
        "rieul": _AFTER_RIEUL,
        "vowel": _AFTER_VOWEL,
        "verb": _AFTER_VOWEL,
        "": f"{_AFTER_CONSONANT} {_AFTER_VOWEL}",
    }[sound]
    first = {*_BOTH.split(), *shapes.split()}
    if sound == "verb":
        first -= _AS_VERB | {"고", "지"}
    return f"(?:{_any(first)})(?:{_any(_NEXT.split())}){{0,2}}"


def _any(choices: Iterable[str]) -> str:
    """An alternation, longest first."""
    return "|".join(sorted(map(re.escape, set(choices)), key=lambda word: (-len(word), word)))


_HEAD = re.compile(f"(?:{_any(HEADS)}){{1,3}}")
