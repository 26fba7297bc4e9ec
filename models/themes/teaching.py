"""What people's orders and trackers' verdicts teach the tenant's join model.

In: the state before an order is carried out. Out: nothing but another model. Moving a concern elsewhere, or out of
its theme, says that the theme was wrong; putting it where it is already says that it was right. That two themes are
one, or two, says how much a near runner-up is to be doubted here (``pairs``).
"""

from __future__ import annotations

from models.themes.assigning import evidence_of, runners_up, standing
from models.themes.centroids import Origin
from models.themes.constraints import By
from models.themes.pairs import Said, key
from models.themes.state import EngineState

_LATEST = 32
"""Latest members of either theme that are asked, and …"""
_MOST = 8
"""… how many of those whose runner-up is the other theme are counted, the latest of each."""


def learn_from_order(state: EngineState, concern_id: str, to: str | None, out_of: str | None) -> None:
    """Learn from an order that ``concern_id`` goes to one theme, or only out of one.

    Nothing is learned of a concern without a theme, or of one whose vector is not held.
    """
    evidence = standing(state, concern_id)
    if evidence is None:
        return
    here = state.themes.root(int(state.shelf.origin[state.shelf.slot_of[concern_id]]))
    named = state.themes.by_id.get(to or out_of or "")
    same = named is not None and state.themes.root(named.ordinal) is here
    if to is None and not same:  # it was not in the theme that it is to leave
        return
    state.joins.learn(evidence, correct=same and to is not None)
    state.dirty["joins"].add("model")


def learn_from_verdict(state: EngineState, one: Origin, other: Origin, issue: str, at_ms: int) -> None:
    """A tracker says that an issue of one theme repeats one of the other; said again it counts once."""
    names = one.theme_id, other.theme_id
    if state.pairs.find(*names) is None:
        state.pairs.add(*names, _stated(state, one, other))
    state.pairs.withdraw(issue, at_ms, but=key(*names))
    state.pairs.say(*names, Said(issue, at_ms, True))
    state.joins.lean = state.pairs.lean()


def unlearn_verdict(state: EngineState, issue: str, at_ms: int) -> None:
    """A tracker calls an issue a duplicate no more: as if it had never done so."""
    state.pairs.withdraw(issue, at_ms)
    state.joins.lean = state.pairs.lean()


def learn_from_decision(state: EngineState, theme: str, other: str, *, one: bool, by: By) -> None:
    """People decided whether two themes that were proposed to be one are; to be said before they become it."""
    if state.pairs.find(theme, other) is None:
        roots = [state.themes.root(state.themes.by_id[name].ordinal) for name in (theme, other)]
        state.pairs.add(theme, other, _stated(state, roots[0], roots[1]))
    _decide(state, theme, other, one=one, by=by)


def learn_if_called(state: EngineState, theme: str, other: str, *, one: bool, by: By) -> None:
    """People merged two themes, or took them apart: a decision, if a verdict or a proposal was about them."""
    if state.pairs.find(theme, other) is not None:
        _decide(state, theme, other, one=one, by=by)


def unlearn_order(state: EngineState, order_id: str) -> None:
    """What this order decided need not hold any more."""
    state.pairs.lift(order_id)
    state.joins.lean = state.pairs.lean()


def _decide(state: EngineState, theme: str, other: str, *, one: bool, by: By) -> None:
    state.pairs.decide(theme, other, 1 if one else -1, by.order_id)
    state.joins.lean = state.pairs.lean()


def _stated(state: EngineState, one: Origin, other: Origin) -> int | None:
    """The mean probability, verdicts apart, of concerns that are in one theme and nearest but that to the other."""
    if one is other or one.group != other.group:
        return None
    stated = [p for pair in ((one, other), (other, one)) for p in _stated_in(state, *pair)]
    return sum(stated) // len(stated) if stated else None


def _stated_in(state: EngineState, root: Origin, behind: Origin) -> list[int]:
    shelf, book, found = state.shelf, state.themes.books[root.group], list[int]()
    row, second = book.row_of[root.ordinal], book.row_of[behind.ordinal]
    for slot in state.rosters.latest(root.ordinal, _LATEST).tolist()[::-1]:
        similar = book.units @ shelf.units[slot]
        if len(found) == _MOST:
            break
        others = runners_up(similar, row)
        if others[:1] == (second,):
            found.append(state.joins.p_taught(evidence_of(state, slot, book, row, others)))
    return found
