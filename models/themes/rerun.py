"""The last phase of a pass: is it as good as passes of this tenant were, and if not, would lower bars make it so?

The latest concerns are measured (``quality``), some at a time, and held against what is usual here. When that fell,
births are tried again among what is without a theme at one lower bar after the other, in thought; the first that
makes the measure higher is carried out. A trial reads the live state at one record, so nothing is carried along but
where the phase stands.
"""

from __future__ import annotations

import numpy as np

from models.themes.births import alike
from models.themes.changes import CentroidsChanged, Change, Reran
from models.themes.founding import announce, bear, open_all
from models.themes.placing import free
from models.themes.quality import total_milli
from models.themes.quanta import Step, product_us
from models.themes.shelf import Slots
from models.themes.state import EngineState, Place

_PIECE_US = 4_000
"""Cost of one piece of the measuring."""
_FOUNDERS = 256
"""Concerns that a re-run may give themes to; …"""
_OUTSIDE = 512
"""… it looks for them among so many of a group, the latest without a theme."""


def judge(state: EngineState, place: Place) -> Step:
    """Measure the latest concerns, then try lower bars if that fell.

    ``place`` is ("measure", last arrival number measured, sum, concerns) or ("rerun", usual, now, turn).
    """
    if place and place[0] == "rerun":
        return _rerun(state, *place[1:])
    _, last, total, many = place or ("measure", 0, 0, 0)
    slots = _measured(state)
    slots = slots[state.shelf.seq[slots] > last][: max(_PIECE_US * 100 // _cost_us(state, 100), 16)]
    if len(slots):
        total += total_milli(state, slots)
        upto = int(state.shelf.seq[slots[-1]])
        return Step(place=["measure", upto, total, many + len(slots)], work_us=_cost_us(state, len(slots)))
    if many < state.policy.judged // 2:
        return Step()
    return _compare(state, total // many)


def _compare(state: EngineState, now: int) -> Step:
    """Note what was measured; a fall asks for a re-run, once."""
    policy, usual = state.policy, state.usual_milli
    if usual is not None and now < usual - policy.fall_milli:
        state.usual_milli = now
        return Step(place=["rerun", usual, now, 0])
    state.usual_milli = now if usual is None else usual + (now - usual) // policy.usual_over
    return Step()


def _rerun(state: EngineState, usual: int, now: int, turn: int) -> Step:
    """Births at a lower bar, in thought; carried out if that is better."""
    bars = state.policy.rerun_shares
    if turn == len(bars):
        return Step([Reran(usual, now, state.policy.judged, None, now, now, 0)])
    founding = _founding(state, bars[turn])
    slots = _measured(state)
    founders = np.concatenate([slots[:0], *founding])
    many = len(np.union1d(slots, founders))
    before, after = (total_milli(state, slots, some) // max(many, 1) for some in ((), founding))
    work_us = _cost_us(state, 2 * many) + _OUTSIDE**2 // 100
    if after < before + state.policy.rerun_gain_milli:
        return Step(place=["rerun", usual, now, turn + 1], work_us=work_us)
    shown = tuple(state.shelf.ids[some[0]] for some in founding)
    told = Reran(usual, now, many, bars[turn], before, after, len(founding), shown)
    return Step([told, *_carry_out(state, founding)], None, work_us)


def _founding(state: EngineState, share: float) -> list[Slots]:
    """Concerns without a theme that are alike by ``share`` of the joining threshold: the largest groups first."""
    assert state.space is not None
    found: list[Slots] = []
    for group, outside in state.without_theme():
        slots = free(state, outside[-_OUTSIDE:])
        bar = int(share * state.space.level(group).threshold)
        found += [slots[rows] for rows in alike(state.shelf.units[slots], bar, state.policy.loose_members)]
    found.sort(key=lambda slots: (-len(slots), int(state.shelf.seq[slots[0]])))
    room = np.cumsum([len(slots) for slots in found]) <= _FOUNDERS
    return [slots for slots, fits in zip(found, room, strict=True) if fits]


def _carry_out(state: EngineState, founding: list[Slots]) -> list[Change]:
    """Let these groups found themes."""
    changes, names = list[Change](), list[str]()
    for slots in founding:
        origin = bear(state, state.shelf.groups[slots[0]], slots)
        open_all(state, [(origin, slots)])
        changes += announce(state, origin, slots)
        names.append(origin.theme_id)
    return [*changes, CentroidsChanged(tuple(names))]


def _measured(state: EngineState) -> Slots:
    """The latest concerns when the pass began: with very many themes a pass takes long, and more come meanwhile."""
    slots = state.shelf.since(state.horizon)
    return slots[state.shelf.seq[slots] <= state.last_pass][-state.policy.judged :]


def _cost_us(state: EngineState, rows: int) -> int:
    themes = max((len(book.roots) for book in state.themes.books.values()), default=0)
    return product_us(rows, themes, 2 * state.policy.components) + 2 * rows
