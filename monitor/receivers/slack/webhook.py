"""Slack through an incoming webhook, for workspaces that give out no bot token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.model import Receipt
from monitor.receivers.slack.blocks import render
from monitor.receivers.slack.client import post_to_webhook
from monitor.receivers.slack.errors import WEBHOOK, refusal, wrong_secret

if TYPE_CHECKING:
    from pydantic import SecretStr

    from monitor.model import Message

_ENCRYPTED_OR_HERE = re.compile(r"https://[^/]|http://(?:127\.0\.0\.1|localhost|\[::1\])[:/]")


class WebhookReceiver:
    """Posts messages to an incoming webhook.

    Its limits: everything goes to the one channel that the webhook was made for, whatever channel
    a rule names; Slack does not say where a message is, so it can't be updated, threaded or found
    again, and an alert whose answer was lost may appear twice.
    """

    def __init__(self, url: SecretStr, *, service: str = "", timeout: float = 10.0) -> None:
        """Make a receiver; nothing is sent yet.

        Args:
            url: The webhook's address, which is a secret.
            service: The name of this service, shown in messages.
            timeout: In seconds, for each wait on the network.

        Raises:
            ConfigError: That is no address of a webhook.
        """
        _ = _checked(url)
        self._url = url
        self._service = service
        self._timeout = timeout

    def send(self, message: Message) -> Receipt:
        """Post a message once. See `Receiver.send`; the receipt names no place."""
        rendered = render(message, service=self._service)
        answer = post_to_webhook(_checked(self._url), rendered, timeout=self._timeout)
        if (answer.status, answer.code) != (200, "ok"):
            raise refusal(answer, channel="the webhook's channel", secret=WEBHOOK)
        return Receipt()

    def close(self) -> None:
        """Nothing to let go of: every message has a connection of its own."""


def _checked(url: SecretStr) -> str:
    """The address, if it can be one."""
    value = url.get_secret_value().strip()
    if not _ENCRYPTED_OR_HERE.match(value) or not re.fullmatch(r"[\x21-\x7e]{1,500}", value):
        raise wrong_secret(
            WEBHOOK, "This is not an https:// address", "Copy it again from the app's page"
        )
    return value
