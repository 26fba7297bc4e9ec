"""Is this process alive, and is it of use yet? Told through a file, and over HTTP on the loopback interface.

In:    the source loop, which calls ``HealthFile.touch`` on every turn; what was restored and polled (``Readiness``).
Out:   a small JSON file for checks from outside; ``/livez``, ``/readyz`` and ``/metrics`` for probes and Prometheus.
State: none. Alive means that the loop went round lately: a process that hangs answers HTTP, but its file grows old.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from contracts.errors import WrongUsage

LOOPBACK = "127.0.0.1"
LAST_PORT = 65_535

# How often the file is written at most: far below any age at which somebody would act.
TOUCH_EVERY_S = 1.0
# The age at which a loop counts as hung: a turn takes milliseconds, the slowest batch of a model some seconds.
MAX_AGE_S = 30.0
# What a slow or silent HTTP client may hold a thread for.
REQUEST_WITHIN_S = 5.0
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Beat:
    """The last turn of a source loop; ``time`` is Unix seconds."""

    time: float
    stage: str
    pid: int


class HealthFile:
    """Written by the process that it speaks of; one process, one file."""

    def __init__(self, path: Path, stage: str, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._stage = stage
        self._clock = clock
        self._next = float("-inf")
        path.parent.mkdir(parents=True, exist_ok=True)

    def touch(self) -> None:
        """Note that the loop went round; writes at most every second, and never fails the loop."""
        now = self._clock()
        if self._next - TOUCH_EVERY_S <= now < self._next:  # outside of it the clock was set back
            return
        self._next = now + TOUCH_EVERY_S
        beat = {"time": now, "stage": self._stage, "pid": os.getpid()}
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with suppress(OSError):  # a full disk: the file grows old, which tells it
            beside.write_bytes(orjson.dumps(beat) + b"\n")
            beside.replace(self.path)


def read_beat(path: Path) -> Beat | None:
    """The last beat in a health file; None if there is none that can be read."""
    try:
        found = orjson.loads(path.read_bytes())
        return Beat(float(found["time"]), str(found["stage"]), int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def trouble(path: Path, max_age_s: float, now: float) -> str | None:
    """Why the process behind a health file is not alive, in a few words; None if it is."""
    beat = read_beat(path)
    if beat is None:
        return f"{path.name}: no beat yet"
    age_s = now - beat.time
    if age_s > max_age_s:
        return (
            f"{path.name}: stage {beat.stage} last went round {age_s:.0f} s ago, allowed are {max_age_s:g} s"
        )
    return None


class Readiness:
    """Whether a process is of use: its partitions restored, each polled once and, if asked for, caught up.

    ``expected``: the partitions it must have; None where the engine chooses, then those it has been given are
    enough, and at least one. ``behind_s``: how far behind its input a partition may be; None: as far as it likes.
    Called from the source loop, asked from the HTTP server's threads.
    """

    def __init__(self, expected: frozenset[int] | None = None, *, behind_s: float | None = None) -> None:
        self._expected = expected
        self._allowed_s = behind_s
        self._restored: set[int] = set()
        self._polled: dict[int, float | None] = {}
        self._lock = threading.Lock()

    def restored(self, partition: int) -> None:
        """The partition's state and position are back."""
        with self._lock:
            self._restored.add(partition)

    def polled(self, partition: int, behind_s: float | None = None) -> None:
        """The partition was asked for records; ``behind_s``: how old the newest one it gave is, 0 at the end."""
        with self._lock:
            self._polled[partition] = behind_s

    def missing(self) -> list[str]:
        """What it still waits for; empty when it is ready."""
        with self._lock:
            wanted = self._restored if self._expected is None else self._expected
            if not wanted and self._expected is None:
                return ["no partition restored"]
            return [said for number in sorted(wanted) if (said := self._lacks(number))]

    def _lacks(self, number: int) -> str | None:
        if number not in self._restored:
            return f"partition {number}: not restored"
        if number not in self._polled:
            return f"partition {number}: not polled"
        behind_s = self._polled[number]
        if self._allowed_s is not None and (behind_s is None or behind_s > self._allowed_s):
            return f"partition {number}: " + (
                "lag unknown" if behind_s is None else f"{behind_s:.0f} s behind"
            )
        return None


@dataclass(frozen=True, slots=True)
class Probes:
    """What the server answers from; without ``beat_of`` the process is alive while it answers."""

    beat_of: Path | None = None
    readiness: Readiness | None = None
    registry: CollectorRegistry = REGISTRY
    max_age_s: float = MAX_AGE_S
    clock: Callable[[], float] = time.time

    def live(self) -> list[str]:
        """Why this process is not alive; empty if it is."""
        said = self.beat_of and trouble(self.beat_of, self.max_age_s, self.clock())
        return [said] if said else []

    def ready(self) -> list[str]:
        """Why this process is not ready; empty if it is."""
        return self.live() + (self.readiness.missing() if self.readiness else [])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; for port 0 on a free one.

    Raises ``WrongUsage`` for an address that nobody can listen on, or another one does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        if 0 <= port <= LAST_PORT:
            return socket.create_server((host, port), family=family)
        why = f"ports are numbers up to {LAST_PORT}"
    except OSError as exc:
        why = (exc.strerror or "no address to listen on").partition(" (while attempting")[0]
    except UnicodeError:
        why = "no name of a host"
    raise WrongUsage(f"{host}, port {port}: {why}; name another port, or another host")


@contextmanager
def serving(probes: Probes, port: int, *, host: str = LOOPBACK) -> Iterator[int]:
    """Answer ``/livez``, ``/readyz`` and ``/metrics`` meanwhile; gives the port, for 0 a free one.

    Raises ``WrongUsage`` as ``listening``.
    """
    server = _Server(listening(host, port), partial(_Handler, probes))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serving_if(probes: Probes, port: int) -> AbstractContextManager[object]:
    """The same where a port was asked for; 0: nobody is answered."""
    return serving(probes, port) if port else nullcontext()


class _Server(ThreadingHTTPServer):
    """On a socket that listens already."""

    daemon_threads = True

    def __init__(self, listens: socket.socket, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        super().__init__(listens.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listens


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of three pages; 503 with a line for each thing that is missing."""

    timeout = REQUEST_WITHIN_S
    server_version = "undercurrent"
    sys_version = ""

    def __init__(self, probes: Probes, *request: object) -> None:
        self._probes = probes
        super().__init__(*request)  # type: ignore[arg-type]  # socketserver's own three

    def do_GET(self) -> None:
        """Answer with the page."""
        path = self.path.partition("?")[0]
        if path == "/livez":
            self._tell(self._probes.live())
        elif path == "/readyz":
            self._tell(self._probes.ready())
        elif path == "/metrics":
            self._send(200, generate_latest(self._probes.registry), CONTENT_TYPE_LATEST)
        else:
            self._send(404, b"/livez /readyz /metrics\n", PLAIN)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _tell(self, missing: list[str]) -> None:
        body = "".join(f"{line}\n" for line in missing or ["ok"]).encode()
        self._send(503 if missing else 200, body, PLAIN)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Probes come every few seconds; nothing of them belongs in the log."""
