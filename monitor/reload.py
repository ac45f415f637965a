"""The reload job: the rules in force are those of the last files that were right together."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import rules
from monitor.errors import Problem, RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from monitor.model import Outlet
    from monitor.rules import Matcher

log = logging.getLogger(__name__)


class Reload:
    """Holds the matcher in force, and replaces it when the rule files change or a rule expires.

    Raises:
        RuleError: The files are wrong at the start, when there is no earlier version to keep.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        outlets: Sequence[Outlet] | None = None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._outlets = outlets
        self._day = clock().date()
        self._seen = self._latest = rules.fingerprint(folder)
        self._broken = False
        self.problems: tuple[str, ...] = ()
        """What is wrong in the files now, while those before them stay in force."""
        self.matcher: Matcher = self._checked(self._day)
        self.version = self._seen
        """Of the rule files in force."""

    @property
    def fingerprint(self) -> str:
        """Of the files that were last read, right or wrong."""
        return self._seen

    def __call__(self) -> None:
        """Take changed rule files into force, all together or not at all.

        At the second look that finds them as they are: at the first an editor may be half way through.
        """
        seen, day = rules.fingerprint(self._folder), self._clock().date()
        before, self._latest = self._latest, seen
        if seen != before or (seen, day) == (self._seen, self._day):
            return
        read = self._read(day)
        if rules.fingerprint(self._folder) != seen:
            return  # somebody wrote while we read: it may be half of what was meant
        self._seen, self._day = seen, day
        if isinstance(read, RuleError):
            self._keep(read)
        else:
            self._take(read)

    def _read(self, day: date) -> Matcher | RuleError:
        try:
            return self._changed(day)
        except RuleError as error:
            return error

    def _keep(self, error: RuleError) -> None:
        """The last good rules stay in force."""
        self._broken = True
        self.problems = tuple(map(str, error.problems))
        log.error("rules not reloaded, the last good ones stay in force")
        for problem in error.problems:
            log.error("rule file wrong: %s", problem)

    def _take(self, matcher: Matcher) -> None:
        gone = sorted(self.matcher.rules.keys() - matcher.rules.keys())
        if gone:
            log.warning("rules no longer in force: %s", ", ".join(gone))
        self.matcher = matcher
        self.version = self._seen
        self.problems = ()
        said = "mended" if self._broken else "reloaded"
        log.info("rules %s: rules=%d", said, len(matcher.rules))
        self._broken = False

    def _changed(self, day: date) -> Matcher:
        matcher = self._checked(day)
        # An editor that truncates before it writes, a disk that is full: nobody means this.
        emptied = [file for file in self.matcher.files - matcher.files if Path(file).exists()]
        if emptied:
            cause = "nothing is defined here any more"
            remedy = "Write it back, or delete the file if you mean it"
            raise RuleError([Problem(file, 1, 1, cause, remedy) for file in sorted(emptied)])
        return matcher

    def _checked(self, day: date) -> Matcher:
        matcher, warnings = checked(self._folder, today=day, outlets=self._outlets)
        for warning in warnings:
            log.warning("rule silent: %s", warning)
        return matcher


def checked(
    folder: Path,
    *,
    instead: Sequence[Path] = (),
    today: date | None = None,
    outlets: Sequence[Outlet] | None = None,
) -> tuple[Matcher, list[Problem]]:
    """The matcher of a folder's rule files, whose own tests all pass; and which rules tell nothing.

    The files of `instead` take the place of those of the same name.
    Rules that have expired by `today` pass their tests too, and then match nothing.

    Raises:
        RuleError: A file is wrong or a test fails; all problems are listed.
    """
    rule_set = rules.load(folder, instead)
    if not rule_set.rules:
        cause, remedy = (
            "there is no rule in this folder",
            "Write one, or name another in rules.path",
        )
        raise RuleError([Problem(str(folder), None, None, cause, remedy)])
    matcher = rules.compile_rules(rule_set)
    failures = rules.run_tests(rule_set, matcher)
    if failures:
        raise RuleError(failures)
    if today is None:
        return matcher, []
    if any(rule.expires for rule in matcher.rules.values()):
        matcher = rules.compile_rules(rule_set, today=today)
    return matcher, list(rules.silent(rule_set, today=today, outlets=outlets))
