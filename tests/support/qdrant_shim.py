"""A Qdrant server in this process for tests: its REST answers over HTTP, and faults on demand.

Behind it is the library's own local mode, so filters, conditional writes and aliases are the library's, while the
client's requests, JSON and errors are those of a real connection. Payload indexes and the version are kept here,
because local mode has none. It is slow beyond a few thousand points, and no substitute for the real server.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal

from pydantic import BaseModel
from qdrant_client import QdrantClient, models

Mode = Literal["drop", "error", "busy", "slow", "late", "half", "taken", "refuse"]
"""``drop`` the connection; answer ``error`` 503, ``busy`` 429 or ``refuse`` 400; be ``slow`` (do it after a while);
``late``: do it, then drop; ``half``: do half, answer 500; ``taken``: do nothing, answer ``acknowledged``."""

UPSERT = r"PUT /collections/[^/]+/points"


@dataclass
class Fault:
    """What goes wrong: requests whose ``METHOD /path`` match, so many times (None: until healed)."""

    mode: Mode
    on: str = ".*"
    times: int | None = None
    slow_s: float = 0.0


@dataclass
class Shim:
    """A server at ``url``; ``requests`` counts what was done by its route, ``bodies`` is what came with it."""

    version: str = "1.20.0"
    api_key: str | None = None
    faults: list[Fault] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    indexes: dict[str, dict[str, Any]] = field(default_factory=dict)
    store: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    port: int = 0

    def __post_init__(self) -> None:
        self.lock = Lock()
        self._http: _Http | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._http = _Http(("127.0.0.1", self.port), _Handler)
        self._http.shim = self
        self.port = self._http.server_address[1]
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections; what was written stays."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def fail(self, mode: Mode, on: str = ".*", times: int | None = None, slow_s: float = 0.0) -> None:
        self.faults.append(Fault(mode, on, times, slow_s))

    def heal(self) -> None:
        self.faults.clear()

    def fault_for(self, request: str) -> Fault | None:
        """The first fault that matches, used up by one."""
        with self.lock:
            for fault in self.faults:
                if re.fullmatch(fault.on, request) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """What Qdrant answers. Raises ``ValueError`` for what it would refuse."""
        with self.lock:
            for pattern, call in ROUTES:
                if found := re.fullmatch(pattern, f"{method} {path}"):
                    self.requests[pattern] += 1
                    self.bodies.append((pattern, body))
                    return call(self, body, *found.groups())
        raise ValueError(f"Not found: no route {method} {path}")


@contextmanager
def running_shim(**with_: Any) -> Iterator[Shim]:
    shim = Shim(**with_)
    shim.start()
    try:
        yield shim
    finally:
        shim.stop()


def _aliases(shim: Shim, _body: dict[str, Any]) -> Any:
    return shim.store.get_aliases()


def _change_aliases(shim: Shim, body: dict[str, Any]) -> Any:
    return shim.store.update_collection_aliases(models.ChangeAliasesOperation.model_validate(body).actions)


def _create(shim: Shim, body: dict[str, Any], name: str) -> Any:
    asked = models.CreateCollection.model_validate(body)
    made = shim.store.create_collection(name, vectors_config=asked.vectors)
    shim.indexes[name] = {}
    return made


def _describe(shim: Shim, _body: dict[str, Any], name: str) -> Any:
    told = shim.store.get_collection(name).model_dump(mode="json", exclude_none=True)
    own = next((a.collection_name for a in shim.store.get_aliases().aliases if a.alias_name == name), name)
    return told | {"payload_schema": shim.indexes[own]}


def _index(shim: Shim, body: dict[str, Any], name: str) -> Any:
    schema = body["field_schema"]
    shim.indexes[name][body["field_name"]] = {"data_type": schema["type"], "params": schema, "points": 0}
    return _DONE


def _upsert(shim: Shim, body: dict[str, Any], name: str) -> Any:
    asked = models.PointsList.model_validate(body)
    shim.store.upsert(name, asked.points, update_filter=asked.update_filter)
    return _DONE


def _delete(shim: Shim, body: dict[str, Any], name: str) -> Any:
    shim.store.delete(name, models.FilterSelector.model_validate(body))
    return _DONE


def _query(shim: Shim, body: dict[str, Any], name: str) -> Any:
    asked = models.QueryRequest.model_validate(body)
    assert asked.params is not None
    assert asked.params.exact, "every search must be exact"
    return shim.store.query_points(
        name,
        query=asked.query,
        query_filter=asked.filter,
        limit=asked.limit or 10,
        with_payload=asked.with_payload or False,
        with_vectors=asked.with_vector or False,
    )


def _count(shim: Shim, body: dict[str, Any], name: str) -> Any:
    return shim.store.count(name, models.CountRequest.model_validate(body).filter)


_DONE = {"operation_id": 0, "status": "completed"}
_C = "/collections/([^/]+)"

ROUTES: list[tuple[str, Callable[..., Any]]] = [
    ("GET /aliases", _aliases),
    ("POST /collections/aliases", _change_aliases),
    ("GET /collections", lambda shim, _body: shim.store.get_collections()),
    (f"GET {_C}/exists", lambda shim, _body, name: {"exists": shim.store.collection_exists(name)}),
    (f"GET {_C}", _describe),
    (f"PUT {_C}", _create),
    (f"DELETE {_C}", lambda shim, _body, name: shim.store.delete_collection(name)),
    (f"PUT {_C}/index", _index),
    (f"PUT {_C}/points", _upsert),
    (f"POST {_C}/points/delete", _delete),
    (f"POST {_C}/points/query", _query),
    (f"POST {_C}/points/count", _count),
]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    shim: Shim

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        self._serve("GET")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, *_args: Any) -> None:
        """Nothing: tests own their output."""

    def _serve(self, method: str) -> None:
        shim, path = self.server.shim, self.path.split("?")[0]
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        if shim.api_key is not None and self.headers.get("api-key") != shim.api_key:
            self._say(401, {"status": {"error": "Must provide an API key"}})
        elif (fault := shim.fault_for(f"{method} {path}")) is not None:
            self._misbehave(fault, method, path, body)
        elif path == "/":
            self._say(200, {"title": "qdrant - vector search engine", "version": shim.version})
        else:
            self._do(method, path, body)

    def _do(self, method: str, path: str, body: dict[str, Any]) -> None:
        try:
            told = self.server.shim.answer(method, path, body)
        except (ValueError, KeyError) as exc:
            lost = "not found" in str(exc).lower()
            self._say(404 if lost else 400, {"status": {"error": f"Wrong input: {exc}"}, "time": 0.0})
            return
        if isinstance(told, BaseModel):
            told = told.model_dump(mode="json", exclude_none=True)
        self._say(200, {"result": told, "status": "ok", "time": 0.0})

    def _misbehave(self, fault: Fault, method: str, path: str, body: dict[str, Any]) -> None:
        if fault.mode == "drop":
            self._cut()
        elif fault.mode == "late":
            self.server.shim.answer(method, path, body)
            self._cut()
        elif fault.mode == "error":
            self._say(503, {"status": {"error": "Service unavailable"}})
        elif fault.mode == "refuse":
            self._say(400, {"status": {"error": "Wrong input: Vector dimension error"}})
        elif fault.mode == "busy":
            self._say(429, {"status": {"error": "too many requests"}}, {"Retry-After": "1"})
        elif fault.mode == "slow":
            time.sleep(fault.slow_s)
            self._do(method, path, body)
        elif fault.mode == "taken":
            self._say(200, {"result": _DONE | {"status": "acknowledged"}, "status": "ok", "time": 0.0})
        else:
            self.server.shim.answer(
                method, path, body | {"points": body["points"][: len(body["points"]) // 2]}
            )
            self._say(500, {"status": {"error": "Service internal error: disk"}})

    def _cut(self) -> None:
        """Reset the connection without a word."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _say(self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
