"""What importing a module brings with it: weights and engines come only to who asks for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.lengthy

SDKS = ("openai", "anthropic")
HEAVY = ("torch", "transformers", "sentence_transformers", "spacy", "presidio_analyzer")


def loaded_by(*modules: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after importing ``modules``."""
    program = (
        f"import sys; import {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(told.stdout.split())


STEPS = (
    "operators.intake.step",
    "operators.extract.step",
    "operators.themes.step",
    "operators.prioritise.step",
)


def test_no_step_brings_weights_or_an_engine() -> None:
    assert not loaded_by(*STEPS) & {*HEAVY, "bytewax", "qdrant_edge"}


@pytest.mark.parametrize("module", ["cli.main", "cli.flow", "wiring.product"])
def test_starting_the_program_brings_no_weights(module: str) -> None:
    assert not loaded_by(module) & set(HEAVY)


def test_the_vendors_sdks_come_with_the_first_call() -> None:
    assert not loaded_by("cli.main", "wiring.llm.open", "wiring.llm.metrics") & set(SDKS)


def test_a_process_of_themes_starts_without_scikit_learn() -> None:
    assert not loaded_by("cli.flow", "wiring.stages.themes") & {*HEAVY, "sklearn", "joblib"}


def test_the_contracts_bring_no_numbers_but_arrays_and_no_models() -> None:
    assert not loaded_by("contracts.registry", "contracts.outcomes") & {
        "models",
        "operators",
        "scipy",
        "sklearn",
    }
