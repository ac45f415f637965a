from __future__ import annotations

import base64
import gzip
import socket
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from feedserver import Answer, FeedServer, closed_port, http_date, rss, rss_item

from monitor.errors import FeedError, FetchError
from monitor.feeds.exchange import Request, Response
from monitor.feeds.fetch import Fetcher
from monitor.feeds.settings import PollingSettings
from monitor.model import Validators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from feedserver import Connection

DOCUMENT = rss([rss_item(f"Story {n}", guid=str(n)) for n in range(50)])
USER_AGENT = "news-monitor/1 (News desk; +desk@example.org)"
OK_HEAD = b"HTTP/1.1 200 OK\r\n"
NONE = Validators()


def settings(**table: object) -> PollingSettings:
    defaults: dict[str, object] = {
        "timeout": "5s",
        "max_size": "100KB",
        "per_host": 32,
        "allow_private": ["127.0.0.0/8"],
    }
    return PollingSettings.model_validate(defaults | table)


def given(requests: Sequence[Request]) -> Callable[[int], Sequence[Request]]:
    left = list(requests)

    def take(count: int) -> Sequence[Request]:
        taken, left[:] = left[:count], left[count:]
        return taken

    return take


def fetch_all(urls: Sequence[str], **table: object) -> dict[str, Response | FeedError]:
    requests = [Request(n, url, Validators()) for n, url in enumerate(urls)]
    with Fetcher(settings(**table), user_agent=USER_AGENT) as fetcher:
        return {one.request.url: one.outcome for one in fetcher.fetch(given(requests))}


def outcome(url: str, validators: Validators = NONE, **table: object) -> Response | FeedError:
    with Fetcher(settings(**table), user_agent=USER_AGENT) as fetcher:
        (fetched,) = fetcher.fetch(given([Request(1, url, validators)]))
    return fetched.outcome


def response(url: str, validators: Validators = NONE, **table: object) -> Response:
    found = outcome(url, validators, **table)
    assert isinstance(found, Response), found
    return found


def error(url: str, validators: Validators = NONE, **table: object) -> FetchError:
    found = outcome(url, validators, **table)
    assert isinstance(found, FetchError), found
    return found


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as one:
        yield one


# -- what is asked, and what comes back


@pytest.mark.parametrize("compress", [False, True])
def test_a_document_arrives_whole(server: FeedServer, *, compress: bool) -> None:
    url = server.publish("/a", DOCUMENT, etag='W/"x"', compress=compress)

    found = response(url)

    assert (found.status, found.url, found.body) == (200, url, DOCUMENT)
    assert found.headers["content-type"] == "application/xml"
    assert found.moved_to is None


def test_a_feed_is_asked_politely_and_without_traces(server: FeedServer) -> None:
    url = server.answer("/a", Answer(DOCUMENT, headers={"Set-Cookie": "id=1"}))
    server.redirect("/b", url)

    fetch_all([url, server.url("/b")], concurrency=1)

    first, *others = server.requests
    assert first.headers["user-agent"] == USER_AGENT
    assert first.headers["accept-encoding"] == "gzip"
    assert "application/rss+xml" in first.headers["accept"]
    for asked in (first, *others):
        assert not {"cookie", "referer", "if-none-match", "if-modified-since"} & set(asked.headers)


def test_validators_are_sent_back_byte_for_byte(server: FeedServer) -> None:
    etag, modified = 'W/"v1, \xe9"', "sometime last Tuesday"
    url = server.publish("/a", DOCUMENT, etag=etag, last_modified=modified)

    first = response(url)
    second = response(url, first.validators)

    assert first.validators == Validators(etag, modified)
    assert server.requests[-1].headers["if-none-match"] == etag
    assert server.requests[-1].headers["if-modified-since"] == modified
    assert (second.status, second.body, second.validators) == (304, b"", first.validators)


def test_a_304_to_an_unconditional_question_is_an_error(server: FeedServer) -> None:
    assert "although we asked" in str(error(server.answer("/a", Answer(status=304))))


