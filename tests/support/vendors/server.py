"""A vendor on loopback: one HTTP server that answers by script, and may misbehave in every way that vendors do."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock, Thread
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from tests.support.http import CuttableServer

HTML = b"<!doctype html><html><body><h1>We will be back soon</h1></body></html>"


@dataclass(frozen=True)
class Asked:
    """One request as the vendor saw it; ``number`` counts from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    number: int

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def token(self) -> str:
        """What stands behind ``Bearer``."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Said:
    """One answer. ``body`` is JSON's, or bytes as they are; ``wire`` says how the connection misbehaves."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: Literal["", "reset", "cut", "hang", "drip"] = ""


Answering = Callable[[Asked], Said]
Trouble = Callable[[Asked], Said | None]
"""What goes wrong with a request; None: nothing."""


def limited(retry_after: str | None = "0") -> Said:
    """429, with or without a word on how long."""
    return Said({"error": "rate limited"}, 429, {} if retry_after is None else {"retry-after": retry_after})


def away(status: int = 503) -> Said:
    return Said({"error": "internal"}, status)


def html_page(status: int = 200) -> Said:
    """What a proxy says in the vendor's name."""
    return Said(HTML, status, {"content-type": "text/html"})


def every(n: int, said: Said) -> Trouble:
    """Each ``n``-th request gets this answer instead."""
    return lambda asked: said if asked.number % n == 0 else None


def once(number: int, said: Said) -> Trouble:
    return lambda asked: said if asked.number == number else None


def troubled(inner: Answering, *troubles: Trouble) -> Answering:
    """Answers that go wrong as ``troubles`` say, the first of them that has something to say."""

    def answer(asked: Asked) -> Said:
        for trouble in troubles:
            if (wrong := trouble(asked)) is not None:
                return wrong
        return inner(asked)

    return answer


EVERY_TROUBLE: tuple[Trouble, ...] = (
    every(7, limited("0")),
    every(11, limited(None)),
    every(13, away(503)),
    every(17, html_page()),
    every(19, Said(wire="reset")),
    every(23, Said({"cut": "x" * 500}, wire="cut")),
    every(29, away(500)),
    every(31, html_page(502)),
)
"""Everything that passes by itself, often; the numbers have no factor in common, so troubles come one after another."""


def script(*answers: Said) -> Answering:
    """One after another whatever is asked; the last again and again."""
    left, lock = list(answers), Lock()

    def answer(_asked: Asked) -> Said:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


@dataclass
class VendorServer:
    """A running one. ``asked`` holds every request; ``answer`` may be changed at any time."""

    answer: Answering
    asked: list[Asked] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def start(self) -> None:
        self.http = _Http(("127.0.0.1", 0), _Handler)
        self.http.vendor = self
        Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self.http.shutdown()
        self.http.server_close()
        self.http.cut_all()

    def take(self, make: Callable[[int], Asked]) -> Asked:
        with self.lock:
            self.asked.append(make(len(self.asked) + 1))
            return self.asked[-1]


@contextmanager
def vendor_server(answer: Answering | Said) -> Iterator[VendorServer]:
    """A vendor that answers so, for the length of a ``with``."""
    server = VendorServer(script(answer) if isinstance(answer, Said) else answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Http(CuttableServer):
    vendor: VendorServer


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        split = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        vendor = self.server.vendor
        asked = vendor.take(lambda n: Asked(self.command, split.path, query, headers, body, n))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._say(vendor.answer(asked))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815  # names of the standard library

    def _say(self, said: Said) -> None:
        if said.wire in ("reset", "hang"):
            if said.wire == "hang":
                self.server.vendor.stopping.wait(30)
            self._reset()
            return
        body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        self.send_response_only(said.status)
        bare = said.status == 304
        for name, value in {"content-type": "application/json", **said.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", "0" if bare else str(len(body)))
        self.end_headers()
        if not bare:
            self._write(said, body)

    def _write(self, said: Said, body: bytes) -> None:
        if said.wire == "cut":
            self.wfile.write(body[: len(body) // 2])
            self._reset()
        elif said.wire == "drip":
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.server.vendor.stopping.wait(0.05):
                    break
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
