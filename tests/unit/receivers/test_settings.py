from __future__ import annotations

import pytest
from pydantic import ValidationError

from monitor.receivers.settings import SlackSettings


def test_slack_is_where_it_always_was() -> None:
    assert SlackSettings().api_url == "https://slack.com/api/"


@pytest.mark.parametrize("url", ["http://127.0.0.1:4010/api/", "http://localhost:1/api/"])
def test_a_stand_in_on_this_machine_needs_no_encryption(url: str) -> None:
    assert SlackSettings(api_url=url).api_url == url


def test_a_forgotten_slash_is_added() -> None:
    assert SlackSettings(api_url="https://slack.com/api").api_url == "https://slack.com/api/"


@pytest.mark.parametrize(
    "url",
    [
        "http://slack.com/api/",
        "slack.com/api/",
        "",
        "ftp://slack.com/",
        "https://",
        "https://[bad/",
        "https://a:99999/",
        "https://user:pw@slack.com/api/",
        "https://slack.com/api/?x=1",
    ],
)
def test_a_token_is_not_sent_just_anywhere(url: str) -> None:
    with pytest.raises(ValidationError, match=r"https://slack\.com/api/"):
        SlackSettings(api_url=url)
