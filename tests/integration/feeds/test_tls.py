"""Certificates are checked, and a bad one is named. Needs the `openssl` program to make some."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, NamedTuple

import pytest

from monitor.errors import FeedError, FetchError
from monitor.feeds.exchange import Request, Response
from monitor.feeds.fetch import Fetcher
from monitor.feeds.settings import PollingSettings
from monitor.model import Validators

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<rss/>"


class Certificate(NamedTuple):
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates nobody but the test trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.root = self.self_signed("root")

    def self_signed(self, name: str) -> Certificate:
        """A certificate that vouches for itself."""
        made = self._place(name)
        self._request("-x509", *_names(name), "-keyout", made.key, "-out", made.cert)
        return made

    def certificate(self, name: str, *, days: int = 30) -> Certificate:
        """A certificate for a host, signed by this authority."""
        made, request = self._place(f"{name}{days}"), self._folder / "request"
        self._request(*_names(name), "-keyout", made.key, "-out", request)
        signer = ("-CA", self.root.cert, "-CAkey", self.root.key, "-CAcreateserial")
        validity = ("-days", str(days), "-copy_extensions", "copy")
        run("x509", "-req", "-in", request, *signer, *validity, "-out", made.cert)
        return made

    def _place(self, name: str) -> Certificate:
        return Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key")

    def _request(self, *arguments: str | Path) -> None:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        run("req", *curve, *arguments)


def _names(name: str) -> tuple[str, ...]:
    return ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")


def run(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@contextlib.contextmanager
def serving(certificate: Certificate) -> Iterator[int]:
    """The port of a server that shows this certificate to one caller."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_one, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def answer_one(listener: socket.socket, context: ssl.SSLContext) -> None:
    plain, _ = listener.accept()
    with (
        plain,
        contextlib.suppress(OSError),
        context.wrap_socket(plain, server_side=True) as secure,
    ):
        secure.recv(4096)
        secure.sendall(ANSWER)
        secure.unwrap()


def ask(port: int) -> Response | FeedError:
    settings = PollingSettings.model_validate({"allow_private": ["127.0.0.0/8", "::1"]})
    waiting = [[Request(1, f"https://localhost:{port}/", Validators())]]
    with Fetcher(settings, user_agent="test") as fetcher:
        (fetched,) = fetcher.fetch(lambda count: waiting.pop() if count and waiting else [])
    return fetched.outcome


def test_a_certificate_that_is_trusted_is_taken(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert))

    with serving(authority.certificate("localhost")) as port:
        found = ask(port)

    assert isinstance(found, Response)
    assert found.body == b"<rss/>"


def refusal(certificate: Certificate) -> str:
    with serving(certificate) as port:
        found = ask(port)
    assert isinstance(found, FetchError)
    return str(found)


def test_one_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    assert refusal(authority.certificate("localhost")) == (
        "the certificate of localhost is signed by an authority this machine does not trust"
    )


def test_one_signed_by_itself_is_refused(authority: Authority) -> None:
    own = authority.self_signed("localhost")

    assert refusal(own) == "the certificate of localhost is self-signed"


def test_one_for_another_host_is_refused(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert))

    found = refusal(authority.certificate("other.example"))

    assert found == "the certificate of localhost is for another host"


def test_one_that_has_expired_is_refused(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert))

    found = refusal(authority.certificate("localhost", days=-1))

    assert found == "the certificate of localhost has expired"


def test_a_server_that_speaks_no_tls_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        found = ask(listener.getsockname()[1])
        thread.join()

    assert "no secure connection" in str(found)


def test_trusted_certificates_may_lie_in_a_folder(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Debian's images, where there is no single file of them."""
    named = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.root.cert],
        check=True,
        capture_output=True,
        text=True,
    )
    (tmp_path / f"{named.stdout.strip()}.0").write_bytes(authority.root.cert.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    with serving(authority.certificate("localhost")) as port:
        assert isinstance(ask(port), Response)
