"""Slack as a receiver: blocks.py says what a message looks like, client.py sends it."""
