"""Themes: the public record of each, the ledger of what happened to them, and drift."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.business import Nearby
from contracts.envelope import Envelope, UtcTime


class ThemeRecord(Envelope):
    """Topic ``themes`` (compacted by theme), and in order on ``assignments``: what a theme is now.

    ``label`` is made of ``keywords``; ``label_source`` says by whom. ``redirect_to`` is set once the
    theme was merged. ``representatives`` and ``counter_examples`` are concern ids: quotes are read from
    views at the moment of use. ``pinned`` and ``muted`` are what people ordered (``contracts.steering``). ``parent`` is
    the family that the theme is in, if there are others like it, and ``family`` is the family's keyword name.
    ``summary`` is a model's line about the theme, as long as the model's name holds. ``critical``: a person said that
    it is.
    """

    kind: Literal["theme"] = "theme"
    theme_id: str
    status: Literal["active", "merged", "retired"]
    label: str
    label_source: Literal["keywords", "model", "person"] = "keywords"
    keywords: tuple[str, ...] = ()
    language: str
    concerns: int
    accounts: int
    first_seen: UtcTime
    last_seen: UtcTime
    redirect_to: str | None = None
    representatives: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    encoder: str
    pinned: bool | None = None
    muted: bool | None = None
    parent: str | None = None
    family: str | None = None
    summary: str | None = None
    critical: bool | None = None
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")


class ThemeEvent(Envelope):
    """Topic ``theme-events``, and in order on ``assignments``: the identity ledger.

    Each event has its author, reason and evidence (concern ids). Of a ``split``, ``theme_id`` was split and
    ``other_theme`` came of it. ``renamed`` says what the theme was called and what it is called now. ``order_id`` is
    the place in the journal of the order that this came of.
    """

    kind: Literal["theme_event"] = "theme_event"
    event: Literal["born", "renamed", "merged", "unmerged", "split", "retired", "returned"]
    theme_id: str
    other_theme: str | None = None
    author: str
    reason: str
    evidence: tuple[str, ...] = ()
    name_before: str | None = None
    name: str | None = None
    order_id: str | None = None
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")


class ThemeOrdered(Envelope):
    """Topic ``theme-events``, in order on ``assignments`` too: what became of a person's order, and what is proposed.

    What an order did to a theme itself (a name, a merge, a split) is a ``ThemeEvent`` with the order's ``order_id``.

    ``refused``: it contradicts an earlier order, and nothing was done; ``unresolved``: nobody can tell in this run
    which theme is meant, so it waits for a person; ``proposed``: the engine would do ``act`` and asks. Everything else
    holds from here on. ``order_id`` is the order's place in the journal, absent from a proposal. ``evidence`` are the
    concerns that it is about; ``autonomy`` is the tenant's, where that was set.
    """

    kind: Literal["theme_order"] = "theme_order"
    event: Literal[
        "pinned", "unpinned", "muted", "unmuted", "moved", "linked", "kept_apart", "lifted",
        "approved", "rejected", "autonomy", "refused", "unresolved", "proposed", "marked", "unmarked",
        "alert_confirmed", "alert_dismissed",
    ]  # fmt: skip
    theme_id: str | None = None
    other_theme: str | None = None
    author: str
    reason: str
    detail: str = ""
    evidence: tuple[str, ...] = ()
    autonomy: Literal["act", "suggest"] | None = None
    act: Literal["merge", "split"] | None = None
    order_id: str | None = None
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")


class DriftEvent(Envelope):
    """Topic ``drift``: a detector saw a theme or a tenant change.

    ``before`` and ``after`` are the detector's measure over ``before_n`` and ``after_n`` observations, ``measure``
    says what they count (``docs/drift.md`` lists both). ``p`` is the chance of this without any change, where the
    detector is a test. ``near`` holds the business events of the days before. ``retrain``: the models' training
    data may no longer look like this. ``warming``: nothing drifted, detectors had to start anew.
    """

    kind: Literal["signal"] = "signal"
    detector: str
    theme_id: str | None = None
    before: float
    after: float
    examples: tuple[str, ...] = ()
    measure: str = ""
    before_n: int = 0
    after_n: int = 0
    p: float | None = None
    reason: str = ""
    near: tuple[Nearby, ...] = ()
    retrain: bool = False
    warming: bool = False
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")
