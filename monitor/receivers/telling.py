"""What an alert says, before any receiver's formatting. All of it is clean and bounded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from monitor.model import Reason, Severity
from monitor.receivers.names import country_name, language_name
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from urllib.parse import SplitResult

    from monitor.model import Alert, Digest, Evidence, Outlet, RuleLabel

MARKS = {
    Severity.LOW: "⚪",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}
REPEAT = "possible repeat"
"""Said on a message whose first copy may have arrived and could not be looked for."""
MAX_DIGEST = 25
"""Alerts told in one digest."""
_MAX_TEXT = 1_000
_MAX_URL = 2_000
_MAX_NAME = 80
_MAX_RULES = 5
_MAX_WORDS = 8
_MAX_CHANGES = 4
_MAX_OUTLETS = 8
_MAX_LANGUAGES = 6
# Letters that show nothing: a title of only these would be a link nobody can see.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and the parts of it that made a rule match."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    """Start and end of each part; in order, apart from each other."""

    def around(self, reach: int) -> Marked:
        """What stands near the parts: of a long text, the place that shows why."""
        if not self.spans or self.spans[0][0] <= reach:
            return self.cut(2 * reach)
        first = self.text.find(" ", self.spans[0][0] - reach, self.spans[0][0]) + 1
        start = first or self.spans[0][0]
        moved = tuple((one - start + 1, end - start + 1) for one, end in self.spans)
        return Marked(_ELLIPSIS + self.text[start:], moved).cut(2 * reach)

    def cut(self, limit: int, cost: Callable[[str], int] = len) -> Marked:
        """The beginning that fits, with the spans that lie wholly in it."""
        text = cut(self.text, limit, cost)
        kept = len(text) if text == self.text else len(text) - len(_ELLIPSIS)
        return Marked(text, tuple(span for span in self.spans if span[1] <= kept))


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a story has spread."""

    reports: str
    """ "5 reports, 2 copies"."""
    others: tuple[str, ...]
    """Outlets beside the alert's own."""
    languages: tuple[str, ...]
    """Their English names; empty where all speak the alert's own."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """One alert in words."""

    severity: Severity
    title: Marked
    """Never blank."""
    summary: Marked
    url: str
    """An address that may be followed, "" where there is none."""
    outlet: str
    """Its name, "" where unknown."""
    source: str
    """The outlet with its kind and country: "Yonhap (wire, South Korea)"; "" where unknown."""
    time: datetime
    published: bool
    """Whether `time` is the entry's own; else it is when we saw it."""
    language: str
    """Its English name, "" where unknown."""
    rules: tuple[str, ...]
    words: tuple[str, ...]
    """What matched in the title or summary: "포로 (captivity)"."""
    words_in_content: tuple[str, ...]
    """What matched only in the body of the article, which the reader does not see here."""
    again: str
    """Why a story that was told before is told again, or what changed in it; "" if it was not."""
    spread: Spread | None
    """None where nobody else has reported it."""


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of a digest that one rule is to be thanked for."""

    rule: str
    severity: Severity
    tellings: tuple[Telling, ...]


def tell(alert: Alert) -> Telling:
    """Put an alert in words."""
    title, summary = _marked(alert, "title"), _marked(alert, "summary")
    if not visible(title.text):
        title, summary = (summary, Marked("")) if visible(summary.text) else (title, summary)
    shown, hidden = _words(alert.evidence)
    return Telling(
        severity=severity_of(alert.rules),
        title=title if visible(title.text) else Marked("(untitled)"),
        summary=summary if visible(summary.text) else Marked(""),
        url=safe_url(alert.url),
        outlet=_outlet(alert.outlet),
        source=_source(alert.outlet),
        time=alert.published or alert.seen,
        published=alert.published is not None,
        language=language_name(clean(alert.language, limit=_MAX_NAME)),
        rules=_listed([_name(rule.name) or _name(rule.id) for rule in alert.rules], _MAX_RULES),
        words=shown,
        words_in_content=hidden,
        again=_again(alert),
        spread=_spread(alert),
    )


def _spread(alert: Alert) -> Spread | None:
    found = alert.so_far
    if found is None or found.reports + found.copies <= 1:
        return None
    own = _outlet(alert.outlet)
    others = dict.fromkeys(_name(name) for name in found.outlets if visible(_name(name)))
    languages = dict.fromkeys(language_name(clean(one, limit=_MAX_NAME)) for one in found.languages)
    return Spread(
        reports=", ".join(
            filter(None, [_counted(found.reports, "report"), _counted(found.copies, "copy")])
        ),
        others=_listed([name for name in others if name != own], _MAX_OUTLETS),
        languages=_listed(list(languages), _MAX_LANGUAGES) if len(languages) > 1 else (),
        since=found.since,
    )


def _counted(number: int, what: str) -> str:
    if number <= 1:
        return f"1 {what}" if number else ""
    return f"{number} {what[:-1]}ies" if what.endswith("y") else f"{number} {what}s"


def _again(alert: Alert) -> str:
    if alert.reason in {Reason.CHANGED_STORY, Reason.COOLING_DOWN}:
        return "; ".join(clean(one, limit=_MAX_NAME) for one in alert.changes[:_MAX_CHANGES])
    return _AGAIN.get(alert.reason, "")


_AGAIN = {
    Reason.NEW_RULE: f"because of {Reason.NEW_RULE}",
    Reason.NEW_SEVERITY: f"because of {Reason.NEW_SEVERITY}",
    Reason.REPEATED: str(Reason.REPEATED),
}


def groups(digest: Digest) -> tuple[Group, ...]:
    """A digest's alerts by the most severe rule of each, the most severe rules first."""
    found: dict[str, list[Alert]] = {}
    for alert in digest.alerts[:MAX_DIGEST]:
        found.setdefault(alert.rules[0].id if alert.rules else "", []).append(alert)
    made = [_group(alerts) for alerts in found.values()]
    return tuple(sorted(made, key=lambda group: -group.severity.rank))


