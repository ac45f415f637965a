"""Runs the program as on a machine whose clock is wrong: `python skewed.py SECONDS COMMAND ...`."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor import app, cli
from monitor.commands import options

if TYPE_CHECKING:
    from datetime import tzinfo

_SKEW = timedelta(seconds=float(sys.argv.pop(1)))


class _Wrong(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + _SKEW


if __name__ == "__main__":
    for module in (app, options):
        setattr(module, "datetime", _Wrong)  # noqa: B010 - where the program reads the clock
    cli.main()
