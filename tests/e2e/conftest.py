"""One run of the command over the sample's slice, for every test that only looks at it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.records import Delivery
from demo.sample import generate
from demo.write import write_customers
from tests.support.commands import Told, undercurrent
from tests.support.product import OUTAGE, SEED


@dataclass(frozen=True)
class Ran:
    """A finished run: its files, its directory, what it said, and what was delivered to it."""

    source: Path
    customers: Path
    out: Path
    told: Told
    deliveries: list[Delivery]

    @property
    def argv(self) -> tuple[str | Path, ...]:
        """The command without its ``--out``."""
        return ("run", "--input", self.source, "--customers", self.customers)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    root = tmp_path_factory.mktemp("ran")
    sample = generate(SEED)
    deliveries = list(sample.deliveries[OUTAGE])
    source, customers, out = root / "feedback.jsonl", root / "customers.csv", root / "out"
    source.write_bytes(b"".join(delivery.raw + b"\n" for delivery in deliveries))
    write_customers(sample, customers)
    told = undercurrent("run", "--input", source, "--customers", customers, "--out", out)
    return Ran(source, customers, out, told, deliveries)


@pytest.fixture
def own_copy(ran: Ran, tmp_path: Path) -> Path:
    """The finished run's directory, to be changed at will."""
    return shutil.copytree(ran.out, tmp_path / "out")