def _group(alerts: Sequence[Alert]) -> Group:
    label = alerts[0].rules[:1]
    tellings = tuple(map(tell, alerts))
    return Group(
        rule=tellings[0].rules[0] if label else "Other",
        severity=severity_of(label),
        tellings=tellings,
    )


def digest_heading(digest: Digest) -> str:
    """How many alerts a digest tells, and of how many."""
    told = min(len(digest.alerts), MAX_DIGEST)
    waiting = max(digest.waiting, len(digest.alerts))
    if waiting > told:
        return f"{told} of {waiting} waiting alerts"
    return "1 alert" if told == 1 else f"{told} alerts"


def severity_of(rules: Iterable[RuleLabel]) -> Severity:
    """The highest severity among rules; low where there are none."""
    return max((rule.severity for rule in rules), key=lambda s: s.rank, default=Severity.LOW)


def visible(text: str) -> bool:
    """Whether a reader would see anything of a text."""
    return any(
        unicodedata.category(char)[0] in "LNPS" and char not in _BLANK_LETTERS for char in text
    )


def cut(text: str, limit: int, cost: Callable[[str], int] = len) -> str:
    """The text if it fits, else as many whole words of its beginning as fit with an ellipsis.

    Args:
        text: Clean.
        limit: What it may cost at most.
        cost: Of one code point.
    """
    spent = 0
    fits = 0
    room = limit - cost(_ELLIPSIS)
    for place, char in enumerate(text, start=1):
        spent += cost(char)
        if spent > limit:
            return _whole(text, fits).rstrip() + _ELLIPSIS if room >= 0 else ""
        if spent <= room:
            fits = place
    return text


def _whole(text: str, end: int) -> str:
    """The text up to there, but for a character or a word that would be torn apart."""
    while end and _joined(text[end - 1], text[end]):
        end -= 1
    space = text.rfind(" ", max(0, end - 24), end + 1)
    return text[: space if space > 0 else end]


