"""The sample through the engine and through no engine: the same bytes, and one outcome for everything accepted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.jsonl.log import JsonlLog
from connectors.keys.vault import LocalVault
from contracts.commands import ReportIssue
from contracts.outcomes import Ledger
from tests.support.crash import topic_bytes
from tests.support.product import (
    KEYWORDS,
    LOADED_AT,
    OUTAGE,
    OUTAGE_DAY,
    TENANT,
    WEIGHTS,
    copy_of,
    ledger_of,
    load_sample,
    run_reference,
    run_worker,
)
from wiring.datadir import DataDir
from wiring.journal import RecordMaker

REPORT = ReportIssue(
    tracker="linear", issue_id="c723c24b-5c71-4524-bc29-9010b4c13748", key="E-1", state="done", at=LOADED_AT
)


@dataclass(frozen=True)
class Both:
    """What the two runners wrote, and the directory that the engine worked in."""

    engine: dict[str, bytes]
    reference: dict[str, bytes]
    directory: Path

    def lines(self, topic: str) -> int:
        """How many records of a topic the engine wrote."""
        return sum(data.count(b"\n") for name, data in self.engine.items() if name.startswith(f"{topic}/"))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((KEYWORDS, OUTAGE), id="keywords"),
        pytest.param((WEIGHTS, OUTAGE_DAY), id="weights", marks=pytest.mark.needs_models),
    ],
)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    root = tmp_path_factory.mktemp("both")
    env, part = request.param
    load_sample(root / "loaded", part)
    with (
        JsonlLog(DataDir(root / "loaded").journal, 1) as journal,
        closing(LocalVault(root / "loaded" / "keys")) as vault,
    ):
        journal.append(0, [RecordMaker(TENANT, vault, LOADED_AT).command("linear", REPORT, LOADED_AT)])
    directory = copy_of(root / "loaded", root / "engine")
    run_worker(directory, env)
    run_reference(root / "loaded", root / "reference", env)
    return Both(topic_bytes(DataDir(directory).logs), topic_bytes(root / "reference"), directory)


@pytest.fixture(scope="module")
def ledger(both: Both) -> Ledger:
    return ledger_of(both.directory)


@pytest.mark.timeout(600)
def test_the_engine_and_the_reference_write_the_same_bytes(both: Both) -> None:
    assert both.engine.keys() == both.reference.keys()
    assert [name for name, data in both.engine.items() if data != both.reference[name]] == []


@pytest.mark.timeout(600)
def test_what_a_tracker_reports_reaches_priority(both: Both) -> None:
    said = [data for name, data in both.engine.items() if name.startswith("assignments/")]
    assert sum(data.count(REPORT.issue_id.encode()) for data in said) == 1


@pytest.mark.timeout(600)
def test_no_law_of_the_outcomes_is_broken(ledger: Ledger) -> None:
    assert ledger.check() == []


@pytest.mark.timeout(600)
def test_every_accepted_item_has_exactly_one_outcome(ledger: Ledger) -> None:
    items = ledger.items()
    assert len(items) > 200
    assert [item_id for item_id, item in items.items() if item.outcome is None] == []


@pytest.mark.timeout(600)
def test_the_slice_reaches_every_part_of_the_flow(both: Both) -> None:
    topics = ("receipts", "dead-letters", "quarantine", "reviews", "themes", "priorities", "linear", "issues")
    assert [topic for topic in topics if both.lines(topic) == 0] == []
