"""A scripted HTTP server on loopback; what it stands for is a ``Site`` with ``answer``.

``server.script("hang_after", "500", …)`` spoils the next requests that ``spoils`` accepts, one word each: ``hang`` and
``reset`` say nothing, with ``_after`` only once the request was carried out; a number is the status of a page of HTML,
``N_after`` likewise; ``ok`` spoils nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock, Thread
from typing import Any, Protocol

from tests.support.http import CuttableServer

HANGS_S = 5.0
GIVES_UP_S = 2.0
"""How long to wait for one that hangs: less than it hangs, and longer than a busy machine stands still."""

ANSWERS_S = 20.0
"""How long to wait where each request is answered, or cut off, at once."""


def patience(word: str) -> float:
    """How long to wait for one that is scripted so, in seconds."""
    return GIVES_UP_S if word.startswith("hang") else ANSWERS_S


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Said:
    """One answer; ``body`` as text, or as JSON where it is anything else."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Site(Protocol):
    def answer(self, asked: Asked) -> Said: ...


@dataclass
class Scripted:
    """A running server."""

    site: Site
    spoils: Callable[[Asked], bool] = lambda _asked: True
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    _words: deque[str] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)
    _ending: Event = field(default_factory=Event)

    def script(self, *words: str) -> None:
        self._words.extend(words)

    def take(self, asked: Asked) -> Said | None:
        """The answer, or None where the connection is to be cut."""
        with self._lock:
            self.asked.append(asked)
            word = self._words.popleft() if self._words and self.spoils(asked) else "ok"
            what, _, when = word.partition("_")
            said = self.site.answer(asked) if word == "ok" or when == "after" else Said(404)
        if what == "hang":
            self._ending.wait(HANGS_S)
            return None
        if what == "reset":
            return None
        return said if word == "ok" else Said(int(what), "<html>sorry</html>", {"Retry-After": "0"})

    @contextmanager
    def running(self) -> Iterator[Scripted]:
        http = _Http(("127.0.0.1", 0), _Handler)
        http.scripted = self
        self.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ending.set()
            http.shutdown()
            http.server_close()
            thread.join()


class _Http(CuttableServer):
    scripted: Scripted


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server: _Http = self.server  # type: ignore[assignment]
        said = server.scripted.take(Asked(self.command, self.path, headers, body))
        if said is None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = said.body.encode() if isinstance(said.body, str) else json.dumps(said.body).encode()
        content = b"" if said.body is None else content
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(content)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

    def log_message(self, *_args: object) -> None:
        """Quiet."""