def _joined(before: str, after: str) -> bool:
    """Whether two neighbours belong to one character as a reader sees it."""
    return (
        unicodedata.category(after).startswith("M")
        or "\u200d" in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # flags spelt with tags
        # Flags are pairs of these; a run of them is not cut at all, whichever are the pairs.
        or all("\U0001f1e6" <= char <= "\U0001f1ff" for char in (before, after))
    )


_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_UNSAFE = re.compile(r"[^\x21-\x7e]|[<>|\"`^\\{}]")


def safe_url(url: str) -> str:
    """The address in ASCII if a reader may follow it, else "": http(s), a host, no credentials."""
    try:
        parts = urlsplit(url.strip()[: _MAX_URL + 1])
        host, port = _host(parts.netloc), parts.port
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return ""
    made = f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}{_encoded(parts)}"
    return made if len(made) <= _MAX_URL else ""


def _host(netloc: str) -> str:
    """The host as it travels; one with credentials keeps its `@`, which no host has."""
    host = re.sub(r":\d*\Z", "", netloc)
    return host if host.isascii() else host.encode("idna").decode()


def _encoded(parts: SplitResult) -> str:
    """What follows the host."""
    rest = parts.path
    rest += f"?{parts.query}" if parts.query else ""
    rest += f"#{parts.fragment}" if parts.fragment else ""
    return _UNSAFE.sub(lambda found: quote(found[0].encode(errors="replace"), safe=""), rest)


def _marked(alert: Alert, field: str) -> Marked:
    return mark(getattr(alert, field), alert.evidence, field)


def mark(text: str, evidence: Iterable[Evidence], field: str) -> Marked:
    """A field of an item, harmless, with what was found in it."""
    text = clean(text, limit=_MAX_TEXT)
    # Evidence that does not fit the text points into another version of it: better none than wrong.
    spans = sorted(
        (found.start, found.end)
        for found in evidence
        if found.field == field and 0 <= found.start < found.end <= len(text)
        if text[found.start : found.end] == found.text
    )
    return Marked(text, tuple(merged(text, spans)))


def merged(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or are parted by blanks only made one."""
    made: list[tuple[int, int]] = []
    for start, end in spans:
        if made and (start <= made[-1][1] or text[made[-1][1] : start].isspace()):
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def _words(evidence: Iterable[Evidence]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What matched, where a reader sees it and where not; each entity, list and word once."""
    shown: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for found in evidence:
        word = _word(found)
        key = found.term if found.term.startswith("@") else word.casefold()
        if visible(word):
            (hidden if found.field == "content" else shown).setdefault(key, word)
    only_hidden = [word for key, word in hidden.items() if key not in shown]
    return _listed(list(shown.values()), _MAX_WORDS), _listed(only_hidden, _MAX_WORDS)


def _word(found: Evidence) -> str:
    """A matched word as it was found, with its gloss: "военнопленных (captivity)"."""
    word = _name(found.text) or _name(found.name)
    if not found.term.startswith("@"):
        return word
    gloss = _name(found.gloss) or _name(found.term[1:].replace("-", " "))
    return word if gloss.casefold() in word.casefold() else f"{word} ({gloss})"


def _outlet(outlet: Outlet) -> str:
    name = _name(outlet.name)
    return name if visible(name) else ""


def _source(outlet: Outlet) -> str:
    about = [_name(outlet.kind), country_name(_name(outlet.country))]
    told = ", ".join(part for part in about if visible(part))
    name = _outlet(outlet)
    return f"{name} ({told})" if name and told else name or told


def _name(text: str) -> str:
    return cut(clean(text, limit=2 * _MAX_NAME), _MAX_NAME)


def _listed(names: Sequence[str], limit: int) -> tuple[str, ...]:
    """The first names, and how many more there are."""
    if len(names) <= limit:
        return tuple(names)
    return (*names[:limit], f"{len(names) - limit} more")
