"""The same stream, cut differently and killed ten times, most of them in the middle of a pass: one ledger."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from contracts.envelope import Envelope
from contracts.feedback import Tick
from contracts.stages import Concern, Decision, EnrichedItem, ItemFacts, Provenance, Vector
from contracts.themes import ThemeEvent
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy
from operators.hosting import Handed, StepHost
from operators.statelog import MemoryStateLog
from operators.themes.step import ThemesStep
from tests.support.laws import assert_batching_law

POLICY = ThemePolicy(
    warm_up=40,
    pass_every=45,
    window=120,
    sample=60,
    pool=50,
    components=16,
    z=2.0,
    merge_at=0.5,
    merge_margin=-0.2,
    merge_isolated=-0.2,
    quantum_us=400,
    burst_us=2_000,
    pace_us=400,
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT = 240
KILLS = 10
PROVENANCE = Provenance(run="test", git_commit="", taxonomy="", labeller="", encoder="x", redaction="")


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> LocalVault:
    vault = LocalVault(tmp_path_factory.mktemp("ledger") / "keys")
    vault.ensure("acme", [f"subject-{n}" for n in range(9)])
    return vault


@pytest.fixture(scope="module")
def records(vault: LocalVault) -> list[Envelope]:
    """Items around ten topics, close in pairs, each a minute after the other, with a tick every ten."""
    rng = np.random.default_rng(11)
    centres = np.repeat(rng.normal(size=(5, 384)), 2, axis=0) + 0.5 * rng.normal(size=(10, 384))
    found: list[Envelope] = []
    for n in range(COUNT):
        at = NOON + timedelta(minutes=n)
        if n % 10 == 0:
            found.append(Tick(id=f"0-{2 * n}", tenant="acme", event_time=at, ingested_at=at))
        vector = centres[int(rng.integers(10))] + 1.2 * rng.normal(size=384)
        found.append(_item(vault, n, at, vector / np.linalg.norm(vector)))
    return found


def _item(vault: LocalVault, n: int, at: datetime, unit: np.ndarray) -> EnrichedItem:
    sealed = vault.seal("acme", f"subject-{n % 9}", f"word{n % 7} word{n % 5}".encode())
    decision = Decision(
        category="bug", severity="medium", sentiment="negative", sentiment_milli=-400, confidence_milli=900
    )
    data = base64.b64encode(to_grid(unit).astype("<i2").tobytes()).decode()
    concern = Concern(
        concern_id=f"{n:08x}-0000-4000-8000-000000000000",
        start=0,
        end=11,
        summary=sealed,
        decision=decision,
        vector=Vector(model="x", data=data),
    )
    return EnrichedItem(
        id=f"0-{2 * n + 1}-extract-0",
        tenant="acme",
        event_time=at,
        ingested_at=at,
        item_id=f"item-{n}",
        revision=1,
        text=sealed,
        language="en",
        coverage="full",
        facts=ItemFacts(source="test", account=f"account-{n % 7}", tier="pro"),
        concerns=(concern,),
        provenance=PROVENANCE,
    )


def step(vault: LocalVault, policy: ThemePolicy = POLICY) -> ThemesStep:
    return ThemesStep(vault, MemoryIndex(item_dims=384, theme_dims=policy.components), "x", policy)


def in_pass(vault: LocalVault, records: list[Envelope]) -> list[int]:
    """Places behind which a pass is in progress."""
    running, found = step(vault), []
    for place, record in enumerate(records, 1):
        running.on_records([record])
        engine = running.snapshot()["tenants"].get("acme", {}).get("engine", {})
        if engine.get("job"):
            found.append(place)
    return found


def test_cut_differently_and_killed_ten_times_it_is_the_same_ledger(
    vault: LocalVault, records: list[Envelope]
) -> None:
    places = in_pass(vault, records)
    kills = places[:: max(len(places) // KILLS, 1)][:KILLS]
    assert len(kills) == KILLS
    assert_batching_law(lambda: step(vault), records, kills)
    assert_batching_law(lambda: step(vault), records, [97, 131])


def test_the_ledger_tells_of_themes_born_and_merged(vault: LocalVault, records: list[Envelope]) -> None:
    host = StepHost("themes", 0, step(vault), MemoryStateLog())
    host.restore(None)
    out = host.on_batch([Handed(0, place, record) for place, record in enumerate(records)])
    events = [e.out.record for e in out if e.out.topic == "theme-events"]
    told = Counter(event.event for event in events if isinstance(event, ThemeEvent))
    assert told["born"] >= 5
    assert told["merged"] >= 1