def test_a_validator_that_can_not_be_a_header_is_dropped(server: FeedServer) -> None:
    server.play(
        "/a", lambda c: c.send(OK_HEAD + b'ETag: "a\x00\x01"\r\nContent-Length: 2\r\n\r\nok')
    )
    url = server.answer("/b", Answer(b"ok", etag='"' + "x" * 5000 + '"'))

    assert response(url).validators == Validators()
    assert isinstance(outcome(server.url("/a")), FetchError | Response)


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 451, 500, 502, 504, 999])
def test_a_feed_as_the_body_of_another_status_is_not_read(server: FeedServer, status: int) -> None:
    url = server.answer("/a", Answer(DOCUMENT if status != 204 else b"", status=status))

    assert str(error(url)).startswith(f"answered {status}")


def test_410_is_for_good(server: FeedServer) -> None:
    assert error(server.answer("/a", Answer(status=410))).gone


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("120", 120, 120),
        ("in an hour", 3500, 3600),
        ("1000000000000", 86_400, 86_400),
    ],
)
def test_a_publisher_may_ask_for_a_pause(
    server: FeedServer, status: int, header: str, least: int, most: int
) -> None:
    if header == "in an hour":
        header = http_date(time.time() + 3600)
    url = server.answer("/a", Answer(status=status, headers={"Retry-After": header}))

    asked = error(url).retry_after

    assert asked
    assert timedelta(seconds=least) <= asked <= timedelta(seconds=most)


@pytest.mark.parametrize("header", ["-5", "soon", http_date(0)])
def test_an_unusable_pause_is_none(server: FeedServer, header: str) -> None:
    url = server.answer("/a", Answer(status=429, headers={"Retry-After": header}))

    assert error(url).retry_after is None


# -- redirects


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_tells_the_new_address(server: FeedServer, status: int) -> None:
    url = server.publish("/new", DOCUMENT)
    server.redirect("/old", "/older", status=308)
    server.redirect("/older", url, status=status)

    found = response(server.url("/old"))

    assert (found.body, found.url, found.moved_to) == (DOCUMENT, url, url)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_on_the_way_makes_it_passing(server: FeedServer, status: int) -> None:
    server.publish("/new", DOCUMENT)
    server.redirect("/old", "/older", status=301)
    server.redirect("/older", "/new", status=status)

    found = response(server.url("/old"))

    assert found.body == DOCUMENT
    assert found.moved_to is None


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("/loop", "more than 5 redirects"),
        ("file:///etc/passwd", "redirects to what is no http(s) address"),
        ("ftp://127.0.0.1/x", "redirects to what is no http(s) address"),
        ("gopher://127.0.0.1/x", "redirects to what is no http(s) address"),
        ("javascript:alert(1)", "redirects to what is no http(s) address"),
        ("http://10.0.0.1/", "leads to 10.0.0.1, a private address"),
        ("http://[::1]/", "leads to ::1, a loopback address"),
        ("http://169.254.169.254/latest/", "leads to 169.254.169.254, a link-local or cloud"),
        ("http://2852039166/", "leads to 169.254.169.254"),
        ("http://0xa9.0376.43518/", "leads to 169.254.169.254"),
        ("http://[::ffff:10.0.0.1]/", "a private address"),
        ("", "answered 302 Found"),
        ("http://", "redirects to what is no http(s) address"),
    ],
)
def test_a_redirect_leads_nowhere_it_should_not(server: FeedServer, to: str, words: str) -> None:
    assert words in str(error(server.redirect("/loop", to)))


def test_five_redirects_are_followed_and_no_sixth(server: FeedServer) -> None:
    server.publish("/0", DOCUMENT)
    for hop in range(1, 7):
        server.redirect(f"/{hop}", f"/{hop - 1}")

    assert response(server.url("/5")).body == DOCUMENT
    assert "more than 5 redirects" in str(error(server.url("/6")))


def test_credentials_stay_with_their_own_server(server: FeedServer) -> None:
    with FeedServer() as other:
        other.publish("/b", DOCUMENT)
        server.redirect("/a", other.url("/b"))
        url = f"http://desk:s3cret%21@{server.address}/a"

        found = response(url)

        assert server.requests[0].headers["authorization"] == "Basic ZGVzazpzM2NyZXQh"
        assert "authorization" not in other.requests[0].headers
        assert "s3cret" not in found.url


def test_credentials_of_any_alphabet_arrive(server: FeedServer) -> None:
    server.publish("/a", DOCUMENT)

    response(f"http://desk:%EB%B9%84%EB%B0%80@{server.address}/a")

    sent = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "desk:비밀"


