"""What people order about themes: commands of the journal that both phases of the theme engine obey from there on.

A theme is named by its id and by *anchors*, some of its members when the order was given: in a run in which ids
differ, the theme that most of them are in is meant. A concern comes with its item and, where it is known, its
vector, so that one of which the engine holds only the theme can still be moved exactly.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Message, UtcTime
from contracts.stages import Vector

MOST_ANCHORS = 25
MOST_CONCERNS = 200
MOST_LINKED = 50


class ThemeRef(Message):
    """A theme as the person saw it: its id, and concerns that were its members then."""

    theme_id: str
    anchors: tuple[str, ...] = Field(default=(), max_length=MOST_ANCHORS)


class ConcernRef(Message):
    """A concern, the item that it came in, and its vector on the grid."""

    concern_id: str
    item_id: str
    vector: Vector | None = None


class Steering(Message):
    """Any order about themes; ``reason`` is kept in the ledger, so it holds no personal data."""

    reason: str = Field(min_length=1, max_length=500)


class RenameTheme(Steering):
    """The theme is called so from here on, whatever it comes to hold."""

    verb: Literal["rename_theme"] = "rename_theme"
    theme: ThemeRef
    name: str = Field(min_length=1, max_length=120)


class PinTheme(Steering):
    """The theme is never merged away, split, retired or renamed by the engine; or no longer so."""

    verb: Literal["pin_theme"] = "pin_theme"
    theme: ThemeRef
    pinned: bool = True


class MuteTheme(Steering):
    """The theme opens no issue and raises no alert; or does again."""

    verb: Literal["mute_theme"] = "mute_theme"
    theme: ThemeRef
    muted: bool = True


class MarkTheme(Steering):
    """The theme is critical, whatever its concerns say, and what comes very close is told at once; or no longer so."""

    verb: Literal["mark_theme"] = "mark_theme"
    theme: ThemeRef
    critical: bool = True


class MergeThemes(Steering):
    """``theme`` is read as ``into`` from here on."""

    verb: Literal["merge_themes"] = "merge_themes"
    theme: ThemeRef
    into: ThemeRef


class UnmergeTheme(Steering):
    """``theme``, which is read as ``out_of``, stands for itself again and is not merged with it any more.

    The anchors of ``theme`` are of its own members, those of ``out_of`` are of the others.
    """

    verb: Literal["unmerge_theme"] = "unmerge_theme"
    theme: ThemeRef
    out_of: ThemeRef


class SplitTheme(Steering):
    """``examples``, and what is nearer to them than to the rest, become a theme of their own."""

    verb: Literal["split_theme"] = "split_theme"
    theme: ThemeRef
    examples: tuple[ConcernRef, ...] = Field(min_length=1, max_length=MOST_CONCERNS)


class MoveConcern(Steering):
    """The concern belongs to ``to`` and stays there; without ``to`` it leaves ``out_of`` and never comes back to it."""

    verb: Literal["move_concern"] = "move_concern"
    concern: ConcernRef
    to: ThemeRef | None = None
    out_of: ThemeRef | None = None


class LinkConcerns(Steering):
    """The concerns are in one theme always (``together``), or no two of them ever are."""

    verb: Literal["link_concerns"] = "link_concerns"
    together: bool
    concerns: tuple[ConcernRef, ...] = Field(min_length=2, max_length=MOST_LINKED)


class LiftOrder(Steering):
    """What the order at this place of the journal asked for need not hold any more."""

    verb: Literal["lift_order"] = "lift_order"
    order_id: Annotated[str, Field(pattern=r"^\d+-\d+$")]


class DecideProposal(Steering):
    """A merge or a split that the engine proposed is to be done, or never.

    ``proposal`` is the id of the ledger's event. The rest is the proposal's own, so that another run knows what is
    meant: ``other`` is the theme to merge into, ``examples`` are the concerns to split off.
    """

    verb: Literal["decide_proposal"] = "decide_proposal"
    proposal: str
    approve: bool
    act: Literal["merge", "split"]
    theme: ThemeRef
    other: ThemeRef | None = None
    examples: tuple[ConcernRef, ...] = Field(default=(), max_length=MOST_CONCERNS)


class SetAutonomy(Steering):
    """Whether merges and splits are done (``act``) or only proposed (``suggest``) for this tenant."""

    verb: Literal["set_autonomy"] = "set_autonomy"
    autonomy: Literal["act", "suggest"]


class JudgeAlert(Steering):
    """What drift was told of in an alert is ``real``; or it is a false alarm, and that detector is quiet about it.

    ``alert_id``, ``detector``, ``drift_id`` and ``at``, its event time, are the alert's own; ``theme`` is the one it is
    about, None where that is the tenant as a whole.
    """

    verb: Literal["judge_alert"] = "judge_alert"
    alert_id: str
    detector: str
    drift_id: str
    at: UtcTime
    theme: ThemeRef | None = None
    real: bool


ThemeOrder = (
    RenameTheme
    | PinTheme
    | MuteTheme
    | MarkTheme
    | MergeThemes
    | UnmergeTheme
    | SplitTheme
    | MoveConcern
    | LinkConcerns
    | LiftOrder
    | DecideProposal
    | SetAutonomy
    | JudgeAlert
)
