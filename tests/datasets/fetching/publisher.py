"""A publisher on the loopback address that answers as it is told, and a line that leads every https address to it."""

from __future__ import annotations

import hashlib
import random
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from eventpanel.datasets.downloads import Remote
from eventpanel.datasets.fetch import Fetched, Order, fetch_file
from eventpanel.datasets.transfer import Line

HOST = "data.publisher.test"
TABLE = b"importer,year,value\n" + b"".join(
    b"KEN,%d,%d\n" % (year, value) for value, year in enumerate(random.Random(3).choices(range(1900, 2020), k=30_000))
)
SHA256 = hashlib.sha256(TABLE).hexdigest()
REMOTE = Remote(f"https://{HOST}/files/table.csv", "trade/table.csv", 2_000_000)

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; an answer writes to it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        publisher = self.server.publisher  # type: ignore[attr-defined]
        publisher.asked.append((str(self.headers["Host"]), self.path, dict(self.headers)))
        answers = publisher.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            answer(self)
        except ConnectionError:  # the other side has heard enough
            self.close_connection = True

    def head(self, status: int, headers: Mapping[str, object]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, publisher: Publisher) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.publisher = publisher


@dataclass
class Publisher:
    """What was asked, and what is answered: each answer once, the last one for good."""

    answers: list[Answer] = field(default_factory=lambda: [honest()])
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def ranges(self) -> list[str]:
        return [headers.get("Range", "") for _, _, headers in self.asked]


@contextmanager
def serving() -> Iterator[Publisher]:
    publisher = Publisher()
    server = _Server(publisher)
    publisher.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Loopback(HTTPAdapter):
    """Leads every address to one port of this machine, without encryption."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = f"{parts.scheme}://{parts.netloc}"
        request.url = f"http://127.0.0.1:{self.port}{request.path_url}"
        return super().send(request, **(options | {"proxies": {}}))  # type: ignore[arg-type]


def line(port: int, attempts: int = 4) -> Line:
    found = Line(attempts=attempts, pause=0.001, timeout=(5.0, 5.0))
    for scheme in ("https://", "http://"):
        found.session.mount(scheme, _Loopback(port))
    return found


def get(port: int, folder: Path, remote: Remote = REMOTE, *, refresh: bool = False, attempts: int = 4) -> Fetched:
    """Fetch one file from the loopback address."""
    talk = line(port, attempts)
    with talk.session:
        return fetch_file(remote, talk, Order(folder=folder, refresh=refresh, waiting=_waiting))


def _waiting(file: str) -> None:
    print("waiting for", file, flush=True)


def honest(content: bytes = TABLE, tag: str = '"1"', kind: str = "text/csv") -> Answer:
    """As RFC 9110 has it: whole files, parts of the same version, and 416 past the end."""

    def answer(request: Request) -> None:
        headers: dict[str, object] = {"Content-Type": kind, "ETag": tag}
        asked = request.headers.get("Range", "")
        if not asked or request.headers.get("If-Range") != tag:
            request.head(200, headers | {"Content-Length": len(content)})
            request.wfile.write(content)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            request.head(416, headers | {"Content-Range": f"bytes */{len(content)}", "Content-Length": 0})
            return
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        request.head(206, headers | {"Content-Range": span, "Content-Length": len(content) - start})
        request.wfile.write(content[start:])

    return answer


def told(status: int, headers: Mapping[str, object], body: bytes = b"") -> Answer:
    """Just this; the connection ends with it."""

    def answer(request: Request) -> None:
        request.head(status, {"Connection": "close"} | dict(headers))
        request.wfile.write(body)
        request.close_connection = True

    return answer


def cut(after: int, content: bytes = TABLE, headers: Mapping[str, object] | None = None) -> Answer:
    """The whole is promised; the connection breaks."""
    promise = {"Content-Length": len(content)} | dict({"ETag": '"1"'} if headers is None else headers)
    return told(200, promise, content[:after])


def redirect(to: str, status: int = 302) -> Answer:
    return told(status, {"Location": to, "Content-Length": 0})


def with_change(**change: object) -> Remote:
    return replace(REMOTE, **change)  # type: ignore[arg-type]


if __name__ == "__main__":
    print(get(int(sys.argv[1]), Path(sys.argv[2])).news)