def test_a_header_named_like_a_protocol_is_a_header(server: FeedServer) -> None:
    head = OK_HEAD + b"HTTP/foo: bar\r\nContent-Length: %d\r\n\r\n" % len(DOCUMENT)
    server.play("/a", lambda connection: connection.send(head + DOCUMENT))

    assert response(server.url("/a")).body == DOCUMENT


def test_errors_never_show_credentials() -> None:
    found = error(f"http://desk:s3cret@127.0.0.1:{closed_port()}/a")

    assert "s3cret" not in str(found)
    assert "desk" not in str(found)


# -- addresses


def test_private_addresses_are_refused_unless_allowed(server: FeedServer) -> None:
    url = server.publish("/a", DOCUMENT)

    for allowed in ([], ["10.0.0.0/8"], [f"127.0.0.1:{server.port + 1}"]):
        assert f'add "{server.address}" to polling.allow_private' in str(
            error(url, allow_private=allowed)
        )
    assert server.requests == []
    assert response(url, allow_private=[server.address]).body == DOCUMENT


def test_a_name_that_leads_inside_is_refused(server: FeedServer) -> None:
    url = f"http://localhost:{server.port}/a"

    assert "a loopback address" in str(error(url, allow_private=[]))


def test_proxies_of_the_environment_are_not_used(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    assert response(server.publish("/a", DOCUMENT)).body == DOCUMENT


@pytest.mark.parametrize(
    "url", ["", "nonsense", "file:///etc/passwd", "http://", "http://a b/", "http://\x00/"]
)
def test_what_is_no_address_is_an_error_like_any_other(url: str) -> None:
    assert "can't be asked" in str(error(url))


def test_a_name_nobody_knows_is_named() -> None:
    assert str(error("http://nobody.invalid/a")) == "the name nobody.invalid is not known (DNS)"


def test_a_closed_port_is_named() -> None:
    found = error(f"http://127.0.0.1:{closed_port()}/a")

    assert str(found) == "no connection to 127.0.0.1: nobody listens there"


# -- answers that go wrong


def answering(*parts: bytes | float) -> Callable[[Connection], None]:
    """A script that writes the bytes and waits the seconds it is given."""

    def script(connection: Connection) -> None:
        for part in parts:
            if isinstance(part, bytes):
                connection.send(part)
            else:
                connection.wait(part)

    return script


def for_ever(head: bytes, again: bytes, pause: float = 0) -> Callable[[Connection], None]:
    def script(connection: Connection) -> None:
        connection.send(head)
        while True:
            connection.send(again)
            connection.wait(pause)

    return script


PACKED = gzip.compress(DOCUMENT)
GZIP_HEAD = OK_HEAD + b"Content-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (answering(60.0), "no complete answer within 400ms"),
        (for_ever(OK_HEAD, b"X-A: b\r\n", 0.02), "no complete answer within 400ms"),
        (for_ever(OK_HEAD + b"\r\n", b"<", 0.02), "no complete answer within 400ms"),
        (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02), "no complete answer within 400ms"),
        (for_ever(OK_HEAD, b"X-A: " + b"b" * 1000 + b"\r\n"), "endless headers"),
        (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), "endless headers"),
        (answering(OK_HEAD + b"X: " + b"y" * 1_000_000), "headers far too long"),
        (for_ever(OK_HEAD + b"\r\n", b"x" * 10_000), "larger than 100KB (polling.max_size)"),
        (answering(OK_HEAD + b"Content-Length: 53687091200\r\n\r\n"), "larger than 100KB"),
        (
            for_ever(
                OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"
            ),
            "larger than 100KB",
        ),
        (answering(OK_HEAD + b"Content-Length: 100\r\n\r\n<rss>"), "cut off"),
        (
            answering(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n"),
            "broke off|cut off",
        ),
        (
            answering(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<rss>\r\n"),
            "broke off|failed",
        ),
        (
            answering(GZIP_HEAD + b"Content-Length: 50\r\n\r\n" + PACKED[:50]),
            "a compressed answer that was cut off",
        ),
        (answering(GZIP_HEAD + b"\r\n" + PACKED[:-3]), "a compressed answer that was cut off"),
        (answering(GZIP_HEAD + b"\r\n" + DOCUMENT), "damaged compressed data"),
        (answering(GZIP_HEAD + b"\r\n" + gzip.compress(bytes(60_000_000))), "larger than 100KB"),
        (answering(OK_HEAD + b"Content-Encoding: br\r\n\r\nx"), "did not ask for"),
        (answering(b""), "without an answer"),
        (lambda c: c.reset(), "broke off"),
        (lambda c: (c.send(OK_HEAD + b"Content-Length: 9\r\n\r\n<"), c.reset()), "broke off"),
        (answering(b"SSH-2.0-OpenSSH_9\r\n"), "no HTTP answer"),
        (answering(b"HTTP/1.1 junk\r\n\r\n"), "no HTTP answer"),
        (answering(b"HTTP/9.9 200 OK\r\n\r\n"), "no HTTP answer"),
        (answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000), "headers|too long"),
    ],
)
def test_a_broken_answer_is_never_taken_for_a_document(
    server: FeedServer, script: Callable[[Connection], None], words: str
) -> None:
    url = server.play("/a", script)

    found = str(error(url, timeout="400ms" if "400ms" in words else "10s"))

    assert any(word in found for word in words.split("|")), found


