from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import urls

PAGE = "https://news.example/world/2025/captured-soldiers"
PAIRS = Path(__file__).parents[3] / "shared/dedup/data/url_pairs.jsonl"
anything = st.text(max_size=80) | st.text("htps:/.?&=%#@[]\\+ aéж0\x00\n", max_size=60).map(
    "http://".__add__
)


@pytest.mark.parametrize(
    "other",
    [
        "http://news.example/world/2025/captured-soldiers",
        "https://www.news.example/world/2025/captured-soldiers/",
        "https://NEWS.example:443/world/2025/captured-soldiers",
        "http://m.news.example:80/world/./2025/x/../captured-soldiers",
        "https://amp.news.example/world/2025/captured-soldiers/amp/",
        "https://news.example/world/2025/captured-soldiers?outputType=amp",
        "https://news.example/world/2025/captured%2Dsoldiers#comments",
        "https://news.example/world/2025/captured-soldiers?utm_source=rss&utm_medium=feed",
        "https://news.example/world/2025/captured-soldiers?utm_source=rss&amp;at_medium=RSS",
        "https://news.example/world/2025/captured-soldiers?fbclid=abc&from=rss&ref=twitter",
        "https://news.example/world/2025/captured-soldiers;jsessionid=0A1B",
        "\n https://news.example//world/2025/captured-soldiers \t",
        "https://user:secret@news.example/world/2025/captured-soldiers",
        "https://www.google.com/amp/s/news.example/world/2025/captured-soldiers",
        "https://www.google.com/url?rct=j&url=https%3A%2F%2Fnews.example%2Fworld%2F2025%2Fcaptured-soldiers",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fworld%2F2025%2Fcaptured-soldiers",
        "https://vk.com/away.php?to=https%3A%2F%2Fnews.example%2Fworld%2F2025%2Fcaptured-soldiers",
        "https://news-example.cdn.ampproject.org/c/s/news.example/world/2025/captured-soldiers",
    ],
)
def test_spellings_of_one_address_are_the_same(other: str) -> None:
    assert urls.canonical(other) == urls.canonical(PAGE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/?id=1", "https://news.example/?id=2"),
        ("https://news.example/a?no=1&page=2", "https://news.example/a?no=1&page=3"),
        ("https://news.example/a?from=2024", "https://news.example/a?from=2025"),
        ("https://news.example/a?mod=read", "https://news.example/a?mod=list"),
        ("https://news.example/A", "https://news.example/a"),
        ("https://news.example/a", "https://news.example:8080/a"),
        ("https://news.example/a", "https://kr.news.example/a"),
        ("https://m.co.uk/a", "https://www.co.uk/a"),
        ("https://news.example/#!/a", "https://news.example/#!/b"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/amplifier", "https://news.example/"),
    ],
)
def test_different_pages_stay_different(one: str, other: str) -> None:
    assert urls.canonical(one) != urls.canonical(other)


def test_the_order_of_parameters_does_not_matter() -> None:
    assert urls.canonical("https://n.example/a?b=1&c=2") == urls.canonical(
        "https://n.example/a?c=2&b=1"
    )


def test_a_name_in_letters_and_in_the_networks_form_are_the_same() -> None:
    assert urls.canonical("https://новини.example/а") == urls.canonical(
        "https://xn--b1amarcd.example/%D0%B0"
    )


@pytest.mark.parametrize(
    "odd", ["", "no address", "mailto:desk@news.example", "http://", "http:///x"]
)
def test_what_is_no_web_address_stands_for_itself(odd: str) -> None:
    assert urls.canonical(odd) == odd


@given(anything)
def test_canonical_never_fails_and_is_stable(url: str) -> None:
    once = urls.canonical(url)

    assert urls.canonical(once) == once


@pytest.mark.parametrize(
    ("url", "is_homepage"),
    [
        ("https://news.example", True),
        ("http://www.news.example/?utm_source=rss", True),
        ("https://news.example/?id=1", False),
        ("https://news.example/world", False),
        ("https://news.example/#!/world", False),
        ("", False),
    ],
)
def test_a_homepage_is_told_from_its_pages(url: str, *, is_homepage: bool) -> None:
    assert urls.is_homepage(urls.canonical(url)) is is_homepage


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://news.example/a?b=1#c", "https://news.example/a?b=1#c"),
        (" https://news.example/\n", "https://news.example/"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a b|<c>", "https://news.example/a%20b%7C%3Cc%3E"),
        ("https://news.example/\u202egnp", "https://news.example/%E2%80%AEgnp"),
        ("https://новини.example/а", "https://xn--b1amarcd.example/%D0%B0"),
        ("https://[2001:db8::1]:8000/a", "https://[2001:db8::1]:8000/a"),
        ("HTTP://NEWS.example", "http://news.example"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//news.example/a", ""),
        ("/a", ""),
        ("https://news.example\\@evil.example/", ""),
        ("https://news.example/\x00", ""),
        ("https://a b.example/", ""),
        ("https://news.example/" + "a" * 2000, ""),
        ("", ""),
    ],
)
def test_only_a_harmless_web_address_is_shown(url: str, shown: str) -> None:
    assert urls.safe(url) == shown


