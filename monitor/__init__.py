"""Watches news feeds and tells a team, once per story, when something they follow is reported."""

__version__ = "0.1.0"
