"""The values of the seam: the forms of a word, and what may stand beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MAX_FORMS = 400
"""Forms of one word or phrase at most."""
MAX_LENGTH = 200
"""Code points of a word or phrase that is inflected; a longer one stands for itself."""


class Boundary(Enum):
    """What may stand right beside a form."""

    WORD = "word"
    """No letter or digit that would continue the word."""
    FREE = "free"
    """Anything: scripts without spaces."""
    SCRIPT_RUN = "script run"
    """Anything but katakana: a run of katakana is one word."""
    PARTICLES = "particles"
    """Hangul, right: the end of the eojeol or particles (`korean.tail_is_particles`)."""
    COMPOUND = "compound"
    """Hangul: the parts that nouns are compounded of.

    Left `korean.head_is_compound`, right `korean.tail_is_compound`.
    """


@dataclass(frozen=True, slots=True)
class Forms:
    """What to look for when an analyst writes a word."""

    texts: frozenset[str]
    """All surface forms in NFC, not folded, the word itself among them."""
    left: Boundary
    right: Boundary
