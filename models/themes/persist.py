"""The engine's state as rows of a log, and back: what comes back decides exactly alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.errors import StateCorrupt
from models.themes.background import centred, decode_basis, decode_space, encode_basis, encode_space
from models.themes.centroids import Origin
from models.themes.grid import pack_vector, unpack_vector
from models.themes.members import WAITING, concern_hash
from models.themes.octets import pack_bits
from models.themes.recalibrate import prepare_all
from models.themes.state import TABLES, EngineState

_NUMBERS = (
    "seen",
    "horizon",
    "last_pass",
    "next_pass",
    "next_fit",
    "checked_at",
    "credit_us",
    "sample_bound",
)


def changes(state: EngineState) -> Iterator[tuple[str, str, Any]]:
    """Rows changed since the last call, by table and key; the value is None for a row that is gone."""
    for segment, value in state.members.state_changes():
        yield "members", segment, value
    ordered, state.constraints.changed = sorted(state.constraints.changed), set()
    for key in ordered:
        yield "constraints", key, state.constraints.encode(key)
    paired, state.pairs.changed = sorted(state.pairs.changed), set()
    for key in paired:
        yield "pairs", key, state.pairs.encode(key)
    for table in TABLES:
        marked, state.dirty[table] = sorted(state.dirty[table]), set()
        for key in marked:
            yield table, key, _encode(state, table, key)


def _encode(state: EngineState, table: str, key: str) -> Any:
    if table == "background":
        return state.background.encode(key)
    if table == "joins":
        return state.joins.encode()
    if table == "space":
        if key == "next":
            return None if state.next_basis is None else encode_basis(state.next_basis)
        assert state.space is not None
        return encode_space(state.space, key)
    if table == "themes":
        return state.themes.by_id[key].encode()
    if table == "sums":
        return pack_bits(state.themes.by_id[key].sum)
    slot = state.shelf.slot_of.get(key)
    if slot is None:
        return None
    shelf = state.shelf
    return [int(shelf.seq[slot]), shelf.groups[slot], shelf.at_s[slot], pack_vector(shelf.vectors[slot])]


def load(state: EngineState, table: str, key: str, value: Any) -> None:
    """Take up one row; a later row for the same key replaces an earlier one."""
    if table == "background":
        state.background.load(key, value)
    elif table == "joins":
        state.joins.load(value)
    elif table == "pairs":
        state.pairs.load(key, value)
    elif table == "members":
        state.members.load(key, value)
    elif table == "constraints":
        state.constraints.load(key, value)
    elif table in TABLES:
        rows = state.loading[table]
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value
    else:
        raise StateCorrupt(f"the theme engine has no table {table!r}")


def small(state: EngineState) -> dict[str, Any]:
    """The numbers that are not rows."""
    numbers = {name: getattr(state, name) for name in _NUMBERS}
    job = None if state.job is None else list(state.job)
    return numbers | {"usual_milli": state.usual_milli, "job": job}


def restore_small(state: EngineState, numbers: Mapping[str, Any]) -> None:
    """The inverse of ``small``."""
    for name in _NUMBERS:
        setattr(state, name, int(numbers[name]))
    state.usual_milli = numbers.get("usual_milli")  # states from before it was measured have none
    job = numbers["job"]
    state.job = None if job is None else (job[0], job[1])


def rebuild(state: EngineState) -> None:
    """Make shelf, sample, pools and centroids from the loaded rows."""
    rows, state.loading = state.loading, {table: {} for table in TABLES}
    state.joins.lean = state.pairs.lean()
    state.space = decode_space(rows["space"], state.policy.components)
    for theme_id, row in sorted(rows["themes"].items(), key=lambda item: int(item[1][0])):
        state.themes.put(Origin.decode(theme_id, row, rows["sums"][theme_id]))
    for concern, row in sorted(rows["vectors"].items(), key=lambda item: int(item[1][0])):
        _shelve(state, concern, row)
    if "next" in rows["space"]:
        state.next_basis = decode_basis(rows["space"]["next"], state.policy.components)
        prepare_all(state)
    if state.space is None:
        return
    shelf, slots = state.shelf, state.shelf.slots()
    shelf.raw[slots] = state.space.project(shelf.vectors[slots])
    for group, mine in shelf.by_group(slots).items():
        shelf.lay_anew(mine, centred(shelf.raw[mine], 1.0, state.space.level(group).origin))
    state.make_books()


def _shelve(state: EngineState, concern: str, row: list[Any]) -> None:
    seq, group, at_s, vector = row
    name = concern_hash(concern)
    slot = state.shelf.put(concern, name, seq, group, at_s, unpack_vector(vector))
    ordinal = state.members.get(name)
    if ordinal is None:
        raise StateCorrupt(f"the theme engine holds concern {concern} but does not know where it belongs")
    state.place(slot, ordinal)
    if ordinal == WAITING:
        state.pools.setdefault(group, {})[seq] = slot
    state.offer(slot)
