"""The reload job: the rules in force are those of the last files that were right together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor import rules
from monitor.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.rules import Matcher

log = logging.getLogger(__name__)


class Reload:
    """Holds the matcher in force, and replaces it when the rule files change.

    Raises:
        RuleError: The files are wrong at the start, when there is no earlier version to keep.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = rules.fingerprint(folder)
        self._broken = False
        self.matcher: Matcher = checked_matcher(folder)

    def __call__(self) -> None:
        """Take changed rule files into force, all together or not at all."""
        seen = rules.fingerprint(self._folder)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.matcher = checked_matcher(self._folder)
        except RuleError as error:
            self._broken = True
            log.error("rules not reloaded, the last good ones stay in force")
            for problem in error.problems:
                log.error("rule file wrong: %s", problem)
            return
        log.info(
            "rules %s: rules=%d", "mended" if self._broken else "reloaded", len(self.matcher.rules)
        )
        self._broken = False


def checked_matcher(folder: Path) -> Matcher:
    """The matcher of a folder's rule files, whose own tests all pass.

    Raises:
        RuleError: A file is wrong or a test fails; all problems are listed.
    """
    rule_set = rules.load(folder)
    failures = rules.run_tests(rule_set)
    if failures:
        raise RuleError(failures)
    return rules.compile_rules(rule_set)
