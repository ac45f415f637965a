"""A small feed server on loopback that publishes the samples one after the other."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from xml.sax.saxutils import escape

from monitor.demo.samples import OUTLETS, SAMPLES, Sample

if TYPE_CHECKING:
    from types import TracebackType


class FeedServer:
    """Serves `/KEY.xml` for every sample outlet while the context lasts; needs no network."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._began = datetime.now(UTC)
        handler = type("Handler", (_Handler,), {"render": self.render})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, outlet: str) -> str:
        """The address of an outlet's feed."""
        return f"http://{self.address}/{outlet}.xml"

    def render(self, outlet: str) -> bytes:
        """The feed of an outlet as it stands now."""
        elapsed = time.monotonic() - self._started
        published = [one for one in SAMPLES if one.outlet == outlet and one.after_s <= elapsed]
        items = "".join(self._item(one) for one in reversed(published))
        name = escape(OUTLETS[outlet].name)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
            f"<title>{name}</title><link>http://{self.address}/</link>{items}</channel></rss>"
        ).encode()

    def _item(self, sample: Sample) -> str:
        link = escape(f"http://{self.address}/{sample.outlet}{sample.path}")
        return (
            f"<item><title>{escape(sample.title)}</title><link>{link}</link>"
            f"<guid>{link}</guid><description>{escape(sample.summary)}</description>"
            f"<pubDate>{format_datetime(self._began)}</pubDate></item>"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    @staticmethod
    def render(outlet: str) -> bytes:
        raise NotImplementedError  # replaced by the server's own

    def do_GET(self) -> None:
        outlet = self.path.strip("/").removesuffix(".xml")
        if outlet not in OUTLETS:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = self.render(outlet)
        etag = f'"{len(body)}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.end_headers()
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: the demo's screen is for alerts."""
