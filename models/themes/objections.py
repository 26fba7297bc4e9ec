"""Whether an order can be obeyed together with all earlier ones; asked at the door and again where it acts.

In:    an order whose themes are named as they are here (``meant``), the constraints, and where everything is.
Out:   None, or why not, with the earlier order. Two orders contradict each other when nothing the engine could do
       would obey both; what can be made right by moving a concern that no person placed is no contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contracts.steering import (
    DecideProposal,
    LiftOrder,
    LinkConcerns,
    MergeThemes,
    MoveConcern,
    SplitTheme,
    ThemeOrder,
    UnmergeTheme,
)
from models.themes.constraints import MOST, By, Constraints
from models.themes.places import Places


def objection(order: ThemeOrder, constraints: Constraints, places: Places) -> str | None:
    """Why an order cannot be obeyed, None if it can."""
    if len(constraints) >= MOST:
        return f"{MOST} orders hold already: lift some first"
    match order:
        case MergeThemes(theme=theme, into=into):
            return _merging(theme.theme_id, into.theme_id, constraints, places)
        case UnmergeTheme(theme=theme):
            return _unmerging(theme.theme_id, constraints, places)
        case SplitTheme(theme=theme, examples=examples):
            return _splitting(theme.theme_id, [one.concern_id for one in examples], constraints, places)
        case MoveConcern(to=None, out_of=None):
            return "say where the concern goes, or what it leaves"
        case MoveConcern(concern=concern, to=to) if to is not None:
            return _joining(constraints.unit(concern.concern_id), to.theme_id, constraints, places)
        case LinkConcerns(together=together, concerns=concerns):
            names = [one.concern_id for one in concerns]
            return (_tying if together else _parting)(names, constraints, places)
        case LiftOrder(order_id=order_id):
            return _lifting(order_id, constraints)
        case DecideProposal(approve=True, act="merge", theme=theme, other=other) if other is not None:
            return _merging(theme.theme_id, other.theme_id, constraints, places)
        case DecideProposal(approve=True, act="split", theme=theme, examples=examples):
            return _splitting(theme.theme_id, [one.concern_id for one in examples], constraints, places)
    return None


def against(by: By, why: str) -> str:
    """The words in which an earlier order is named."""
    return f"contradicts {by}: {why}; lift that order first, or give it up"


def _pinned(theme: str, verb: str, constraints: Constraints) -> str | None:
    row = constraints.get("pinned", theme)
    return row and against(row.by, f"theme {theme} is pinned, so it is not {verb}")


def _merging(theme: str, into: str, constraints: Constraints, places: Places) -> str | None:
    if theme == into:
        return f"theme {theme} is one with {into} already"
    if places.group_of(theme) != places.group_of(into):
        return "the two themes are of different languages, and these do not mix"
    return _pinned(theme, "merged away", constraints) or _placed_apart(theme, into, constraints, places)


def _placed_apart(theme: str, into: str, constraints: Constraints, places: Places) -> str | None:
    """Concerns that persons put one into each of the themes, and that must not be in one."""
    for root, other in ((theme, into), (into, theme)):
        for unit in constraints.units():
            home = constraints.home(unit)
            if home is None or places.resolve(home[0]) != root:
                continue
            by = _kept_out(unit, other, constraints, places)
            if by is not None:
                return against(by, f"concern {unit[0]} was put into theme {root} and must not be in {other}")
    return None


def _kept_out(unit: Iterable[str], root: str, constraints: Constraints, places: Places) -> By | None:
    """The order that keeps a unit out of a theme whatever is moved: its own, or of one that a person put there."""
    unit = tuple(unit)
    for one in unit:
        for theme, by in constraints.bars(one).items():
            if places.resolve(theme) == root:
                return by
    for other, by in sorted(constraints.partners(unit).items()):
        home = constraints.home(constraints.unit(other))
        if home is not None and places.resolve(home[0]) == root:
            return by
    return None


def _unmerging(theme: str, constraints: Constraints, places: Places) -> str | None:
    root = places.resolve(theme)
    if objection := _pinned(root, "taken apart", constraints):
        return objection
    for unit in constraints.units():
        homes = [row for one in unit if (row := constraints.get("placed", one)) is not None]
        inside = [
            theme in places.chain(row.values[0]) for row in homes if places.resolve(row.values[0]) == root
        ]
        if len(set(inside)) > 1:
            return against(homes[0].by, f"the linked concerns {', '.join(unit[:3])} would be in two themes")
    return None


def _joining(unit: Sequence[str], root: str, constraints: Constraints, places: Places) -> str | None:
    """A person puts a unit into a theme: what they took out of it before may come back, what is kept apart may not."""
    if _languages(unit, places) - {places.group_of(root)}:
        return f"theme {root} is of another language, and these do not mix"
    for other, by in sorted(constraints.partners(unit).items()):
        home = constraints.home(constraints.unit(other))
        if home is not None and places.resolve(home[0]) == root:
            return against(by, f"concern {other} was put into theme {root}, and the two must not be in one")
    return None


def _splitting(theme: str, examples: Sequence[str], constraints: Constraints, places: Places) -> str | None:
    """Where a person put the examples before does not matter: this is the later word. What is kept apart stays so."""
    if objection := _pinned(theme, "split", constraints):
        return objection
    if _languages(examples, places) - {places.group_of(theme)}:
        return f"theme {theme} is of another language than an example, and these do not mix"
    return _unlike(examples, constraints)


def _languages(names: Iterable[str], places: Places) -> set[str | None]:
    return {places.speaks(name) for name in names} - {None}


def _unlike(names: Iterable[str], constraints: Constraints) -> str | None:
    """Concerns that are to be in one theme: whether an order keeps any two apart."""
    names = sorted({one for name in names for one in constraints.unit(name)})
    partners = constraints.partners(names)
    other = next((name for name in names if name in partners), None)
    return other and against(partners[other], f"concern {other} must not be in a theme with another of these")


def _tying(names: Iterable[str], constraints: Constraints, places: Places) -> str | None:
    names = sorted({one for name in names for one in constraints.unit(name)})
    if len(_languages(names, places)) > 1:
        return "the concerns are of different languages, and these do not mix"
    if objection := _unlike(names, constraints):
        return objection
    homes = {
        places.resolve(row.values[0]): row.by for one in names if (row := constraints.get("placed", one))
    }
    if len(homes) > 1:
        return against(max(homes.items())[1], "the concerns were put into different themes")
    root = next(iter(homes), None)
    by = None if root is None else _kept_out(names, root, constraints, places)
    return by and against(by, f"one of the concerns was put into theme {root}, where another must not be")


def _parting(names: Iterable[str], constraints: Constraints, places: Places) -> str | None:
    names = sorted(set(names))
    if len(names) < 2:
        return "name two different concerns"
    units: dict[tuple[str, ...], str] = {}
    homes: dict[str, str] = {}
    for name in names:
        unit = constraints.unit(name)
        if unit in units:
            by = constraints.tied(name)
            return by and against(by, f"concerns {units[unit]} and {name} are linked together")
        units[unit] = name
        home = constraints.home(unit)
        if home is None:
            continue
        root = places.resolve(home[0])
        if root in homes:
            return against(home[1], f"concerns {homes[root]} and {name} were put into one theme")
        homes[root] = name
    return None


def _lifting(order_id: str, constraints: Constraints) -> str | None:
    made = (row.by.order_id == order_id for rows in constraints.rows.values() for row in rows.values())
    return None if any(made) else f"nothing holds because of order {order_id}"
