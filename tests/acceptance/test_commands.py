"""What each command prints and returns, as a user meets it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM = {"id": "c1", "title": "Two North Korean soldiers captured", "source": "Wire"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def test_init_writes_what_check_accepts_and_never_overwrites(program: Program) -> None:
    program.fresh = True
    assert program.run("init").returncode == 0
    assert program.run("check").returncode == 0

    (program.folder / "config.toml").write_text("# mine")
    assert "kept" in program.run("init").stdout
    assert (program.folder / "config.toml").read_text() == "# mine"


def test_a_missing_config_names_the_remedy(program: Program) -> None:
    done = program.run("check")

    assert done.returncode == 2
    assert "monitor init" in done.stderr
    assert done.stdout == ""


def test_a_config_that_no_file_can_be_is_told_without_a_traceback(program: Program) -> None:
    done = program.run("check", "-c", "a" * 300)

    assert done.returncode == 2
    assert "File name too long" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["feeds list", "alerts retry", "db check", "db backup x.db"])
def test_who_only_looks_makes_no_database(program: Program, command: str) -> None:
    program.configure(feeds=[])

    done = program.run(*command.split())

    assert done.returncode == 1
    assert "there is no database data/monitor.db yet: `monitor run` makes it" in done.stderr
    assert not (program.folder / "data").exists()


def test_a_wrong_setting_is_named_with_line_and_proposal(program: Program) -> None:
    program.configure(feeds=[], alerts='chanel = "#a"')

    done = program.run("run", "--once")

    assert done.returncode == 2
    assert "config.toml" in done.stderr
    assert '"channel"' in done.stderr
    assert not (program.folder / "data").exists(), "nothing was made"


def test_a_broken_rule_file_stops_the_start_with_file_and_line(program: Program) -> None:
    program.configure(feeds=[], rules='[[rules]]\nid = "a"\nname = "A"\nquery = "x AND"\n')

    done = program.run("run")

    assert done.returncode == 2
    assert "rules.toml:4:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failing_rule_test_is_an_error(program: Program) -> None:
    rules = (
        '[[rules]]\nid = "a"\nname = "A"\nquery = "captured"\n'
        '[[rules.tests]]\ntitle = "Two captured"\nmatch = false\n'
    )
    program.configure(feeds=[], rules=rules)

    assert program.run("check").returncode == 2
    done = program.run("rules", "test")
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_match_answers_each_line_in_its_order(program: Program) -> None:
    program.configure(feeds=[])
    copy = {**ITEM, "id": "c2", "title": "Two North Korean soldiers captured near Sudzha now"}
    lines = [copy, {"id": "c3", "title": "Weather"}, {**copy, "id": "c4", "source": "Gazette"}]

    done = program.run(
        "match", "-", "--rules", "rules", stdin="".join(json.dumps(one) + "\n" for one in lines)
    )

    first, other, again = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    assert [one["id"] for one in (first, other, again)] == ["c2", "c3", "c4"]
    (evidence,) = [one for one in first["rules"][0]["evidence"] if one["name"] == "captured"]
    assert copy["title"][evidence["start"] : evidence["end"]] == evidence["text"] == "captured"
    assert (other["rules"], other["story"]) == ([], None)
    assert (again["story"], again["copy_of"]) == (first["story"], "c2")


def test_match_answers_even_for_half_a_character(program: Program) -> None:
    program.configure(feeds=[])
    item = '{"id": "\\ud83d", "title": "captured", "published": "0001-01-01T00:00:00+09:00"}\n'
    (program.folder / "odd.jsonl").write_text(item)

    done = program.run("match", "odd.jsonl")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == "\ud83d"


def test_match_says_that_its_output_has_no_room(program: Program) -> None:
    program.configure(feeds=[])
    (program.folder / "a.jsonl").write_text('{"id": "a", "title": "captured"}\n')

    with Path("/dev/full").open("w") as full:
        done = program.run("match", "a.jsonl", stdout=full)

    assert done.returncode == 1
    assert done.stderr.strip() == "error the output can't be written: its disk is full"


@pytest.mark.parametrize(
    ("closed", "told"),
    [(">&-", "standard output is closed"), ("<&-", "standard input is closed")],
)
def test_match_says_which_of_its_streams_is_closed(
    program: Program, closed: str, told: str
) -> None:
    program.configure(feeds=[])
    (program.folder / "a.jsonl").write_text('{"id": "a", "title": "captured"}\n')
    file = "-" if closed.startswith("<") else "a.jsonl"

    done = program.in_shell(f"match {file} {closed}")

    assert done.returncode in {1, 2}
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_match_prints_every_script_whatever_the_locale(program: Program) -> None:
    program.configure(feeds=[])
    program.environ["PYTHONIOENCODING"] = "ascii"

    done = program.run("match", "-", stdin='{"id": "a", "title": "North Korean \\ud3ec\\ub85c"}\n')

    assert done.returncode == 0, done.stderr
    assert "포로" in done.stdout


def test_match_names_the_line_that_is_no_item(program: Program) -> None:
    program.configure(feeds=[])

    done = program.run("match", "-", stdin=json.dumps(ITEM) + '\n{"id": "c2"}\n')

    assert done.returncode == 2
    assert "-:2" in done.stderr
    assert "title" in done.stderr


def test_match_of_no_file_says_what_to_write(program: Program) -> None:
    program.configure(feeds=[])
    done = program.run("match", "")

    assert done.returncode == 2
    assert "name a file, or - for standard input" in done.stderr


def test_match_names_a_missing_file(program: Program) -> None:
    program.configure(feeds=[])

    done = program.run("match", "nowhere.jsonl")

    assert done.returncode == 2
    assert "nowhere.jsonl" in done.stderr


def test_the_forms_of_a_name_are_listed_and_a_wrong_name_is_named(program: Program) -> None:
    program.configure(feeds=[])

    listed = json.loads(
        program.run("rules", "list", "--forms", "--entity", "captivity", "--json").stdout
    )
    assert {one["name"] for one in listed} == {"captured", "prisoner", "포로"}
    assert "prisoners" in program.run("rules", "list", "--forms").stdout

    wrong = program.run("rules", "list", "--forms", "--entity", "captivty")
    assert wrong.returncode == 2
    assert "captivity" in wrong.stderr


def test_the_words_that_names_really_found_are_counted(program: Program, feeds: FeedServer) -> None:
    url = feeds.publish(
        "/a.xml",
        rss([rss_item("Two prisoners", guid="1"), rss_item("Prisoners again, captured", guid="2")]),
    )
    program.configure(feeds=[url])
    assert program.run("run", "--once").returncode == 0

    hits = json.loads(program.run("rules", "list", "--hits", "--json").stdout)

    assert [(one["named"], one["word"], one["items"]) for one in hits] == [
        ("captivity", "prisoners", 2),
        ("captivity", "captured", 1),
    ]
    assert "prisoners" in program.run("rules", "list", "--hits").stdout


def test_what_is_stored_is_searched_with_the_rule_language(
    program: Program, feeds: FeedServer
) -> None:
    url = feeds.publish(
        "/a.xml",
        rss([rss_item("Two prisoners", guid="1"), rss_item("Rain again", guid="2")]),
    )
    program.configure(feeds=[url])
    assert program.run("run", "--once").returncode == 0

    (hit,) = json.loads(program.run("search", "@captivity", "--json").stdout)
    tried = program.run("rules", "try", "rain OR @captivity")
    wrong = program.run("search", "@captivity AND (rain OR")

    assert (hit["title"], hit["evidence"][0]["text"]) == ("Two prisoners", "prisoners")
    assert "2 of 2 items of the last 30 days match" in tried.stdout
    assert "2 of them no rule matches now" in tried.stdout
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1].index("^") == 2 + len("@captivity AND (rain OR")


def test_what_became_of_an_item_is_explained(program: Program, feeds: FeedServer) -> None:
    entries = [rss_item("North Korean captured", guid="1"), rss_item("Prisoners of love", guid="2")]
    url = feeds.publish("/a.xml", rss(entries))
    program.configure(feeds=[url])
    assert program.run("run", "--once").returncode == 0

    words = program.run("explain", "korean CAPTURED")
    address = json.loads(words.stdout and program.run("explain", "captured", "--json").stdout)
    by_number = program.run("explain", str(address["id"]))
    site = url.removesuffix("/a.xml")
    unseen = program.run("explain", f"{site}/nowhere")

    assert "North Korean captured" in words.stdout
    assert address["answer"].startswith("Told in ")
    assert by_number.stdout.splitlines()[0] == "North Korean captured"
    assert unseen.returncode == 1
    assert "Last asked" in unseen.stdout
    assert program.run("explain", "no such words").returncode == 1
    assert program.run("explain", "424242").returncode == 1
    assert program.run("explain", "...").returncode == 2


def test_rules_are_listed(program: Program) -> None:
    program.configure(feeds=[])

    (rule,) = json.loads(program.run("rules", "list", "--json").stdout)

    assert (rule["id"], rule["severity"]) == ("pow", "high")
    assert "Prisoners" in program.run("rules", "list").stdout


def test_the_state_of_feeds_and_alerts_is_shown(program: Program, feeds: FeedServer) -> None:
    good = feeds.publish("/a.xml", rss([rss_item("North Korean captured", guid="1")]))
    bad = feeds.url("/missing.xml").replace("http://", "http://user:hunter2@")
    program.configure(feeds=[good, bad])
    assert program.run("feeds", "list").returncode == 1, "there is no database yet"

    once = program.run("run", "--once")

    assert once.returncode == 1, "one feed fails"
    assert "North Korean captured" in once.stdout, "without a token the console gets the alerts"
    fine, failing = json.loads(program.run("feeds", "list", "--json").stdout)
    assert (fine["failures"], failing["failures"]) == (0, 1)
    assert "404" in failing["error"]
    table = program.run("feeds", "list").stdout
    assert "failing (1)" in table
    (alert,) = json.loads(program.run("alerts", "list", "--json").stdout)
    assert alert["state"] == "sent"
    everything = once.stdout + once.stderr + table + json.dumps([fine, failing])
    assert "hunter2" not in everything


def test_held_alerts_are_listed_and_sent_again(program: Program, feeds: FeedServer) -> None:
    with FakeSlack(channels=["other"]) as slack:
        program.environ = {"SLACK_BOT_TOKEN": slack.token}
        url = feeds.publish("/a.xml", rss([rss_item("North Korean captured", guid="1")]))
        program.configure(feeds=[url], slack=f'api_url = "{slack.api_url}"')

        once = program.run("run", "--once")
        assert once.returncode == 1
        assert "messages not delivered: 1" in once.stderr
        (held,) = json.loads(program.run("alerts", "list", "--undelivered", "--json").stdout)
        assert held["state"] == "parked"
        assert "#news-alerts" in held["error"]

        slack.add_channel("news-alerts")
        assert program.run("alerts", "retry").stdout.startswith("1 ")
        assert program.run("run", "--once").returncode == 0
        assert len(slack.messages) == 1
    assert slack.token not in once.stdout + once.stderr


def test_the_database_is_made_checked_and_copied(program: Program) -> None:
    program.configure(feeds=[])

    assert program.run("db", "check").returncode == 1
    assert "upgraded" in program.run("db", "upgrade").stdout
    assert "up to date" in program.run("db", "upgrade").stdout
    assert program.run("db", "check").returncode == 0
    assert program.run("db", "backup", "copy.db").returncode == 0
    assert program.run("db", "backup", "copy.db").returncode == 1, "it never overwrites"
    program.environ = {"MONITOR_DATABASE__URL": "sqlite:///copy.db"}
    assert program.run("db", "check").returncode == 0


def test_a_damaged_database_is_said_to_be(program: Program) -> None:
    program.configure(feeds=[])
    program.run("db", "upgrade")
    (file,) = (program.folder / "data").glob("*.db")
    data = bytearray(file.read_bytes())
    data[4096:8192] = b"x" * 4096
    file.write_bytes(data)

    done = program.run("db", "check")

    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_online_asks_slack_and_every_feed(program: Program, feeds: FeedServer) -> None:
    good = feeds.publish("/a.xml", rss([rss_item("North Korean captured", guid="1")]))
    with FakeSlack() as slack:
        program.environ = {"SLACK_BOT_TOKEN": slack.token}
        program.configure(feeds=[good], slack=f'api_url = "{slack.api_url}"')
        fine = program.run("check", "--online")
        assert "1 entries" in fine.stdout
        assert fine.returncode == 0, fine.stderr

        program.configure(
            feeds=[good, feeds.url("/missing.xml")], slack=f'api_url = "{slack.api_url}"'
        )
        assert program.run("check", "--online").returncode == 1
        program.environ = {"SLACK_BOT_TOKEN": "xoxb-revoked"}
        wrong = program.run("check", "--online")
    assert wrong.returncode == 1
    assert "SLACK_BOT_TOKEN" in wrong.stdout


def test_check_online_says_which_channels_take_nothing_from_us(program: Program) -> None:
    with FakeSlack(channels=["news-alerts", "old"]) as slack:
        slack.add_channel("elsewhere", member=False)
        slack.change_channel("old", archived=True)
        program.environ = {"SLACK_BOT_TOKEN": slack.token}
        rules = '[[rules]]\nid = "a"\nname = "A"\nquery = "x"\nchannels = ["#elsewhere", "#old", "#nowhere"]'
        alerts = 'channel = "#news-alerts"\nops_channel = "#news-ops"'
        program.configure(
            feeds=[], rules=rules, alerts=alerts, slack=f'api_url = "{slack.api_url}"'
        )
        done = program.run("check", "--online")
        posted = slack.messages

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "The app is not in #elsewhere (not_in_channel): invite" in said
    assert "#old is archived" in said
    assert "Slack shows the app no channel #nowhere" in said
    assert "no channel #news-ops" in said
    assert "#news-alerts" not in said.partition("channels")[2].partition("messages")[0]
    assert "Slack takes messages like ours" in said
    assert posted == []


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["match"],
        ["demo", "--seconds", "inf"],
        ["alerts", "retry", "99999999999999999999"],
        ["alerts", "preview", "99999999999999999999"],
        ["stories", "show", "99999999999999999999"],
        ["stories", "merge", "1", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(program: Program, args: list[str]) -> None:
    program.fresh = len(args) == 1
    done = program.run(*args)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_demo_prints_its_alerts_and_ends(program: Program) -> None:
    program.fresh = True
    done = program.run("demo", "--seconds", "24", timeout=60)

    assert done.returncode == 0, done.stderr
    # Whose report comes first depends on how busy the machine is; that it is told once does not.
    for event in (
        ("Зеленський: на Курщині", "Zelensky says", "젤렌스키"),
        ("Минобороны России заявило", "Russia says"),
        ("S. Korea's FM Cho asks", "Seoul's minister speaks", "조태열", "Сибіга і Чо"),
    ):
        lines = done.stdout.splitlines()
        heads = [below for line, below in itertools.pairwise(lines) if "· #news-alerts" in line]
        told = [head for head in heads if any(part in head for part in event)]
        assert len(told) == 1, "each event is told once, whatever the language or the copy"
    assert "Shipyards" not in done.stdout
    assert "Traceback" not in done.stderr


def test_match_explains_why_a_rule_does_not_match(program: Program) -> None:
    program.configure(feeds=[])
    line = json.dumps({"id": "c1", "title": "North Korean soldier promoted"})

    answer = json.loads(program.run("match", "-", "--explain", stdin=line).stdout)

    assert answer["explain"] == {"pow": "@captivity: it is not found"}


def test_lint_warns_and_is_strict_only_where_asked(program: Program) -> None:
    program.configure(feeds=[])

    warned = program.run("rules", "lint")

    assert warned.returncode == 0
    assert "rules.toml:" in warned.stdout
    assert program.run("rules", "lint", "--strict").returncode == 1


def test_an_alert_can_be_looked_at_as_a_page(program: Program, feeds: FeedServer) -> None:
    url = feeds.publish("/a.xml", rss([rss_item("North Korean captured", guid="1")]))
    program.configure(feeds=[url])
    assert program.run("run", "--once").returncode == 0

    page = program.run("alerts", "preview", "1")
    assert page.returncode == 0
    assert page.stdout.startswith("<!doctype html>")
    assert "North Korean captured" in page.stdout

    missing = program.run("alerts", "preview", "99")
    assert missing.returncode == 1
    assert "there is no alert 99" in missing.stderr
