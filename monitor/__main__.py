"""`python -m monitor` is `monitor`: takes signals before the program's parts are even loaded."""

from __future__ import annotations

import sys

from monitor import signals


def main() -> None:
    """Run the command line; the entry point of `monitor` and `python -m monitor`."""
    signals.leave_at_once(service="run" in sys.argv[1:])
    from monitor.cli import main as run  # noqa: PLC0415 - takes most of a second

    run()


if __name__ == "__main__":
    main()
