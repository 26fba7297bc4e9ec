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
    views at the moment of use. ``pinned`` and ``muted`` are what people ordered (``contracts.steering``).
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
    pinned: bool = False
    muted: bool = False


class ThemeEvent(Envelope):
    """Topic ``theme-events``, and in order on ``assignments``: the identity ledger.

    Each event has its author, reason and evidence (concern ids). What a person ordered has the place of the order in
    the journal. Of a ``split``, ``theme_id`` was split, ``other_theme`` came of it; of a ``renamed``, ``name`` is what
    the theme is called now and ``name_before`` what it was called. ``moved`` tells of a person's move alone. An order
    that contradicts an earlier one is ``refused``; one whose theme cannot be told in this run is ``unresolved``, and
    waits for a person. ``theme_id`` is empty where an order is about concerns without a theme, or about the tenant.
    """

    kind: Literal["theme_event"] = "theme_event"
    event: Literal[
        "born", "renamed", "merged", "unmerged", "split", "retired", "returned",
        "pinned", "unpinned", "muted", "unmuted", "moved", "linked", "kept_apart", "lifted",
        "proposed", "approved", "rejected", "autonomy", "refused", "unresolved",
    ]  # fmt: skip
    theme_id: str
    other_theme: str | None = None
    author: str
    reason: str
    evidence: tuple[str, ...] = ()
    name_before: str | None = None
    name: str | None = None
    order_id: str | None = None


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
