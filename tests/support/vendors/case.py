"""How a vendor joins the conformance suite: ``tests/conformance/vendors/<vendor>/case.py`` says ``CASE``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from connectors.vendors.port import Connection, Vendor
from tests.support.vendors.server import Answering
from tests.support.vendors.world import Item, Lies, World

FOLDER = Path(__file__).parents[2] / "conformance" / "vendors"

SECRET = b"test-secret"
TOKEN = "test-token"
"""The credential that a simulation knows; it answers 401 to any other."""


@dataclass(frozen=True)
class Webhooks:
    """A vendor's webhooks. ``headers`` signs a body with a secret at a time; ``body`` tells of an item.

    ``vector`` are the headers of ``{"id":"evt_1"}`` under ``test-secret``, from the vendor's own documents or SDK, and
    ``vector_at`` when it was stamped. ``tells_all``: what a webhook brings is what a poll brings, without a fetch.
    """

    headers: Callable[[bytes, bytes, datetime], Mapping[str, str]]
    body: Callable[[Item, datetime], bytes]
    vector: Mapping[str, str]
    vector_at: datetime | None = None
    stamped: bool = False
    tells_all: bool = True


@dataclass(frozen=True)
class VendorCase:
    """One vendor. ``simulate`` answers as the vendor does, from a world, with lies.

    ``edits`` and ``deletes`` say whether the vendor tells of them; ``options`` and ``credentials`` are a connection's.
    ``wrong_options`` are refused by ``check``, each with a word of the message.
    """

    vendor: Vendor
    simulate: Callable[[World, Lies], Answering]
    options: Callable[[str], Mapping[str, Any]]
    credentials: Mapping[str, str] = field(default_factory=lambda: {"token": TOKEN})
    webhooks: Webhooks | None = None
    edits: bool = True
    deletes: bool = True
    wrong_options: Sequence[tuple[Mapping[str, Any], str]] = ()

    @property
    def name(self) -> str:
        return self.vendor.name

    def connection(self, url: str, **options: Any) -> Connection:
        """A connection to a simulation at ``url``."""
        told = {"allow_private_hosts": ["127.0.0.1"], **self.options(url), **options}
        return Connection(
            f"acme-{self.name}",
            self.name,
            "acme",
            told,
            signing_secrets=lambda: (SECRET,),
            credential=lambda which: self.credentials[which],
        )

    @property
    def fixtures(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """The vendor's fixtures by name: real shapes, and what is made of them."""
        return [
            (path.stem, orjson.loads(path.read_bytes()))
            for path in sorted((FOLDER / self.name / "fixtures").glob("*.json"))
        ]


def cases() -> Sequence[VendorCase]:
    """Every vendor that has a folder."""
    names = sorted(path.parent.name for path in FOLDER.glob("*/case.py"))
    return [import_module(f"tests.conformance.vendors.{name}.case").CASE for name in names]
