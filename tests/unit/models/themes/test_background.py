"""The decision space: its directions are the principal ones, exact, and per group."""

from __future__ import annotations

import numpy as np

from models.themes.background import (
    COLD_ROUNDS,
    Background,
    Space,
    calibrate,
    centred,
    first_directions,
    nearer_directions,
)
from models.themes.grid import ONE, Floats, Grid, to_grid
from models.themes.policy import ThemePolicy

POLICY = ThemePolicy(components=8)


def sample(count: int = 400, shift: float = 0.0, seed: int = 1) -> np.ndarray:
    """Unit vectors with eight strong directions, on the grid."""
    rng = np.random.default_rng(seed)
    strong = np.random.default_rng(0).normal(size=(8, 384))
    rows = rng.normal(size=(count, 8)) @ strong + 0.3 * rng.normal(size=(count, 384)) + shift
    return to_grid(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def fit_basis(groups: list[Grid], components: int) -> Floats:
    """Leading directions ``(d, components)`` of the rows of ``groups``, each around its own mean."""
    basis = first_directions(None, groups[0].shape[1], components)
    for _ in range(COLD_ROUNDS):
        basis = nearer_directions(basis, groups)
    return basis


def test_the_directions_span_what_principal_components_span() -> None:
    rows = sample()
    basis = fit_basis([rows], 8)
    _, _, principal = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    kept = np.linalg.norm(principal[:8] @ basis / 2**14, axis=0)
    assert kept.min() > 0.999


def test_the_directions_are_integers_whatever_the_order_of_the_sample() -> None:
    rows = sample()
    shuffled = np.random.default_rng(2).permutation(rows)
    assert np.array_equal(fit_basis([rows], 8), fit_basis([shuffled], 8))


def test_a_sample_of_few_directions_leaves_the_others_empty() -> None:
    rows = np.repeat(sample(3), 10, axis=0)
    basis = fit_basis([rows], 8)
    assert int(basis.any(axis=0).sum()) == 2


def test_a_group_is_centred_on_its_own_mean_once_it_is_large_enough() -> None:
    background = Background(384)
    for row in sample(300):
        background.learn_one(row, "en")
    for row in sample(300, shift=3.0, seed=4):
        background.learn_one(row, "de")
    rows = sample(300)
    basis = fit_basis([rows], 8)
    origins = background.origins(basis, weight=20)
    own = background.sums["de"].astype(float) @ basis / 300
    tenant = origins[""]
    assert np.linalg.norm(origins["de"] - own) < 0.1 * np.linalg.norm(tenant - own)


def test_a_threshold_is_so_many_deviations_of_random_pairs_within_its_bounds() -> None:
    rows = sample()
    basis = fit_basis([rows], 8)
    raw = Space(basis, {}).project(rows)
    origins = {"": np.rint(raw.mean(axis=0)).astype(np.int64)}
    level = calibrate(origins | {"en": origins[""]}, {"en": raw}, ThemePolicy(z=1.5, lowest=0.1))["en"]
    units = centred(raw, 1.0, origins[""]).astype(np.float64) / 2048
    pairs = (units @ units.T)[np.triu_indices(400, 1)]
    assert abs(level.spread / ONE - pairs.std()) < 0.02
    assert level.threshold == int(1.5 * level.spread) or abs(level.threshold - 1.5 * level.spread) < 2


def test_a_group_without_a_sample_borrows_the_tenants_spread() -> None:
    rows = sample()
    basis = fit_basis([rows], 8)
    origin = np.zeros(8, np.int64)
    levels = calibrate(
        {"": origin, "en": origin, "pt": origin}, {"en": Space(basis, {}).project(rows)}, POLICY
    )
    assert levels["pt"].spread == levels[""].spread
