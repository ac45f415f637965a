"""A message as Slack would show it, roughly, as one HTML page: to look at without a workspace."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.receivers.slack.blocks import render

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from monitor.model import Message

# What markup.py and buttons.py write, and nothing else: a link, a time, bold, a person.
_TOKEN = re.compile(
    r"<!date\^(?P<seconds>\d+)\^[^|>]*\|[^>]*>"
    r"|<(?P<url>https?://[^|>]+)\|(?P<label>[^>]*)>"
    r"|<@(?P<person>[A-Z0-9]+)>"
    r"|\*(?P<bold>[^*\n]+)\*"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.47 Lato, "Noto Sans", "Noto Sans CJK KR", sans-serif; margin: 2rem auto;
  max-width: 42rem; padding: 0 1rem; }}
article {{ border: 1px solid #8885; border-radius: 8px; padding: 1rem 1.2rem; }}
header {{ opacity: .7; font-size: 13px; margin-bottom: .6rem; }}
section {{ margin: .3rem 0; white-space: pre-line; overflow-wrap: anywhere; unicode-bidi: plaintext; }}
.context {{ font-size: 13px; opacity: .75; }}
.notice {{ font-size: 13px; margin-top: 1.2rem; opacity: .75; }}
a {{ color: #1264a3; text-decoration: none; }}
@media (prefers-color-scheme: dark) {{ a {{ color: #4aa8e0; }} }}
</style>
</head>
<body>
<article>
<header>{channel}</header>
{blocks}
</article>
<p class="notice">Notification: {notice}</p>
</body>
</html>
"""


def page(message: Message, *, service: str, timezone: tzinfo = UTC) -> str:
    """The page of a message; whatever a feed put in it, it runs nothing and loads nothing."""
    rendered = render(message, service=service)
    shown = "\n".join(
        f'<section class="{block["type"]}">{_html(text, timezone)}</section>'
        for block in rendered.blocks
        for text in _texts(block)
    )
    notice = _plain(rendered.text)
    return _PAGE.format(
        title=notice, channel=html.escape(message.channel), blocks=shown, notice=notice
    )


def _texts(block: dict[str, Any]) -> Iterable[str]:
    parts = block["elements"] if block["type"] == "context" else [block["text"]]
    return (part["text"] for part in parts)


def _html(mrkdwn: str, timezone: tzinfo) -> str:
    made = []
    done = 0
    for found in _TOKEN.finditer(mrkdwn):
        made += [_plain(mrkdwn[done : found.start()]), _token(found, timezone)]
        done = found.end()
    return "".join([*made, _plain(mrkdwn[done:])])


def _token(found: re.Match[str], timezone: tzinfo) -> str:
    if found["seconds"]:
        moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
        return f"<time>{moment.astimezone(timezone):%b %d, %Y %H:%M}</time>"
    if found["person"]:
        return f"@{found['person']}"
    if found["url"]:
        return f'<a href="{_plain(found["url"])}" rel="noreferrer">{_plain(found["label"])}</a>'
    return f"<b>{_html(found['bold'], timezone)}</b>"


def _plain(escaped: str) -> str:
    """Text escaped for Slack, escaped for HTML."""
    text = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return html.escape(text)
