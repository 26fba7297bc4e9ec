"""Names under which state is stored: changing one would orphan what was written under it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.keys.vault import LocalVault
from contracts.identity import concern_id, item_id, linear_issue_id, partition, theme_id
from operators.intake.step import IntakeStep
from operators.themes.step import ThemesStep
from tests.support.steps import POLICY, extract, memory_index, readers
from wiring.pipeline import FLOW
from wiring.product import product_pipeline
from wiring.topics import STAGES

NOTHING: Any = None


def test_the_flow_and_its_stages_keep_their_names() -> None:
    assert FLOW == "undercurrent"
    assert STAGES == ("intake", "extract", "themes", "priority")


def test_stages_read_the_topics_they_always_read() -> None:
    stages = product_pipeline(NOTHING, 1).stages
    assert [(stage.name, stage.input_topic) for stage in stages] == [
        ("intake", "journal"),
        ("extract", "redacted"),
        ("themes", "enriched"),
        ("priority", "assignments"),
    ]


def test_the_tables_of_state_keep_their_names(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path)
    around = {"source_rates", "telemetry", "tick_hours", "usual"}
    assert set(IntakeStep(vault, readers()).tables) == {"accounts", "items", "letters", "loading", *around}
    assert sorted(extract(vault).tables) == ["classes", "learning", "standing"]
    assert dict(ThemesStep(vault, memory_index(), "keywords-1", POLICY).tables) == {}


def test_ids_are_what_they_always_were() -> None:
    assert item_id("acme", "tickets", "1") == "3705e2e0-a444-5335-b542-c4a302660246"
    assert concern_id(item_id("acme", "tickets", "1"), 1, 0) == "43e98ace-e684-5482-a6ca-fd7135a2326b"
    assert theme_id("acme", "43e98ace-e684-5482-a6ca-fd7135a2326b") == "c763f2e3-d1bd-5c5d-ad29-35c86ad139e6"
    assert (
        linear_issue_id("acme", "c763f2e3-d1bd-5c5d-ad29-35c86ad139e6", 1)
        == "6e5fccbe-67d6-4513-a2e1-2ddaa3f1f28d"
    )
    assert [partition(tenant, 12) for tenant in ("acme", "beta", "local")] == [2, 7, 4]
