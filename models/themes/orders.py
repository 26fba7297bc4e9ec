"""Carry out what people order of the themes: whole or not at all, and for good.

In:    an order, who gave it, and the engine's state.   Out: what changed, in order, with one ``Ordered`` at least that
       says what became of the order.
Elsewhere: which theme is meant (``places``), whether the order fits the rest (``objections``), how concerns are
       moved (``placing``).
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from contracts.steering import (
    ConcernRef,
    DecideProposal,
    JudgeAlert,
    LiftOrder,
    LinkConcerns,
    MarkTheme,
    MergeThemes,
    MoveConcern,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SetAutonomy,
    SplitTheme,
    ThemeOrder,
    ThemeRef,
    UnmergeTheme,
)
from models.themes.centroids import Origin
from models.themes.changes import CentroidsChanged, Change, Merged, Ordered, OrderedEvent, Returned, Unmerged
from models.themes.constraints import By
from models.themes.grid import ONE, Grid
from models.themes.noting import note, note_apart
from models.themes.objections import objection
from models.themes.places import meant, meant_origin
from models.themes.placing import hold, put_all, repair
from models.themes.splitting import split_off
from models.themes.state import EngineState
from models.themes.teaching import learn_from_decision, learn_from_order, learn_if_called, unlearn_order
from models.themes.uniting import merge
from models.themes.whereabouts import StatePlaces


def carry_out(state: EngineState, order: ThemeOrder, by: By) -> list[Change]:
    """Obey an order, or say in one ``Ordered`` why not (``refused``, ``unresolved``): then nothing has changed."""
    places = StatePlaces(state)
    here = resolved(order, places)
    if isinstance(here, Ordered):
        return [here]
    if isinstance(here, MergeThemes) and _became_one(order, here):
        state.constraints.put("whole", here.into.theme_id, by)
        return [Ordered("linked", here.into.theme_id, why="the two are one theme here")]
    why = objection(here, state.constraints, places)
    if why is not None:
        return [
            Ordered("refused", order_theme(here), concerns=tuple(c.concern_id for c in refs(here)), why=why)
        ]
    for ref in refs(here):
        if ref.vector is not None and state.space is not None:
            hold(state, ref.concern_id, _grid(ref))
    return [*_ACTS[type(here)](state, here, by), *repair(state)]


def _became_one(order: ThemeOrder, here: MergeThemes) -> bool:
    """Whether two themes are to be merged that are one here: by another merge, or from the start."""
    assert isinstance(order, MergeThemes)
    return order.theme.theme_id != order.into.theme_id and here.theme.theme_id == here.into.theme_id


def _grid(ref: ConcernRef) -> Grid:
    assert ref.vector is not None
    grid: Grid = np.frombuffer(a2b_base64(ref.vector.data), dtype="<i2").astype(np.int16)
    return grid


def refs(order: ThemeOrder) -> tuple[ConcernRef, ...]:
    """The concerns that an order would move."""
    match order:
        case SplitTheme(examples=found) | DecideProposal(examples=found) | LinkConcerns(concerns=found):
            return found
        case MoveConcern(concern=concern):
            return (concern,)
    return ()


def in_space_of(order: ThemeOrder, encoder: str) -> ThemeOrder:
    """The order without vectors of another encoder."""

    def fitting(ref: ConcernRef) -> ConcernRef:
        fits = ref.vector is None or ref.vector.model == encoder
        return ref if fits else ref.model_copy(update={"vector": None})

    match order:
        case SplitTheme(examples=found) | DecideProposal(examples=found):
            return order.model_copy(update={"examples": tuple(map(fitting, found))})
        case LinkConcerns(concerns=found):
            return order.model_copy(update={"concerns": tuple(map(fitting, found))})
        case MoveConcern(concern=concern):
            return order.model_copy(update={"concern": fitting(concern)})
    return order


def order_theme(order: ThemeOrder) -> str:
    """The theme that an order is about first; empty if it is about none."""
    match order:
        case MoveConcern(to=to, out_of=out_of):
            ref = to or out_of
            return ref.theme_id if ref else ""
        case LinkConcerns() | LiftOrder() | SetAutonomy():
            return ""
    return order.theme.theme_id if order.theme else ""


# -- what is meant ---------------------------------------------------------------------------------------

_THEMES = ("theme", "into", "other", "to", "out_of")


def resolved(order: ThemeOrder, places: StatePlaces) -> Any:
    """The order with the ids that its themes have here; ``Ordered`` if one of them cannot be told."""
    told: dict[str, ThemeRef] = {}
    for name in _THEMES:
        ref = getattr(order, name, None)
        if ref is None:
            continue
        of_origin = isinstance(order, UnmergeTheme) and name == "theme"
        theme = (meant_origin if of_origin else meant)(ref, places)
        if theme is None:
            why = f"no theme here holds most of the {len(ref.anchors)} concerns that theme {ref.theme_id} was named by"
            return Ordered("unresolved", order_theme(order), concerns=ref.anchors, why=why)
        told[name] = ref.model_copy(update={"theme_id": theme})
    names = tuple(one.concern_id for one in refs(order))
    if _splits(order) and not any(map(places.knows, names)):
        why = "none of the examples is known here"
        return Ordered("unresolved", order_theme(order), concerns=names, why=why)
    return order.model_copy(update=told)


def _splits(order: ThemeOrder) -> bool:
    """Whether an order would found a theme of examples."""
    return isinstance(order, SplitTheme) or (
        isinstance(order, DecideProposal) and order.act == "split" and order.approve
    )


# -- what is done ----------------------------------------------------------------------------------------


def _rename(state: EngineState, order: RenameTheme, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    yield Ordered("renamed", order.theme.theme_id, name=order.name)


def _pin(state: EngineState, order: PinTheme, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    yield Ordered("pinned" if order.pinned else "unpinned", order.theme.theme_id)
    if order.pinned:
        yield from _wake(state, state.themes.by_id[order.theme.theme_id])


def _wake(state: EngineState, root: Origin) -> Iterator[Change]:
    if root.retired:
        state.retire(root, False)
        yield Returned(root.theme_id)


def _mute(state: EngineState, order: MuteTheme, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    yield Ordered("muted" if order.muted else "unmuted", order.theme.theme_id)


def _mark(state: EngineState, order: MarkTheme, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    yield Ordered("marked" if order.critical else "unmarked", order.theme.theme_id)


def _merge(state: EngineState, order: MergeThemes, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    learn_if_called(state, order.theme.theme_id, order.into.theme_id, one=True, by=by)
    yield from _merged(state, order.theme.theme_id, order.into.theme_id)


def _merged(state: EngineState, theme: str, into: str) -> Iterator[Change]:
    gone, stays = state.themes.by_id[theme], state.themes.by_id[into]
    book = state.themes.books[stays.group]
    rows = book.row_of[gone.ordinal], book.row_of[stays.ordinal]
    near = round(int(book.units[rows[0]] @ book.units[rows[1]]) / ONE, 4)
    sizes = int(book.total_n[rows[0]]), int(book.total_n[rows[1]])
    if not gone.retired:
        yield from _wake(state, stays)
    merge(state, gone, stays)
    state.themes.absorb(stays.group, [rows])
    yield Merged(theme, into, near, near, *sizes)
    yield CentroidsChanged((theme, into))


def _unmerge(state: EngineState, order: UnmergeTheme, by: By) -> Iterator[Change]:
    """In another run, the two may never have been one, or the other one may have been merged away."""
    places = StatePlaces(state)
    theme, rest = order.theme.theme_id, order.out_of.theme_id
    if places.resolve(theme) != places.resolve(rest):
        note_apart(theme, rest, by, state.constraints)
        learn_if_called(state, theme, rest, one=False, by=by)
        yield Ordered("kept_apart", theme, rest, why="they are two themes here already")
        return
    if theme == places.resolve(theme):  # here it is the other one that was merged away
        theme = meant_origin(order.out_of, places) or theme
    if theme == places.resolve(theme):
        yield Ordered(
            "unresolved", theme, why="here the two are one theme from the start: split it by examples"
        )
        return
    yield from _take_apart(state, theme, by)


def _take_apart(state: EngineState, theme: str, by: By) -> Iterator[Change]:
    """Undo the merge that took ``theme`` in: its members and sum are its own again."""
    origin = state.themes.by_id[theme]
    assert origin.parent is not None
    into, root = state.themes.origins[origin.parent], state.themes.root(origin.ordinal)
    origin.parent = None
    origin.retired = False
    state.list_anew()
    state.touch(origin, into, root)
    state.make_books()
    note_apart(theme, root.theme_id, by, state.constraints)
    learn_if_called(state, theme, root.theme_id, one=False, by=by)
    if into is not root:
        state.constraints.put("apart", f"{by.order_id} too", by, theme, into.theme_id)
    yield Unmerged(theme, root.theme_id)
    yield CentroidsChanged((theme, root.theme_id))


def _split(state: EngineState, order: SplitTheme, by: By) -> Iterator[Change]:
    yield from split_off(state, order.theme.theme_id, [one.concern_id for one in order.examples], by)


def _move(state: EngineState, order: MoveConcern, by: By) -> Iterator[Change]:
    to, out_of = (None if ref is None else ref.theme_id for ref in (order.to, order.out_of))
    learn_from_order(state, order.concern.concern_id, to, out_of)
    unit = state.constraints.unit(order.concern.concern_id)
    note(order, by, state.constraints, StatePlaces(state))
    if order.to is not None:
        yield Ordered("moved", order.to.theme_id, concerns=unit)
        yield from put_all(state, unit, state.themes.by_id[order.to.theme_id], "placed")
    elif order.out_of is not None:
        yield Ordered("moved", order.out_of.theme_id, concerns=unit, why="taken out of the theme")


def _link(state: EngineState, order: LinkConcerns, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    names = tuple(dict.fromkeys(one.concern_id for one in order.concerns))
    yield Ordered("linked" if order.together else "kept_apart", concerns=names)


def _lift(state: EngineState, order: LiftOrder, _by: By) -> Iterator[Change]:
    lifted = state.constraints.lift(order.order_id)
    unlearn_order(state, order.order_id)
    what = ", ".join(sorted({row.by.verb for _, _, row in lifted}))
    values = {value for _, name, row in lifted for value in (name, *row.values)}
    themes = sorted(value for value in values if value in state.themes.by_id)
    concerns = tuple(sorted(value for value in values if StatePlaces(state).knows(value)))
    yield Ordered(
        "lifted", themes[0] if themes else "", concerns=concerns, why=f"{what}, order {order.order_id}"
    )


def _decide(state: EngineState, order: DecideProposal, by: By) -> Iterator[Change]:
    theme, other = order.theme.theme_id, order.other.theme_id if order.other else None
    event: OrderedEvent = "approved" if order.approve else "rejected"
    names = tuple(one.concern_id for one in order.examples)
    yield Ordered(event, theme, other, names, why=f"proposal {order.proposal}")
    note(order, by, state.constraints, StatePlaces(state))
    if order.act == "merge" and other is not None:
        learn_from_decision(state, theme, other, one=order.approve, by=by)
    if order.approve and order.act == "merge" and other is not None:
        yield from _merged(state, theme, other)
    elif order.approve and order.act == "split":
        yield from split_off(state, theme, names, by)


def _autonomy(state: EngineState, order: SetAutonomy, by: By) -> Iterator[Change]:
    note(order, by, state.constraints, StatePlaces(state))
    yield Ordered("autonomy", name=order.autonomy)


def _judge(_state: EngineState, order: JudgeAlert, _by: By) -> Iterator[Change]:
    """Themes stay as they are: what is told about them changes (``operators.themes.drift_alerts``)."""
    event: OrderedEvent = "alert_confirmed" if order.real else "alert_dismissed"
    yield Ordered(event, order_theme(order), why=order.detector)


_ACTS: dict[type[Any], Callable[[EngineState, Any, By], Iterable[Change]]] = {
    RenameTheme: _rename,
    PinTheme: _pin,
    MuteTheme: _mute,
    MarkTheme: _mark,
    MergeThemes: _merge,
    UnmergeTheme: _unmerge,
    SplitTheme: _split,
    MoveConcern: _move,
    LinkConcerns: _link,
    LiftOrder: _lift,
    DecideProposal: _decide,
    SetAutonomy: _autonomy,
    JudgeAlert: _judge,
}
