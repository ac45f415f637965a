from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor import config, environment
from monitor.config import Config, load, receiver_in_use
from monitor.credentials import Secrets, load_secrets
from monitor.errors import ConfigError

DATA = Path(__file__).parents[1] / "data" / "config"
HOOK = "https://hooks.slack.com/services/T0/B0/x"
DURATIONS = [
    variable
    for variable, (section, key) in environment.variables(Config).items()
    if isinstance(getattr(getattr(Config.model_validate({}), section), key), timedelta)
]
MISTAKES = sorted(DATA.glob("*.toml"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A config file with nothing in it."""
    path = tmp_path / "config.toml"
    path.write_text("")
    return path


def refusal(path: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return str(caught.value)


# --- the file


def test_an_empty_file_means_the_defaults(file: Path) -> None:
    loaded = load(file, {})

    assert loaded.alerts.channel == "#news-alerts"
    assert loaded.polling.interval == timedelta(minutes=5)
    assert loaded.service.timezone == ZoneInfo("UTC")
    assert loaded.feeds == ()


def test_what_the_file_says_holds(file: Path) -> None:
    file.write_text(
        """
        [service]
        timezone = "Asia/Seoul"
        [polling]
        interval = "2m"
        max_size = "500KB"
        [[feeds]]
        url = "https://example.org/rss"
        name = "Example Wire"
        tags = ["korea"]
        """
    )

    loaded = load(file, {})

    assert loaded.service.timezone == ZoneInfo("Asia/Seoul")
    assert loaded.polling.interval == timedelta(minutes=2)
    assert loaded.polling.max_size == 500_000
    assert loaded.polling.concurrency == 64
    assert loaded.feeds[0].to_feed().outlet.name == "Example Wire"


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_place_cause_and_remedy(mistake: Path) -> None:
    expected = mistake.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")

    text = refusal(mistake).replace(str(mistake), "config.toml")

    assert text == expected
    assert "hunter2" not in text, "a secret is never repeated"


def test_feeds_of_one_site_are_told_apart_by_their_addresses(file: Path) -> None:
    urls = [
        "https://a.org/rss",
        "https://a.org/RSS",
        "https://a.org/rss?channel=rss-1",
        "https://b.org",
    ]
    file.write_text("".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls))

    assert [feed.url for feed in load(file, {}).feeds] == urls


@pytest.mark.parametrize(
    "again", ["http://a.org/rss", "https://www.A.org/rss", "https://a.org/rss/"]
)
def test_the_same_feed_in_another_spelling_is_a_mistake(file: Path, again: str) -> None:
    file.write_text(f'[[feeds]]\nurl = "https://a.org/rss"\n[[feeds]]\nurl = "{again}"\n')

    assert "this feed is here twice, on line 2 and on line 4" in refusal(file)


def test_a_missing_file_is_told_with_the_command_that_writes_one(tmp_path: Path) -> None:
    assert refusal(tmp_path / "config.toml") == (
        f"{tmp_path}/config.toml: there is no config file. "
        "Run `monitor init` to write one, or name yours with -c FILE."
    )


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path, file: Path) -> None:
    file.write_text("#" * (config.MAX_SIZE + 1))

    assert "this is a folder, not a file" in refusal(tmp_path)
    assert "it is larger than" in refusal(file)


def test_loading_changes_nothing(file: Path) -> None:
    load(file, {})

    assert list(file.parent.iterdir()) == [file]


def test_settings_cannot_be_changed_after_loading(file: Path) -> None:
    loaded = load(file, {})

    with pytest.raises(ValueError, match="frozen"):
        loaded.alerts.channel = "#other"  # type: ignore[misc]


# --- relative paths


def test_paths_are_relative_to_the_folder_of_the_file(file: Path) -> None:
    loaded = load(file, {})

    assert loaded.rules.path == str(file.parent / "rules")
    assert loaded.database.url == f"sqlite:///{file.parent}/data/monitor.db"


def test_paths_in_variables_are_relative_to_the_folder_of_the_file_too(file: Path) -> None:
    environ = {"MONITOR_RULES__PATH": "r", "MONITOR_DATABASE__URL": "sqlite:///x.db"}

    loaded = load(file, environ)

    assert loaded.rules.path == str(file.parent / "r")
    assert loaded.database.url == f"sqlite:///{file.parent}/x.db"


def test_absolute_paths_and_other_databases_stay_as_they_are(file: Path) -> None:
    file.write_text(
        '[rules]\npath = "/srv/rules"\n[database]\nurl = "sqlite:////data/monitor.db"\n'
    )
    assert load(file, {}).rules.path == "/srv/rules"
    assert load(file, {}).database.url == "sqlite:////data/monitor.db"

    postgresql = {"MONITOR_DATABASE__URL": "postgresql+psycopg://desk:pw@host/news"}
    assert load(file, postgresql).database.url == "postgresql+psycopg://desk:pw@host/news"


def test_a_file_named_without_folder_gives_paths_as_they_were_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)

    loaded = load(Path("config.toml"), {})

    assert loaded.rules.path == "rules"
    assert loaded.database.url == "sqlite:///data/monitor.db"


# --- the environment


def test_a_variable_wins_over_the_file(file: Path) -> None:
    file.write_text('[alerts]\nchannel = "#file"\ncollapse_above = 5\n')

    loaded = load(file, {"MONITOR_ALERTS__CHANNEL": "#variable"})

    assert loaded.alerts.channel == "#variable"
    assert loaded.alerts.collapse_above == 5


def test_a_variable_mends_what_is_wrong_in_the_file(file: Path) -> None:
    file.write_text("[polling]\nconcurrency = 0\n")

    assert load(file, {"MONITOR_POLLING__CONCURRENCY": "8"}).polling.concurrency == 8


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("MONITOR_POLLING__CONCURRENCY", "8", 8),
        ("MONITOR_POLLING__INTERVAL", "30s", timedelta(seconds=30)),
        ("MONITOR_POLLING__INTERVAL", '"30s"', timedelta(seconds=30)),
        ("MONITOR_POLLING__MAX_SIZE", "2MB", 2_000_000),
        ("MONITOR_POLLING__ALLOW_PRIVATE", "", ()),
        ("MONITOR_POLLING__ALLOW_PRIVATE", "10.0.0.0/8, fd00::/8", ("10.0.0.0/8", "fd00::/8")),
        ("MONITOR_POLLING__ALLOW_PRIVATE", '["10.0.0.0/8"]', ("10.0.0.0/8",)),
        ("MONITOR_SERVICE__NAME", "64", "64"),
        ("MONITOR_SERVICE__NAME", "true", "true"),
        ("MONITOR_SERVICE__NAME", '"Desk" of news', '"Desk" of news'),
        ("MONITOR_ALERTS__OPS_CHANNEL", "", ""),
        ("MONITOR_WEB__LISTEN", "", ""),
        ("MONITOR_ALERTS__RECEIVER", "console", "console"),
    ],
)
def test_a_variable_is_read_as_its_setting_is_written(
    file: Path, variable: str, text: str, value: object
) -> None:
    loaded = load(file, {variable: text})

    section, key = environment.variables(Config)[variable]
    assert getattr(getattr(loaded, section), key) == value


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("MONITOR_ALERTS__CHANEL", "#x", 'Did you mean "MONITOR_ALERTS__CHANNEL"? The form is'),
        ("MONITOR_ALERT__CHANNEL", "#x", 'Did you mean "MONITOR_ALERTS__CHANNEL"?'),
        ("MONITOR_SLACK__TOKEN", "xoxb-1", "Secrets are called SLACK_BOT_TOKEN, SLACK_APP_TOKEN"),
        ("MONITOR_SLACK__SETTLE", "1d", 'it cannot be "1d". Write "10m" or less'),
        ("MONITOR_ALERTS_CHANNEL", "#x", 'Did you mean "MONITOR_ALERTS__CHANNEL"?'),
        ("monitor_alerts__channel", "#x", 'Did you mean "MONITOR_ALERTS__CHANNEL"?'),
        ("MONITOR_SLACK_TOKEN", "xoxb-1", "Secrets are called SLACK_BOT_TOKEN, SLACK_APP_TOKEN"),
        ("MONITOR_FEEDS__0__URL", "x", "Write the feeds into the config file"),
        ("MONITOR_POLLING__CONCURRENCY", "many", 'it is "many", but must be a whole number'),
        ("MONITOR_POLLING__CONCURRENCY", "1\nx = 2", "but must be a whole number"),
        ("MONITOR_POLLING__CONCURRENCY", "", 'it is "", but must be a whole number'),
        (
            "MONITOR_POLLING__INTERVAL",
            "5",
            'it cannot be "5". Write a duration as a number and a unit',
        ),
        ("MONITOR_ALERTS__RECEIVER", "slak", 'it cannot be "slak". Did you mean "slack"?'),
        ("MONITOR_SERVICE__CONTACT", "xoxb-hunter2", "it holds a secret, and this setting is no"),
        ("MONITOR_SLACK__API_URL", "https://hooks.slack.com/hunter2", "it holds a secret"),
        ("MONITOR_DATABASE__RETENTION", "999999999d", 'Write "3650d" or less'),
        ("MONITOR_ALERTS__CHANNEL", "<!channel>", "Write one channel by name"),
        ("MONITOR_DATABASE__URL", "postgresql+psycopg://u:p/w@h/d", "Write / as %2F"),
        ("MONITOR_DATABASE__URL", "postgresql+psycopg://u:p@h:port/d", "is no port"),
        ("MONITOR_POLLING__ALLOW_PRIVATE", "[1]", "where there must be text in quotation marks"),
    ],
)
def test_a_wrong_variable_is_named_with_cause_and_remedy(
    file: Path, variable: str, text: str, told: str
) -> None:
    message = refusal(file, {variable: text})

    assert message.startswith(f"{variable}: ")
    assert told in message
    assert "\n" not in message


def test_variables_that_are_no_settings_are_left_alone(file: Path) -> None:
    assert load(file, {"MONITOR_HOME": "/x", "PATH": "/bin", "XMONITOR_A__B": "1"}) == load(
        file, {}
    )


def test_problems_of_file_and_environment_are_told_together(file: Path) -> None:
    file.write_text("[polling]\nconcurrency = 0\n[alrts]\n")

    lines = refusal(file, {"MONITOR_ALERTS__CHANEL": "x"}).splitlines()

    assert [line.split(": ")[0] for line in lines] == [
        "MONITOR_ALERTS__CHANEL",
        f"{file}:2:15",
        f"{file}:3:2",
    ]


def test_what_others_call_monitor_is_no_setting(file: Path) -> None:
    others = {
        "MONITOR_PORT": "tcp://10.0.0.1:80",
        "MONITOR_SERVICE_HOST": "10.0.0.1",
        "MONITOR_USER": "1",
    }

    assert load(file, others) == load(file, {})


def test_every_setting_has_its_variable() -> None:
    assert environment.variables(Config)["MONITOR_ALERTS__OPS_CHANNEL"] == ("alerts", "ops_channel")
    for name, (section, key) in environment.variables(Config).items():
        assert name == f"MONITOR_{section}__{key}".upper()


def test_a_database_address_comes_from_a_file(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql+psycopg://desk:hunter2@host/news\n")

    loaded = load(file, {"MONITOR_DATABASE__URL_FILE": str(secret)})

    assert loaded.database.url == "postgresql+psycopg://desk:hunter2@host/news"


def test_a_database_address_from_both_is_refused_and_not_repeated(file: Path) -> None:
    environ = {"MONITOR_DATABASE__URL": "mysql://u:hunter2@h/d", "MONITOR_DATABASE__URL_FILE": "/x"}

    message = refusal(file, environ)

    assert "MONITOR_DATABASE__URL and MONITOR_DATABASE__URL_FILE are both set" in message
    assert "hunter2" not in message
    assert "hunter2" not in refusal(file, {"MONITOR_DATABASE__URL": "mysql://u:hunter2@h/d"})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://desk@host:abc/news", "no port"),
        ("postgresql+psycopg://desk@host:99999/news", "no port"),
        ("postgresql+psycopg://desk@host:/news", "no port"),
        ("postgresql+psycopg://[::1/news", "not one host"),
        ("postgresql+psycopg://desk@one:5432,two:5432/news", "not one host"),
        ("postgresql+psycopg://desk:hunter@2@host/news", "@ as %40"),
        ("postgresql+psycopg://desk:hunter/2@host/news", "/ as %2F"),
        ("postgresql+psycopg://desk:hunter?2@host/news", "? as %3F"),
        ("sqlite:///x.db?mode=ro", "no options"),
        ("sqlite:///data/", "not the path of a file"),
    ],
)
def test_an_address_that_cannot_be_taken_apart_is_refused_with_a_remedy(
    file: Path, url: str, said: str
) -> None:
    file.write_text(f'[database]\nurl = "{url}"\n')

    text = refusal(file)

    assert text.startswith(f"{file}:2:8: ")
    assert said in text
    assert "hunter" not in text


@pytest.mark.parametrize(
    "lines",
    [
        '[service]\nname = " "',
        '[service]\ncontact = " "',
        '[rules]\npath = ""',
        '[rules]\npath = "rules\\u0000"',
        '[polling]\ninterval = "٣m"',
        '[[feeds]]\nname = "a\\u0000b"\nurl = "https://x.example/"',
        '[[feeds]]\nname = "\\t"\nurl = "https://x.example/"',
        '[[feeds]]\nkind = "a\\nb"\nurl = "https://x.example/"',
        '[[feeds]]\ntags = [""]\nurl = "https://x.example/"',
    ],
)
def test_what_nobody_can_mean_is_refused(file: Path, lines: str) -> None:
    file.write_text(f"{lines}\n")

    assert f"{file}:2:" in refusal(file)


def test_a_key_above_all_sections_belongs_first_where_it_holds_for_all(file: Path) -> None:
    file.write_text('interval = "5m"\n')

    assert "It belongs in [polling]" in refusal(file)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example/f?token=hunter2",
        "https://x.example/a b?key=hunter2",
        "https://desk:hunter2@/f",
        "https://desk:hunter/hunter2@x.example/f",
    ],
)
def test_an_address_that_is_refused_is_shown_without_its_keys(file: Path, url: str) -> None:
    file.write_text(f'[[feeds]]\nurl = "{url}"\n')

    assert "hunter" not in refusal(file)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://",
        "postgresql+psycopg://desk@host/news?sslmode=require",
        "postgresql+psycopg://desk:p%40ss@[::1]:5432/news",
        "postgresql+psycopg://desk@/news?host=one:5432&host=two:5432",
        "postgresql+psycopg://postgres:@/news?host=/run/postgresql",
    ],
)
def test_addresses_of_servers_are_taken_in_every_form(file: Path, url: str) -> None:
    assert load(file, {"MONITOR_DATABASE__URL": url}).database.url == url


@pytest.mark.parametrize("variable", DURATIONS)
def test_no_duration_is_without_bounds(file: Path, variable: str) -> None:
    assert variable in refusal(file, {variable: "999999999d"})


# --- secrets


def test_without_secrets_there_are_none() -> None:
    assert load_secrets({}) == Secrets()
    assert load_secrets({"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN_FILE": ""}) == Secrets()


def test_secrets_come_from_variables_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "app").write_text("xapp-1-hunter2\n")

    secrets = load_secrets(
        {"SLACK_BOT_TOKEN": "xoxb-hunter2", "SLACK_APP_TOKEN_FILE": str(tmp_path / "app")}
    )

    assert secrets.slack_bot_token
    assert secrets.slack_bot_token.get_secret_value() == "xoxb-hunter2"
    assert secrets.slack_app_token
    assert secrets.slack_app_token.get_secret_value() == "xapp-1-hunter2"
    assert secrets.slack_webhook_url is None


def test_secrets_are_masked_wherever_they_are_printed(caplog: pytest.LogCaptureFixture) -> None:
    secrets = load_secrets({"SLACK_BOT_TOKEN": "xoxb-hunter2"})

    logging.getLogger("test").warning("secrets=%s token=%s", secrets, secrets.slack_bot_token)

    assert "hunter2" not in f"{secrets} {secrets!r} {caplog.text}"


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        (
            "SLACK_BOT_TOKEN",
            "xapp-hunter2",
            "an app-level token (xapp-...). Put it into SLACK_APP_TOKEN",
        ),
        ("SLACK_APP_TOKEN", "xoxb-hunter2", "a bot token (xoxb-...). Put it into SLACK_BOT_TOKEN"),
        (
            "SLACK_BOT_TOKEN",
            "xoxp-hunter2",
            'the token of a person (xoxp-...). Use the "Bot User OAuth',
        ),
        ("SLACK_BOT_TOKEN", "https://hooks.slack.com/hunter2", "Put it into SLACK_WEBHOOK_URL"),
        ("SLACK_BOT_TOKEN", "https://example.org/hunter2", "it holds an address, not a token"),
        ("SLACK_BOT_TOKEN", '"xoxb-hunter2"', "it holds quotation marks. Write it without"),
        ("SLACK_BOT_TOKEN", "xoxb-\nhunter2", "it holds a space, line break or odd character"),
        ("SLACK_BOT_TOKEN", "xoxb-hunter2…", "it holds a space, line break or odd character"),
        ("SLACK_WEBHOOK_URL", "http://example.org/hunter2", "it is not an https:// address"),
        ("SLACK_WEBHOOK_URL", "hunter2", "it is not an https:// address"),
        ("MONITOR_WEB_TOKEN", "hunter2", "fewer than 16 characters and could be guessed. Make one"),
        ("MONITOR_WEB_TOKEN", "xoxb-hunter2-hunter2", "it holds a secret of Slack's. Make one of"),
        ("MONITOR_WEB_TOKEN", "hunter2 hunter2 hunter2", "it holds a space"),
        (
            "SLACK_BOT_TOKEN_FILE",
            "/does/not/exist",
            "the file /does/not/exist that it names: there is no",
        ),
    ],
)
def test_a_secret_of_the_wrong_kind_is_told_and_never_repeated(
    variable: str, text: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_secrets({variable: text})

    assert str(caught.value).startswith(f"{variable}: ")
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_opens_the_status_page_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame-opens-the-page\n")

    assert load_secrets({}).web_token == ""
    assert load_secrets({"MONITOR_WEB_TOKEN": "sesame-opens-the-page"}).web_token
    found = load_secrets({"MONITOR_WEB_TOKEN_FILE": str(tmp_path / "token")})
    assert found.web_token == "sesame-opens-the-page"
    assert "sesame" not in repr(found)


def test_a_token_of_the_status_page_in_the_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[web]\ntoken = "sesame-opens-the-page"\n')

    with pytest.raises(ConfigError, match="set MONITOR_WEB_TOKEN in the environment") as caught:
        load(tmp_path / "config.toml", {})

    assert "sesame" not in str(caught.value)


def test_secrets_of_other_programs_are_no_slip_where_ours_are_set() -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-ours", "SLACK_API_TOKEN": "xoxb-theirs"}

    token = load_secrets(environ).slack_bot_token

    assert token
    assert token.get_secret_value() == "xoxb-ours"


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("SLACK_BOT_TOKN", "xoxb-hunter2", 'Did you mean "SLACK_BOT_TOKEN"?'),
        ("SLACK_BOT_TOKEN_FIEL", "/run/hunter2", 'Did you mean "SLACK_BOT_TOKEN_FILE"?'),
        ("SLACK_API_TOKEN", "xoxb-hunter2", 'Did you mean "SLACK_BOT_TOKEN"?'),
        ("SLACK_XYZ", "xapp-hunter2", 'Did you mean "SLACK_APP_TOKEN"?'),
        ("SLACK_XYZ", "xoxe-hunter2", "We read SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_WEBHOOK"),
    ],
)
def test_a_secret_in_a_variable_that_nobody_reads_is_told(
    variable: str, text: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_secrets({variable: text})

    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_other_programs_variables_are_left_alone() -> None:
    assert load_secrets({"SLACK_CHANNEL": "#a", "XSLACK_BOT_TOKEN": "1"}) == Secrets()


def test_a_secret_given_twice_or_in_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")

    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set"):
        load_secrets({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_BOT_TOKEN_FILE": str(tmp_path / "empty")})
    with pytest.raises(ConfigError, match="is empty"):
        load_secrets({"SLACK_BOT_TOKEN_FILE": str(tmp_path / "empty")})


def test_a_webhook_without_encryption_is_taken_on_loopback_only() -> None:
    assert load_secrets({"SLACK_WEBHOOK_URL": "http://127.0.0.1:4010/x"}).slack_webhook_url
    with pytest.raises(ConfigError):
        load_secrets({"SLACK_WEBHOOK_URL": "http://127.0.0.1.example.org/x"})


# --- what follows from them


@pytest.mark.parametrize(
    ("receiver", "environ", "chosen", "why"),
    [
        ("slack", {}, "console", "no SLACK_BOT_TOKEN set: alerts go to the console"),
        ("slack", {"SLACK_BOT_TOKEN": "xoxb-1"}, "slack", "SLACK_BOT_TOKEN is set"),
        ("slack", {"SLACK_WEBHOOK_URL": HOOK}, "webhook", "SLACK_WEBHOOK_URL is set"),
        ("slack", {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_WEBHOOK_URL": HOOK}, "slack", "SLACK_BOT"),
        ("console", {"SLACK_BOT_TOKEN": "xoxb-1"}, "console", 'alerts.receiver is "console"'),
    ],
)
def test_the_receiver_follows_from_settings_and_secrets_and_says_why(
    receiver: str, environ: dict[str, str], chosen: str, why: str
) -> None:
    settings = Config.model_validate({"alerts": {"receiver": receiver}})

    kind, reason = receiver_in_use(settings, load_secrets(environ))

    assert kind == chosen
    assert reason.startswith(why)
