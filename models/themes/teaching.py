"""What a person's order about a concern teaches the tenant's join model.

In: the state before the order is carried out. Out: nothing but another model. Moving a concern elsewhere, or out of
its theme, says that the theme was wrong; putting it where it is already says that it was right.
"""

from __future__ import annotations

from models.themes.assigning import standing
from models.themes.state import EngineState


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