@given(anything)
def test_a_shown_address_is_plain_and_safe_again(url: str) -> None:
    shown = urls.safe(url)

    assert shown == "" or shown.startswith(("http://", "https://"))
    assert shown.isascii()
    assert not set(shown) & set(' <>|"`\\^{}')
    assert urls.safe(shown) == shown
    assert urls.credentials(shown) == ("", "")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:secret@News.Example:8080/a", "news.example"),
        ("http://[::1]:80/", "::1"),
        ("https://новини.example", "xn--b1amarcd.example"),
        ("nonsense", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert urls.host(url) == host


def test_credentials_are_left_out_of_logs() -> None:
    url = "https://desk:s3cret@news.example/feed?x=@y"

    assert urls.without_credentials(url) == "https://news.example/feed?x=@y"
    assert urls.credentials(url) == ("desk", "s3cret")


@pytest.mark.parametrize(
    ("url", "displayed"),
    [
        ("https://a:b@x.example/f?token=s3cret", "https://x.example/f?token=***"),
        ("https://x.example/f?id=1&api_key=s3cret&x=2", "https://x.example/f?id=1&api_key=***&x=2"),
        (
            "https://x.example/f?X-Amz-Signature=s3cret#a",
            "https://x.example/f?X-Amz-Signature=***#a",
        ),
        ("https://x.example/f?KEY=s3cret", "https://x.example/f?KEY=***"),
        ("https://x.example/f?api-key=s3cret", "https://x.example/f?api-key=***"),
        ("https://x.example/f?access_key=s3cret", "https://x.example/f?access_key=***"),
        ("https://x.example/f?subscription-key=s3cret", "https://x.example/f?subscription-key=***"),
        (
            "https://x.example/f?session=s3cret;jwt=s3cret",
            "https://x.example/f?session=***;jwt=***",
        ),
        ("https://x.example/f#code=s3cret", "https://x.example/f#code=***"),
        ("https://desk:s3/cret@x.example/f", "https://x.example/f"),
        ("https://x.example:8080/@desk/f", "https://x.example:8080/@desk/f"),
        ("see https://a:b@x.example/ and //c:d@y/", "see https://x.example/ and //y/"),
        ("https://x.example/f?monkey=1&author=kim", "https://x.example/f?monkey=1&author=kim"),
    ],
)
def test_keys_in_addresses_are_not_shown(url: str, displayed: str) -> None:
    assert urls.shown(url) == displayed


@given(st.text(max_size=40), st.text("ab:/@%", max_size=10))
def test_hiding_credentials_never_fails(rest: str, userinfo: str) -> None:
    urls.without_credentials(f"https://{userinfo}@{rest}")


@pytest.mark.skipif(not PAIRS.exists(), reason="the labelled address pairs are not here")
def test_on_labelled_pairs_none_are_merged_wrongly_and_few_are_missed() -> None:
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    same = [pair for pair in pairs if pair["label"]]

    merged = [one for one in pairs if urls.canonical(one["a"]) == urls.canonical(one["b"])]

    assert [one for one in merged if not one["label"]] == []
    assert len(merged) >= 0.97 * len(same)


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("harbour.example/rss", "https://harbour.example/rss"),
        ("feed://harbour.example/rss", "https://harbour.example/rss"),
        ("feed:http://harbour.example/rss", "http://harbour.example/rss"),
        ("FEED://https://harbour.example/rss", "https://harbour.example/rss"),
        ("http://harbour.example/", "http://harbour.example/"),
        ("ftp://harbour.example/", "ftp://harbour.example/"),
    ],
)
def test_what_people_paste_gets_a_scheme(pasted: str, meant: str) -> None:
    assert urls.with_scheme(pasted) == meant


@pytest.mark.parametrize("spelling", ["http://A.org/x", "https://www.a.org/x/", "HTTPS://a.org/x"])
def test_spellings_of_an_address_of_a_machine_are_one(spelling: str) -> None:
    assert urls.without_scheme(spelling) == "a.org/x"
    assert urls.without_scheme("https://a.org/X?channel=rss") == "a.org/X?channel=rss"