def test_a_status_is_told_although_its_body_never_ends(server: FeedServer) -> None:
    url = server.play("/a", for_ever(b"HTTP/1.1 404 Not Found\r\n\r\n", b"x" * 10_000))

    assert str(error(url)).startswith("answered 404")


def test_more_than_was_announced_is_not_read(server: FeedServer) -> None:
    url = server.play("/a", answering(OK_HEAD + b"Content-Length: 5\r\n\r\n<rss></rss>"))

    assert response(url).body == b"<rss>"


def test_trailers_do_not_change_what_was_said_before(server: FeedServer) -> None:
    body = b'5\r\n<rss>\r\n0\r\nETag: "late"\r\n\r\n'
    head = OK_HEAD + b'ETag: "early"\r\nTransfer-Encoding: chunked\r\n\r\n'

    assert response(server.play("/a", answering(head + body))).validators.etag == '"early"'


def test_a_host_that_never_answers_the_call_is_given_up(server: FeedServer) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        # Fill its queue: the next caller hears nothing.
        callers = [socket.socket() for _ in range(3)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        try:
            found = error(f"http://127.0.0.1:{port}/", timeout="300ms")
        finally:
            for caller in callers:
                caller.close()

    assert "within 300ms" in str(found)


# -- many at once


def test_all_feeds_are_fetched_each_once(server: FeedServer) -> None:
    urls = [server.publish(f"/{n}", rss([rss_item(f"Story {n}")])) for n in range(300)]

    found = fetch_all(urls, concurrency=16)

    assert len(found) == len(server.requests) == 300
    for n, url in enumerate(urls):
        one = found[url]
        assert isinstance(one, Response)
        assert f"Story {n}<".encode() in one.body


def test_one_slow_feed_delays_no_other(server: FeedServer) -> None:
    slow = Request(0, server.play("/slow", answering(OK_HEAD, 60.0)), Validators())
    quick = [Request(n, server.publish(f"/{n}", DOCUMENT), Validators()) for n in range(1, 3)]
    waves = [[slow, quick[0]], *([request] for request in quick[1:])]

    def take(count: int) -> Sequence[Request]:
        return waves.pop(0) if waves else []

    with Fetcher(settings(timeout="2s", concurrency=4), user_agent=USER_AGENT) as fetcher:
        order = [fetched.request.feed for fetched in fetcher.fetch(take)]

    assert sorted(order[:2]) == [1, 2]
    assert order[2:] == [0]


def test_transfers_go_on_while_the_caller_works(server: FeedServer) -> None:
    head = OK_HEAD + b"Content-Length: 2\r\n\r\n"
    urls = [server.play(f"/{n}", answering(head, 0.1 + n / 2, b"ok")) for n in range(3)]
    requests = [Request(n, url, Validators()) for n, url in enumerate(urls)]

    with Fetcher(settings(timeout="2s"), user_agent=USER_AGENT) as fetcher:
        fetched = fetcher.fetch(given(requests))
        outcomes = [next(fetched).outcome]
        time.sleep(2.2)  # longer than the others may take
        outcomes += [one.outcome for one in fetched]

    assert [type(one) for one in outcomes] == [Response] * 3


@pytest.mark.parametrize("per_host", [1, 3])
def test_a_host_is_never_asked_for_more_than_it_may_be_at_once(
    server: FeedServer, per_host: int
) -> None:
    head = OK_HEAD + b"Content-Length: 2\r\n\r\n"
    urls = [server.play(f"/{n}", answering(head, 0.02, b"ok")) for n in range(12)]

    fetch_all(urls, per_host=per_host, concurrency=12)

    assert server.busiest == per_host
    asked = [one.path for one in server.requests]
    assert set(asked[:per_host]) == {f"/{n}" for n in range(per_host)}


def test_a_crowd_at_one_host_does_not_keep_others_waiting(server: FeedServer) -> None:
    head = OK_HEAD + b"Content-Length: 2\r\n\r\n"
    crowd = [server.play(f"/{n}", answering(head, 0.1, b"ok")) for n in range(12)]
    with FeedServer(host="127.0.0.2") as other:
        alone = other.publish("/alone", DOCUMENT)
        requests = [Request(n, url, Validators()) for n, url in enumerate([*crowd, alone])]
        with Fetcher(settings(per_host=1, concurrency=4), user_agent=USER_AGENT) as fetcher:
            order = [fetched.request.url for fetched in fetcher.fetch(given(requests))]

    assert order.index(alone) < 5
    assert len(order) == 13


def test_a_feed_that_is_being_asked_is_not_asked_twice(server: FeedServer) -> None:
    url = server.play("/a", answering(OK_HEAD + b"Content-Length: 2\r\n\r\n", 1.2, b"ok"))
    offered = [[Request(1, url, Validators())] for _ in range(3)]

    def take(count: int) -> Sequence[Request]:
        return offered.pop() if offered and count else []

    with Fetcher(settings(), user_agent=USER_AGENT) as fetcher:
        found = list(fetcher.fetch(take))

    assert len(found) == len(server.requests) == len({asked.at for asked in server.requests})
    assert len(found) <= 2


def test_nothing_to_ask_is_over_at_once() -> None:
    with Fetcher(settings(), user_agent=USER_AGENT) as fetcher:
        assert list(fetcher.fetch(given([]))) == []


def test_stop_ends_everything_at_once(server: FeedServer) -> None:
    url = server.play("/a", answering(OK_HEAD, 60.0))
    with Fetcher(settings(timeout="60s"), user_agent=USER_AGENT) as fetcher:
        timer = threading.Timer(0.2, fetcher.stop)
        timer.start()

        found = list(fetcher.fetch(given([Request(1, url, Validators())])))
        again = list(fetcher.fetch(given([Request(1, url, Validators())])))
        timer.join()

    # Not the error of a time limit: nobody waited for it.
    assert found == again == []


def test_a_caller_that_loses_interest_leaves_nothing_behind(server: FeedServer) -> None:
    urls = [server.publish("/quick", DOCUMENT), server.play("/slow", answering(OK_HEAD, 60.0))]
    requests = [Request(n, url, Validators()) for n, url in enumerate(urls)]
    with Fetcher(settings(), user_agent=USER_AGENT) as fetcher:
        for fetched in fetcher.fetch(given(requests)):
            assert fetched.request.feed == 0
            break

    assert "transfers" not in {thread.name for thread in threading.enumerate()}


def test_a_fetcher_can_be_used_again_and_keeps_its_connections(server: FeedServer) -> None:
    url = server.publish("/a", DOCUMENT)

    with Fetcher(settings(), user_agent=USER_AGENT) as fetcher:
        for _ in range(3):
            (fetched,) = fetcher.fetch(given([Request(1, url, Validators())]))
            assert isinstance(fetched.outcome, Response)

    assert server.connections == 1


def test_what_take_raises_reaches_the_caller(server: FeedServer) -> None:
    def take(count: int) -> Sequence[Request]:
        raise RuntimeError("the database is gone")

    with (
        Fetcher(settings(), user_agent=USER_AGENT) as fetcher,
        pytest.raises(RuntimeError, match="the database is gone"),
    ):
        list(fetcher.fetch(take))
