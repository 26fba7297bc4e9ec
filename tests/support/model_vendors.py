"""The vendors of language models on loopback: their wire formats over HTTP, and misbehaviour by script.

One server speaks OpenAI's Responses, chat completions and Anthropic's messages, by the path that is asked; who answers
is a function from the request to a ``Said``, ``Failed`` or ``Broken``, or to a plain string (a ``Said``). Requests come
in threads; ``server.asked`` keeps them in the order they came.

    with vendor(lambda asked: '{"label": "bug"}') as server:
        provider = OpenAIProvider(account_at(server, "openai"))

``script(a, b, c)`` answers in turn and repeats the last; ``server.answer = …`` changes its mind at any time.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock, Thread
from typing import Literal

from connectors.llm.anthropic import AnthropicProvider
from connectors.llm.compatible import CompatibleProvider
from connectors.llm.config import Account
from connectors.llm.openai import OpenAIProvider
from tests.support.http import CuttableServer
from tests.support.vendor_wire import ROUTES, Asked, Failed, Said, body_of, error_of

Mode = Literal[
    "hang",
    "reset",
    "reset_mid_body",
    "drip",
    "megabyte",
    "not_json",
    "list",
    "empty_object",
    "gzip",
    "redirect",
]
"""``hang``: say nothing; ``reset`` at once, or ``reset_mid_body``; ``drip``: a byte now and then; ``megabyte``: a good
answer of 2 MB; ``not_json``: a proxy's page; ``list``, ``empty_object``: JSON that is no answer; ``gzip``: a compressed
body nobody asked for; ``redirect``: elsewhere."""


@dataclass(frozen=True)
class Broken:
    """No vendor's answer at all."""

    mode: Mode
    every_s: float = 0.05
    """Between two bytes of a drip."""


Answer = Said | Failed | Broken | str
Answering = Callable[[Asked], Answer]

RATE_LIMITED = Failed(429, "rate_limit_exceeded")
NO_QUOTA = Failed(429, "insufficient_quota")
OVERLOADED = Failed(529, "overloaded_error")


def script(*answers: Answer) -> Answering:
    """These in turn, whoever asks; the last again and again."""
    left = list(answers)
    lock = Lock()

    def answer(_asked: Asked) -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


@dataclass
class Server:
    """A running one; ``url`` is what OpenAI's and compatible clients take, Anthropic's takes ``root``."""

    answer: Answering
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    tls: ssl.SSLContext | None = None

    @property
    def root(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def take(self, asked: Callable[[int], Asked]) -> Asked:
        with self.lock:
            self.asked.append(asked(len(self.asked) + 1))
            return self.asked[-1]

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self.stopping.clear()
        self._http = _Http(("127.0.0.1", self.port), _Handler)
        self._http.vendor = self
        if self.tls is not None:
            self._http.socket = self.tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._http.server_address[1]
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Cut every connection and refuse new ones."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.cut_all()


@contextmanager
def vendor(answer: Answering | Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that answers so, for the length of a ``with``."""
    server = Server(answer if callable(answer) else script(answer), tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def account_at(server: Server, name: str = "openai", model: str = "model-1", key: str = "key-1") -> Account:
    """The account with which the provider called ``name`` asks this server."""
    url = server.root if name == "anthropic" else server.url
    return Account(base_url=url, model=model, key=lambda: key, variables=f"UNDERCURRENT_{name.upper()}")


PROVIDERS = {"openai": OpenAIProvider, "anthropic": AnthropicProvider, "compatible": CompatibleProvider}


@contextmanager
def provider_at(
    server: Server, name: str = "openai", model: str = "model-1"
) -> Iterator[OpenAIProvider | AnthropicProvider | CompatibleProvider]:
    """The real provider called ``name``, talking to this server; closed at the end."""
    provider = PROVIDERS[name](account_at(server, name, model))
    try:
        yield provider
    finally:
        provider.close()


class _Http(CuttableServer):
    vendor: Server


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        route = ROUTES.get(self.path)
        if route is None:
            self._say(404, {"error": {"message": f"no such path: {self.path}"}})
            return
        key = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = self.server.vendor.take(lambda n: Asked(route, json.loads(raw), key, n, headers))
        answer = self.server.vendor.answer(asked)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._act(asked, Said(answer) if isinstance(answer, str) else answer)

    def _act(self, asked: Asked, answer: Said | Failed | Broken) -> None:
        if isinstance(answer, Failed):
            self._say(answer.status, error_of(asked, answer), answer.headers)
        elif isinstance(answer, Said):
            self._say(200, body_of(asked, answer))
        else:
            getattr(self, f"_{answer.mode}")(asked, answer)

    def _hang(self, _asked: Asked, _how: Broken) -> None:
        self.server.vendor.stopping.wait(30)
        self._cut()

    def _reset(self, _asked: Asked, _how: Broken) -> None:
        self._cut()

    def _reset_mid_body(self, asked: Asked, _how: Broken) -> None:
        data = self._begin(asked)
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        self._cut()

    def _drip(self, asked: Asked, how: Broken) -> None:
        for byte in self._begin(asked):
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.vendor.stopping.wait(how.every_s):
                break
        self.close_connection = True

    def _megabyte(self, asked: Asked, _how: Broken) -> None:
        self._say(200, body_of(asked, Said('{"label": "' + "x" * 2_000_000 + '"}')))

    def _not_json(self, _asked: Asked, _how: Broken) -> None:
        self._send(200, b"<html>Please sign in</html>", {"content-type": "text/html"})

    def _list(self, _asked: Asked, _how: Broken) -> None:
        self._say(200, [])

    def _empty_object(self, _asked: Asked, _how: Broken) -> None:
        self._say(200, {})

    def _gzip(self, _asked: Asked, _how: Broken) -> None:
        self._send(200, b"\x1f\x8b", {"content-type": "application/json", "content-encoding": "gzip"})

    def _redirect(self, _asked: Asked, _how: Broken) -> None:
        self._send(307, b"", {"location": self.server.vendor.url + "/elsewhere"})

    def _begin(self, asked: Asked) -> bytes:
        data = json.dumps(body_of(asked, Said('{"label": "bug"}'))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.flush()
        return data

    def _cut(self) -> None:
        """Reset the connection without a word."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _say(self, status: int, told: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(told).encode(), {"content-type": "application/json", **(headers or {})})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"x-request-id": "req-1", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
