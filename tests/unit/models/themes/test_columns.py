"""Rows of integers by name: folding, segments and restores change nothing that can be asked for."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from models.themes import columns
from models.themes.columns import Columns

TYPES = ("<u8", "<i4")
Steps = list[tuple[int, int | None]]
steps = st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(-9, 9)), max_size=60)


def play(rows: Columns, changes: Steps) -> None:
    for name, value in changes:
        if value is None:
            rows.drop(name)
        else:
            rows.put(name, (2**63 + name, value))


def asked(rows: Columns) -> dict[int, tuple[int, ...] | None]:
    return {name: rows.get(name) for name in range(21)}


def test_rows_survive_being_folded_into_arrays() -> None:
    rows = Columns(TYPES)
    play(rows, [(n, n) for n in range(3 * columns._FOLD_AT)])
    play(rows, [(7, None), (9, 1)])
    assert [rows.get(n) for n in (7, 8, 9)] == [None, (2**63 + 8, 8), (2**63 + 9, 1)]


@given(steps, steps)
def test_a_fold_at_any_moment_cannot_be_seen(before: Steps, after: Steps) -> None:
    folded, plain = Columns(TYPES), Columns(TYPES)
    play(plain, before + after)
    play(folded, before)
    folded.arrays()
    play(folded, after)
    assert asked(folded) == asked(plain)


@given(st.lists(steps, max_size=5))
def test_what_the_segments_tell_is_what_is_there(parts: list[Steps]) -> None:
    rows, loaded, log = Columns(TYPES), Columns(TYPES), dict[str, str]()
    for part in parts:
        play(rows, part)
        log |= {key: json.dumps(value) for key, value in rows.state_changes()}
    for key in sorted(log):
        loaded.load(key, json.loads(log[key]))
    assert asked(loaded) == asked(rows)
    assert list(loaded.state_changes()) == []


def test_a_restored_one_writes_behind_what_it_has_read() -> None:
    rows, loaded = Columns(TYPES), Columns(TYPES)
    play(rows, [(1, 1)])
    (key, value), *_ = rows.state_changes()
    loaded.load(key, value)
    play(loaded, [(1, None)])
    assert [key for key, _ in loaded.state_changes()] == ["0000000001"]
