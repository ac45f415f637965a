from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import feedlists
from monitor.config import load, load_placed
from monitor.errors import ConfigError, MonitorError
from monitor.feeds.settings import FeedSettings

if TYPE_CHECKING:
    from pathlib import Path

WIRE = '[[feeds]]\nurl = "https://wire.example/rss"\n'
PAPER = '[[feeds]]\nurl = "https://paper.example/rss"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with an empty config and a folder for feed lists."""
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "feeds").mkdir()
    return tmp_path


def write(desk: Path, **files: str) -> None:
    """Write files by their stem; `config` is the config."""
    for name, text in files.items():
        file = desk / ("config.toml" if name == "config" else f"feeds/{name}.toml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def followed(desk: Path) -> list[str]:
    return [feed.url for feed in load(desk / "config.toml", {}).feeds]


def refusal(desk: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(desk / "config.toml", {})
    return str(caught.value).replace(f"{desk}/", "").splitlines()


def feed(**values: object) -> FeedSettings:
    return FeedSettings.model_validate({"url": "https://new.example/rss", **values})


# -- reading


def test_feeds_of_the_config_come_first_then_those_of_the_lists_by_name(desk: Path) -> None:
    write(desk, b=PAPER, a=WIRE, config='[[feeds]]\nurl = "https://first.example/"\n')
    (desk / "feeds" / "deep").mkdir()
    (desk / "feeds" / "deep" / "c.toml").write_text('[[feeds]]\nurl = "https://deep.example/"\n')

    assert followed(desk) == [
        "https://first.example/",
        "https://wire.example/rss",
        "https://paper.example/rss",
        "https://deep.example/",
    ]


def test_each_feed_knows_where_it_is_written(desk: Path) -> None:
    write(desk, a=f"# ours\n{WIRE}", config=PAPER)

    _, placed = load_placed(desk / "config.toml", {})

    assert [one.where for one in placed] == [f"{desk}/config.toml:2", f"{desk}/feeds/a.toml:3"]


def test_no_folder_is_no_lists(desk: Path) -> None:
    (desk / "feeds").rmdir()

    assert followed(desk) == []


def test_other_files_and_what_editors_leave_behind_are_not_read(desk: Path) -> None:
    for name in ("notes.txt", ".a.toml", "#a.toml", "~a.toml", "a.toml~", ".git/a.toml"):
        (desk / "feeds" / name).parent.mkdir(exist_ok=True)
        (desk / "feeds" / name).write_text("nonsense")

    assert followed(desk) == []


def test_what_is_wrong_in_lists_is_told_all_at_once_with_places(desk: Path) -> None:
    write(
        desk,
        a=f'{WIRE}lang = "en"\n[poling]\n',
        b='[[feeds]]\nurl = "paper.example"\n',
        c="[[feeds]\n",
        d='[[feeds]]\nurl = "https://d.example/"\ntoken = "xoxb-hunter2"\n',
    )

    told = refusal(desk)

    assert told[0].startswith('feeds/a.toml:3:1: unknown key "lang" in [[feeds]]. Did you mean')
    assert told[1] == "feeds/a.toml:4:2: unknown section [poling]. Known here: feeds."
    assert told[2].startswith('feeds/b.toml:2:8: "url" cannot be "paper.example". Write an address')
    assert told[3].startswith("feeds/c.toml:1:")
    assert told[4].startswith('feeds/d.toml:3:1: "token" holds a secret')
    assert len(told) == 5
    assert "hunter2" not in "".join(told)


def test_a_feed_in_two_files_is_refused_with_both_places(desk: Path) -> None:
    write(desk, config=WIRE, a="[[feeds]]\nurl = 'http://www.wire.example/rss/'\n", b=PAPER + PAPER)

    assert refusal(desk) == [
        "feeds/a.toml:2:8: this feed stands in config.toml:2 too. Delete one of the two.",
        "feeds/b.toml:4:8: this feed is here twice, on line 2 and on line 4. Delete one of the two.",
    ]


def test_addresses_that_are_probably_one_feed_are_pointed_out(desk: Path) -> None:
    write(desk, config=WIRE, a='[[feeds]]\nurl = "https://wire.example/rss?utm_source=x"\n')

    _, placed = load_placed(desk / "config.toml", {})

    (warning,) = feedlists.alike(placed)
    assert str(warning).replace(f"{desk}/", "") == (
        "feeds/a.toml:2:8: this feed is probably the one of config.toml:2. "
        "Delete one of the two if both bring the same."
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("korea", "config.toml:2:15: the folder that polling.feed_lists names is not there."),
        (
            ".",
            "config.toml:2:15: the folder that polling.feed_lists names holds the config file too.",
        ),
        ("config.toml", "config.toml:2:15: the folder that polling.feed_lists names holds the"),
    ],
)
def test_a_folder_that_can_not_be_meant_is_refused(desk: Path, name: str, told: str) -> None:
    write(desk, config=f'[polling]\nfeed_lists = "{name}"\n')

    assert refusal(desk)[0].startswith(told)


def test_a_folder_that_the_environment_names_is_told_with_its_variable(desk: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(desk / "config.toml", {"MONITOR_POLLING__FEED_LISTS": "korea"})

    assert str(caught.value).startswith("MONITOR_POLLING__FEED_LISTS: the folder that")


def test_an_empty_name_means_no_lists(desk: Path) -> None:
    write(desk, a=WIRE, config='[polling]\nfeed_lists = ""\n')

    assert followed(desk) == []


def test_another_folder_is_relative_to_the_config(desk: Path) -> None:
    write(desk, config='[polling]\nfeed_lists = "sources"\n')
    (desk / "sources").mkdir()
    (desk / "sources" / "a.toml").write_text(WIRE)

    loaded = load(desk / "config.toml", {})

    assert [feed.url for feed in loaded.feeds] == ["https://wire.example/rss"]
    assert loaded.polling.feed_lists == str(desk / "sources")


def test_a_file_where_the_folder_should_be_is_told(desk: Path) -> None:
    (desk / "feeds").rmdir()
    (desk / "feeds").write_text(WIRE)

    assert refusal(desk) == [
        "feeds: the feed lists can't be read: it is no folder. Check the path and the permissions."
    ]


# -- adding


def test_a_list_is_made_where_there_is_none_with_only_what_matters(tmp_path: Path) -> None:
    file = tmp_path / "feeds" / "added.toml"

    feedlists.append(file, [feed(name="New", interval="2m", tags=["a", "b"])])

    assert file.read_text().startswith("# Feeds to follow")
    assert file.read_text().endswith(
        '\n[[feeds]]\nurl = "https://new.example/rss"\nname = "New"\ntags = ["a", "b"]\ninterval = "2m"\n'
    )
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_comments_and_layout_of_a_list_stay(tmp_path: Path) -> None:
    file = tmp_path / "added.toml"
    before = f"# ours\n\n{WIRE}tags = [\n  'a',  # why\n]"
    file.write_text(before)
    file.chmod(0o640)

    feedlists.append(file, [feed()])

    assert file.read_text() == f'{before}\n\n[[feeds]]\nurl = "https://new.example/rss"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_list_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(WIRE)
    (tmp_path / "added.toml").symlink_to("real.toml")

    feedlists.append(tmp_path / "added.toml", [feed()])

    assert (tmp_path / "added.toml").is_symlink()
    assert "new.example" in (tmp_path / "real.toml").read_text()


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ('feeds = [{url = "https://a.example/"}]\n', "its feeds are not written as [[feeds]]"),
        ("[[feeds]\n", "added.toml:1:"),
    ],
)
def test_a_list_that_nothing_can_be_added_to_stays_as_it_is(
    tmp_path: Path, before: str, told: str
) -> None:
    file = tmp_path / "added.toml"
    file.write_text(before)

    with pytest.raises(ConfigError) as caught:
        feedlists.append(file, [feed()])

    assert told in str(caught.value)
    assert file.read_text() == before


def test_a_feed_that_calls_itself_a_token_can_not_break_the_config(tmp_path: Path) -> None:
    file = tmp_path / "added.toml"

    with pytest.raises(ConfigError, match="holds a secret"):
        feedlists.append(file, [feed(name="xoxb-hunter2")])

    assert not file.exists()


def test_a_list_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")

    with pytest.raises(MonitorError, match="cannot be written"):
        feedlists.append(tmp_path / "feeds" / "added.toml", [feed()])


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=30
).filter(lambda made: not made.isspace())


@given(name=st.just("") | words, tags=st.lists(words, max_size=3))
def test_whatever_a_feed_is_called_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, name: str, tags: list[str]
) -> None:
    file = tmp_path_factory.mktemp("desk") / "added.toml"

    feedlists.append(file, [feed(name=name, tags=tags)])

    (written,) = tomllib.loads(file.read_text(encoding="utf-8"))["feeds"]
    assert FeedSettings.model_validate(written) == feed(name=name, tags=tags)
