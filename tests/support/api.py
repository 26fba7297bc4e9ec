"""The HTTP service over a data directory of its own, with a clock that the test moves, and keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import make_api
from connectors.jsonl.log import read_log
from connectors.keys.vault import LocalVault
from connectors.store.deliveries import DeliveryStore
from connectors.store.engine import open_store, sqlite_url
from connectors.store.keys import KeyStore
from contracts.registry import read_record
from wiring.bulk.desk import UploadDesk
from wiring.bulk.upload import Lane
from wiring.edge.deliveries import Deliveries
from wiring.edge.feedback import FeedbackDesk
from wiring.edge.gate import Gate
from wiring.edge.keys import Keyring, make_key
from wiring.edge.opening import embedded_gate
from wiring.edge.quotas import Quota

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Service:
    """A running service; ``seconds`` moves its clocks."""

    app: FastAPI
    client: TestClient
    folder: Path
    vault: LocalVault
    keys: KeyStore
    gate: Gate
    clock: list[datetime]
    seconds: list[float]
    key: str = ""

    def make_key(self, tenant: str = "acme", *scopes: str, **more: Any) -> str:
        _key, shown = make_key(
            self.keys, self.vault.digest, tenant, "test", scopes or ("feedback:write",), self.clock[0], **more
        )
        return shown

    def post(self, told: Any, key: str | None = None, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        body = told if isinstance(told, bytes) else orjson.dumps(told)
        sent = {"authorization": f"Bearer {key or self.key}", "content-type": "application/json", **given}
        return self.client.post("/v1/feedback", content=body, headers=sent)

    def records(self) -> list[Any]:
        return [read_record("journal", line.data) for line in read_log(self.folder / "logs" / "journal", 0)]

    def said(self) -> list[dict[str, Any]]:
        """What the journal's records open to."""
        return [orjson.loads(self.vault.open(one.tenant, one.body) or b"{}") for one in self.records()]


def _no_lane(tenant: str) -> Lane:
    raise AssertionError(f"nothing of {tenant} is loaded here")


@contextmanager
def serving(folder: Path, quota: Quota | None = None) -> Iterator[Service]:
    """A service with a key of ``acme``'s."""
    clock, seconds = [NOON], [0.0]
    store = open_store(sqlite_url(folder / "store.sqlite3"))
    with (
        embedded_gate(folder, 1, quota or Quota(), now=lambda: clock[0]) as gate,
        closing(Deliveries(DeliveryStore(store))) as deliveries,
        closing(LocalVault(folder / "keys")) as vault,
    ):
        keys = KeyStore(store)
        keyring = Keyring(keys, vault.digest, lambda: clock[0], lambda: seconds[0])
        uploads = UploadDesk(folder / "received", _no_lane, 1_000)
        app = make_api(FeedbackDesk(gate, deliveries, vault.digest, lambda: clock[0]), keyring, uploads)
        with TestClient(app, raise_server_exceptions=False) as client:
            opened = Service(app, client, folder, vault, keys, gate, clock, seconds)
            opened.key = opened.make_key()
            yield opened
    store.dispose()
