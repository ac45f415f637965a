"""Finding, adding and exchanging feeds, as a user meets it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from feedserver import FeedServer, rss, rss_item
from process import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "text/html; charset=utf-8"
RECORDED = Path(__file__).parents[3] / "shared" / "feeds" / "akngs+knews-rss"
HARBOUR = rss(
    [
        rss_item("Ferry sails", guid="1", published="Mon, 17 Mar 2025 09:00:00 GMT"),
        rss_item("Two North Korean soldiers captured", guid="2"),
    ],
    title="Harbour [bold]News[/bold]",
)
SITEMAP = """<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>https://lamp.example/1</loc><news:news><news:publication><news:name>Lighthouse</news:name>
<news:language>en</news:language></news:publication><news:title>North Korean prisoner freed</news:title>
</news:news></url></urlset>"""


@pytest.fixture
def site() -> Iterator[FeedServer]:
    with FeedServer() as server:
        server.publish("/rss", HARBOUR)
        server.publish("/news-sitemap.xml", SITEMAP)
        server.publish(
            "/",
            '<html><link rel=alternate type=application/rss+xml href="/rss">'
            '<link rel=alternate type=application/rss+xml href="/gone">'
            '<a href="/news-sitemap.xml?format=rss">',
            content_type=HTML,
        )
        server.publish("/news-sitemap.xml?format=rss", SITEMAP)
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path)
    program.configure(feeds=["http://127.0.0.1:1/followed"])
    return program


def added(program: Program, name: str = "added") -> list[dict[str, Any]]:
    """The feeds of a feed list."""
    file = program.folder / "feeds" / f"{name}.toml"
    feeds: list[dict[str, Any]] = tomllib.loads(file.read_text())["feeds"] if file.exists() else []
    return feeds


def test_discover_shows_what_each_feed_carries_and_which_rules_match(
    program: Program, site: FeedServer
) -> None:
    done = program.run("feeds", "discover", site.url("/"))

    assert done.returncode == 0, done.stderr
    assert "the page names 2 feeds" in done.stdout
    assert f"1. Harbour [bold]News[/bold]  {site.url('/rss')}" in done.stdout
    assert "2 entries, newest" in done.stdout
    assert "rules match 1 of them: pow (1)" in done.stdout
    assert "Two North Korean soldiers captured" in done.stdout
    assert "2. Lighthouse" in done.stdout
    assert f"can't be read: {site.url('/gone')}: answered 404" in done.stdout
    assert added(program) == []


def test_discover_prints_json_for_programs(program: Program, site: FeedServer) -> None:
    said = json.loads(program.run("feeds", "discover", site.url("/"), "--json").stdout)

    assert [one["url"] for one in said["feeds"]] == [
        site.url("/rss"),
        site.url("/news-sitemap.xml?format=rss"),
    ]
    assert said["feeds"][0]["matches"] == {"pow": 1}
    assert [one["url"] for one in said["unreadable"]] == [site.url("/gone")]


def test_add_writes_a_feed_list_that_the_service_follows(
    program: Program, site: FeedServer
) -> None:
    config = (program.folder / "config.toml").read_text()

    done = program.run(
        "feeds", "add", site.url("/rss"), "--kind", "wire", "--tag", "sea", "--name", "Harbour"
    )

    assert done.returncode == 0, done.stderr
    assert f'added {site.url("/rss")} as "Harbour"' in done.stdout
    assert added(program) == [
        {"url": site.url("/rss"), "name": "Harbour", "kind": "wire", "tags": ["sea"]}
    ]
    assert (program.folder / "config.toml").read_text() == config
    assert "2 feeds, some of them in feeds" in program.run("check").stdout
    once = program.run("run", "--once")
    assert "Two North Korean soldiers captured" in once.stdout


def test_of_several_feeds_add_asks_which(program: Program, site: FeedServer) -> None:
    done = program.run("feeds", "add", site.url("/"), stdin="3\n2\n")

    assert done.returncode == 0, done.stderr
    assert "Which do you want to follow?" in done.stderr
    assert "Write numbers of feeds (1, 2)" in done.stderr
    assert [one["name"] for one in added(program)] == ["Lighthouse"]
    assert added(program)[0]["language"] == "en"


def test_of_several_feeds_add_takes_all_or_the_first_without_asking(
    program: Program, site: FeedServer
) -> None:
    assert program.run("feeds", "add", site.url("/"), "--yes").returncode == 0
    assert [one["url"] for one in added(program)] == [site.url("/rss")]

    done = program.run("feeds", "add", site.url("/"), "--all")

    assert done.returncode == 0
    assert "followed already: feeds/added.toml:5" in done.stdout
    assert len(added(program)) == 2


def test_with_nobody_to_ask_nothing_is_added(program: Program, site: FeedServer) -> None:
    done = program.run("feeds", "add", site.url("/"), stdin="")

    assert done.returncode == 2
    assert "--yes or --all" in done.stderr
    assert added(program) == []
    assert program.run("feeds", "add", site.url("/"), stdin="none\n").returncode == 1
    assert added(program) == []


def test_what_can_not_be_read_is_never_added(program: Program, site: FeedServer) -> None:
    site.publish("/empty", "<html></html>", content_type=HTML)
    site.withdraw("/news-sitemap.xml")
    site.withdraw("/rss")

    gone = program.run("feeds", "add", site.url("/gone"), "--yes")
    empty = program.run("feeds", "add", site.url("/empty"), "--yes")
    private = program.run("feeds", "add", "http://169.254.169.254/latest", "--yes")

    assert [one.returncode for one in (gone, empty, private)] == [1, 1, 1]
    assert "answered 404" in gone.stderr
    assert "the page names no feed that can be read" in empty.stderr
    assert "cloud metadata" in private.stderr
    assert added(program) == []


def test_a_feed_that_is_followed_already_is_refused_with_its_place(program: Program) -> None:
    done = program.run("feeds", "add", "http://127.0.0.1:1/followed/?utm_source=x")

    assert done.returncode == 1
    assert "is followed already: config.toml:" in done.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("ftp://harbour.example/rss",), "http://"),
        (("https://harbour example/",), "without spaces"),
        (("{}/rss", "--language", "english"), "two letters"),
        (("{}/rss", "--interval", "soon"), "a number and a unit"),
    ],
)
def test_wrong_usage_is_explained(
    program: Program, site: FeedServer, args: tuple[str, ...], told: str
) -> None:
    done = program.run("feeds", "add", *(arg.format(site.url("")) for arg in args))

    assert done.returncode == 2
    assert told in done.stderr
    assert added(program) == []


def test_broken_rules_do_not_keep_a_feed_from_being_added(
    program: Program, site: FeedServer
) -> None:
    (program.folder / "rules" / "rules.toml").write_text("nonsense")

    done = program.run("feeds", "add", site.url("/rss"))

    assert done.returncode == 0
    assert "the rules are not tried" in done.stderr
    assert len(added(program)) == 1


def test_feeds_of_the_config_that_the_service_does_not_know_yet_are_told(
    program: Program, site: FeedServer
) -> None:
    program.run("db", "upgrade")

    assert "1 feed more from the next start" in program.run("feeds", "list").stderr


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded feeds beside this repository")
def test_recorded_feeds_are_found_through_a_page(program: Program, site: FeedServer) -> None:
    files = sorted(RECORDED.glob("publishers_*.xml"))[:5]
    links = [site.publish(f"/{file.name}", file.read_bytes()) for file in files]
    tags = "".join(f'<link rel=alternate type=application/rss+xml href="{url}">' for url in links)
    site.publish("/page", f"<html>{tags}", content_type=HTML)

    said = json.loads(program.run("feeds", "discover", site.url("/page"), "--json").stdout)

    assert [one["url"] for one in said["feeds"]] == links
    assert all(one["entries"] and one["name"] for one in said["feeds"])


# -- OPML

OPML = """<opml version="1.0"><body>
<outline text="Sea"><outline type="rss" text="Harbour &amp; Bay" xmlUrl="{}"/></outline>
<outline type="rss" text="Twin" xmlUrl="{}?utm_source=opml"/>
<outline type="rss" text="Known" xmlUrl="http://127.0.0.1:1/followed"/>
<outline type="rss" text="Wrong" xmlUrl="gopher://u:hunter2@a.example/"/>
<outline type="link" text="A page" url="https://a.example/"/>
<outline type="rss" text="Gone" xmlUrl="{}"/>
</body></opml>"""


def subscriptions(program: Program, site: FeedServer) -> None:
    text = OPML.format(site.url("/rss"), site.url("/rss"), site.url("/gone"))
    (program.folder / "My subscriptions.opml").write_text(text)


def test_import_adds_what_is_new_and_says_what_it_skipped_and_why(
    program: Program, site: FeedServer
) -> None:
    subscriptions(program, site)

    done = program.run("feeds", "import", "My subscriptions.opml", "--tag", "mine")

    assert done.returncode == 0, done.stderr
    assert "added 2 feeds to feeds/my-subscriptions.toml" in done.stdout
    assert "the feed of line 2 again" in done.stdout
    assert "followed already: config.toml:" in done.stdout
    assert "write an address that starts with http://" in done.stdout
    assert 'its type is "link"' in done.stdout
    assert "hunter2" not in done.stdout
    assert added(program, "my-subscriptions") == [
        {"url": site.url("/rss"), "name": "Harbour & Bay", "tags": ["sea", "mine"]},
        {"url": site.url("/gone"), "name": "Gone", "tags": ["mine"]},
    ]
    assert program.run("check").returncode == 0


def test_import_a_second_time_changes_nothing(program: Program, site: FeedServer) -> None:
    subscriptions(program, site)
    program.run("feeds", "import", "My subscriptions.opml")
    before = (program.folder / "feeds" / "my-subscriptions.toml").read_text()

    done = program.run("feeds", "import", "My subscriptions.opml")

    assert done.returncode == 0
    assert "no new feeds" in done.stdout
    assert (program.folder / "feeds" / "my-subscriptions.toml").read_text() == before


def test_import_online_skips_what_can_not_be_read(program: Program, site: FeedServer) -> None:
    subscriptions(program, site)

    done = program.run("feeds", "import", "My subscriptions.opml", "--online", "--json")

    said = json.loads(done.stdout)
    assert said["added"] == [site.url("/rss")]
    assert {"what": site.url("/gone"), "line": 7}.items() <= said["skipped"][-1].items()
    assert "404" in said["skipped"][-1]["why"]


def test_import_reads_standard_input_and_refuses_what_is_no_opml(program: Program) -> None:
    done = program.run("feeds", "import", "-", stdin="<rss/>")
    missing = program.run("feeds", "import", "nowhere.opml")
    empty = program.run("feeds", "import", "-", stdin="<opml><body/></opml>")

    assert (done.returncode, missing.returncode, empty.returncode) == (2, 2, 1)
    assert "-: this is not OPML: it begins with <rss>" in done.stderr
    assert "nowhere.opml: it cannot be read" in missing.stderr
    assert not (program.folder / "feeds").exists()


def test_what_is_exported_can_be_imported_elsewhere(program: Program, tmp_path: Path) -> None:
    extra = (
        '[[feeds]]\nurl = "https://me:hunter2@b.example/rss?key=k"\nname = "B"\ntags = ["x", "y"]\n'
    )
    program.configure(feeds=["https://a.example/rss"], extra=extra)

    done = program.run("feeds", "export", "out.opml")
    again = program.run("feeds", "export", "out.opml")

    assert done.returncode == 0
    assert "user name and password left out of: b.example" in done.stderr
    assert "may hold a key" in done.stderr
    assert again.returncode == 1
    written = (program.folder / "out.opml").read_text()
    assert "hunter2" not in written
    other = Program(tmp_path / "other")
    other.configure(feeds=[])
    assert other.run("feeds", "import", "-", stdin=written).returncode == 0
    assert added(other, "imported") == [
        {"url": "https://b.example/rss?key=k", "name": "B", "tags": ["x", "y"]},
        {"url": "https://a.example/rss", "name": "Outlet 0", "language": "en"},
    ]
    assert program.run("feeds", "export").stdout.count("<outline") == written.count("<outline")
