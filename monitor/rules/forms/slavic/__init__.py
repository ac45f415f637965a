"""Ukrainian and Russian: all cases of a word, and of phrases whose words agree."""

from __future__ import annotations

from monitor.rules.forms.slavic.phrases import slavic_forms

__all__ = ["slavic_forms"]
