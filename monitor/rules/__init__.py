"""What we look for: rule files -> rule set -> matcher -> matches with evidence."""

from __future__ import annotations

from monitor.rules.check import run_tests
from monitor.rules.compiler import compile_rules
from monitor.rules.explain import Explanation
from monitor.rules.files import fingerprint, load
from monitor.rules.lint import lint, silent
from monitor.rules.matcher import Matcher
from monitor.rules.model import Entity, RuleSet, RuleTest, Terms
from monitor.rules.schema import json_schema
from monitor.rules.settings import RulesSettings

__all__ = [
    "Entity",
    "Explanation",
    "Matcher",
    "RuleSet",
    "RuleTest",
    "RulesSettings",
    "Terms",
    "compile_rules",
    "fingerprint",
    "json_schema",
    "lint",
    "load",
    "run_tests",
    "silent",
]
