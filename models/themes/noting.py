"""Write down what an order asks for, as rows of the constraints; used where it acts, and by whoever reads the ledger.

In:    an order that was obeyed, its themes named as they are here, and the theme that it made, if it made one.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.steering import (
    DecideProposal,
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
    UnmergeTheme,
)
from models.themes.constraints import By, Constraints, Kind
from models.themes.places import Places


def note(
    order: ThemeOrder, by: By, constraints: Constraints, places: Places, made: str | None = None
) -> None:
    """Take up the rows of an order: of a merge or a move before it is done, of a split with the theme it ``made``."""
    match order:
        case RenameTheme(theme=theme, name=name):
            constraints.put("name", theme.theme_id, by, name)
        case PinTheme(theme=theme, pinned=on):
            _mark(constraints, "pinned", theme.theme_id, by, on=on)
        case MuteTheme(theme=theme, muted=on):
            _mark(constraints, "muted", theme.theme_id, by, on=on)
        case MarkTheme(theme=theme, critical=on):
            _mark_critical(constraints, theme.theme_id, by, places, on=on)
        case MergeThemes(theme=theme, into=into):
            note_merge(theme.theme_id, into.theme_id, by, constraints, places)
        case UnmergeTheme(theme=theme, out_of=rest):
            note_apart(theme.theme_id, rest.theme_id, by, constraints)
        case SplitTheme(theme=theme, examples=examples) if made is not None:
            note_split(theme.theme_id, made, [one.concern_id for one in examples], by, constraints)
        case MoveConcern():
            _move(order, by, constraints, places)
        case LinkConcerns(together=together, concerns=concerns):
            names = dict.fromkeys(one.concern_id for one in concerns)
            constraints.put("must" if together else "cannot", by.order_id, by, *names)
        case LiftOrder(order_id=order_id):
            constraints.lift(order_id)
        case DecideProposal():
            _decide(order, by, constraints, places, made)
        case SetAutonomy(autonomy=autonomy):
            constraints.put("autonomy", "", by, autonomy)


def _mark(constraints: Constraints, kind: Kind, theme: str, by: By, *, on: bool) -> None:
    if on:
        constraints.put(kind, theme, by)
    else:
        constraints.drop(kind, theme)


def _mark_critical(constraints: Constraints, theme: str, by: By, places: Places, *, on: bool) -> None:
    """What was merged into the theme may have been marked before that: to take it back is to take all of it back."""
    for name in sorted(constraints.rows["critical"]):
        if not on and places.resolve(name) == theme:
            constraints.drop("critical", name)
    _mark(constraints, "critical", theme, by, on=on)


def note_merge(theme: str, into: str, by: By, constraints: Constraints, places: Places) -> None:
    """``theme`` is to be read as ``into``: what kept the two apart, or proposed this, is settled."""
    kinds: tuple[Kind, ...] = ("apart", "proposed")
    for kind in kinds:
        for name, row in sorted(constraints.rows[kind].items()):
            if set(row.values) == {theme, into} or {places.resolve(one) for one in row.values} == {
                theme,
                into,
            }:
                constraints.drop(kind, name)
    constraints.put("together", theme, by, into)


def note_apart(theme: str, rest: str, by: By, constraints: Constraints) -> None:
    """``theme`` stands for itself, and is not merged with ``rest`` by the engine."""
    constraints.drop("together", theme)
    constraints.put("apart", by.order_id, by, theme, rest)


def note_split(theme: str, made: str, examples: Sequence[str], by: By, constraints: Constraints) -> None:
    """The examples, and what is linked to them, are put into the theme that came of the split, wherever they were."""
    constraints.drop("proposed", f"split {theme}")
    constraints.put("apart", by.order_id, by, theme, made)
    for one in founders_of(examples, constraints):
        constraints.put("placed", one, by, made)


def founders_of(examples: Sequence[str], constraints: Constraints) -> tuple[str, ...]:
    """The examples of a split with the whole unit of each, in that order; whether they are known is not asked."""
    return tuple(dict.fromkeys(one for example in examples for one in constraints.unit(example)))


def _move(order: MoveConcern, by: By, constraints: Constraints, places: Places) -> None:
    """The last word about a concern, and about what is linked to it, counts."""
    concern = order.concern.concern_id
    unit = constraints.unit(concern)
    for one in unit:
        constraints.drop("placed", one)
    if order.to is None:
        if order.out_of is not None:
            constraints.put("barred", by.order_id, by, concern, order.out_of.theme_id)
        return
    target = places.resolve(order.to.theme_id)
    for one in unit:
        for theme, earlier in constraints.bars(one).items():
            if places.resolve(theme) == target:
                constraints.drop("barred", earlier.order_id)
    constraints.put("placed", concern, by, order.to.theme_id)


def _decide(
    order: DecideProposal, by: By, constraints: Constraints, places: Places, made: str | None
) -> None:
    theme = order.theme.theme_id
    if order.act == "merge" and order.other is not None:
        (note_merge if order.approve else _note_never)(theme, order.other.theme_id, by, constraints, places)
    elif not order.approve:
        constraints.drop("proposed", f"split {theme}")
        constraints.put("whole", theme, by)
    elif made is not None:
        note_split(theme, made, [one.concern_id for one in order.examples], by, constraints)


def _note_never(theme: str, other: str, by: By, constraints: Constraints, _places: Places) -> None:
    constraints.drop("proposed", f"merge {' '.join(sorted((theme, other)))}")
    constraints.put("apart", by.order_id, by, theme, other)
