"""People at a tracker called an issue a duplicate of another: their themes may be one, which is for people to decide.

In: ids of two of our issues.   Out: a proposal to merge the themes that they were opened for, with concerns of both as
evidence. An issue's id is a digest of tenant, theme and episode, so its theme is found by making ids.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.identity import linear_issue_id
from models.themes.assigning import cosine
from models.themes.centroids import Origin
from models.themes.changes import Proposed
from models.themes.proposals import may_merge, propose_merge
from models.themes.state import EngineState
from models.themes.teaching import learn_from_verdict

MOST_EPISODES = 64
"""Episodes of a theme that are tried."""

MOST_IDS = 400_000
"""Ids that are made for one verdict, about a second of work; with very many themes fewer episodes are tried."""

_EVIDENCE = 5


def propose_one(
    state: EngineState, issue: str, duplicate_of: str, at_ms: int | None = None
) -> list[Proposed]:
    """What is proposed where ``issue`` is called a duplicate: nothing where nobody can tell, or it was decided.

    ``at_ms``: as of when people say so, from which the join model learns; None if it was not people.
    """
    themes = themes_of_issues(state.tenant, {issue, duplicate_of}, sorted(state.themes.by_id))
    if len(themes) < 2:
        return []
    gone, into = (_root(state, themes[name]) for name in (issue, duplicate_of))
    if gone is into or gone.group != into.group or may_merge(state, gone, into) == "never":
        return []
    if at_ms is not None:
        learn_from_verdict(state, gone, into, issue, at_ms)
    book = state.themes.books[gone.group]
    near = cosine(int(book.units[book.row_of[gone.ordinal]] @ book.units[book.row_of[into.ordinal]]))
    proposed = propose_merge(state, gone, into, near, 0.0)
    evidence = (*_members(state, gone), *_members(state, into))
    return [Proposed(one.act, one.theme_id, one.other_theme, evidence, near, 0.0) for one in proposed]


def themes_of_issues(tenant: str, issues: Iterable[str], themes: list[str]) -> dict[str, str]:
    """The theme that each issue was opened for, of those that are found."""
    left, found = set(issues), dict[str, str]()
    for episode in range(1, min(MOST_EPISODES, MOST_IDS // max(len(themes), 1)) + 1):
        for theme in themes:
            name = linear_issue_id(tenant, theme, episode)
            if name in left:
                found[name] = theme
                left.remove(name)
        if not left:
            break
    return found


def _root(state: EngineState, theme: str) -> Origin:
    return state.themes.root(state.themes.by_id[theme].ordinal)


def _members(state: EngineState, root: Origin) -> list[str]:
    """A few of the concerns that are held of a theme; the first by id, so always the same."""
    shelf = state.shelf
    held = (
        name
        for name, slot in shelf.slot_of.items()
        if shelf.origin[slot] >= 0 and state.themes.root(int(shelf.origin[slot])) is root
    )
    return sorted(held)[:_EVIDENCE]
