"""Priority's laws: batching and restarts change nothing; windows equal a recount from scratch."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.commands import LoadBegin, LoadEnd, ReportIssue
from contracts.envelope import Envelope
from contracts.feedback import CustomerUpdated, Tick
from contracts.identity import linear_issue_id
from contracts.priority import Priority
from contracts.stages import Assignment, Decision
from contracts.themes import ThemeEvent, ThemeRecord
from models.priority.policy import (
    CriticalRule,
    FollowUp,
    GrowthRule,
    ImpactRule,
    NegativeShareRule,
    PriorityPolicy,
    Weights,
)
from models.priority.verdicts import VerdictWeights
from models.priority.wilson import wilson_interval
from operators.prioritise import PrioritiseStep
from tests.support.laws import assert_batching_law, cuts
from tests.unit.operators.priority_streams import START, Journal, on, step

HOUR = 3600
THEMES = ("theme-a", "theme-b", "theme-c")
TIERS = ("free", "pro", "business", "enterprise")

EASY = PriorityPolicy(
    rules=(
        CriticalRule(min_accounts=1, min_critical=1, severe_share=0.1),
        ImpactRule(enter=10, exit=5, min_accounts=2),
        GrowthRule(min_accounts=2, p=0.5),
        NegativeShareRule(min_negatives=2, min_accounts=1),
    ),
    quotes=2,
    follow=FollowUp(settle_h=0, recur_min_accounts=1),
    weights=Weights(verdicts=VerdictWeights(min_verdicts=1, neutral=(0.5, 0.5), within_d=3)),
)
"""Bounds so low that short streams start and end rules all the time."""

KINDS = "new new new waiting late early tick tick jump move retract unthemed relabel relabel merge unmerge record "
KINDS += "customer load loaded report report report"
MOVES = st.lists(
    st.tuples(st.sampled_from(KINDS.split()), st.integers(0, 11), st.integers(0, 11)),
    min_size=25,
    max_size=80,
)


def stream(moves: list[tuple[str, int, int]]) -> list[Envelope]:
    """A journal of one tenant that these moves make; the clock only goes on by ticks."""
    journal, hours, names = Journal(), 0.0, list[str]()
    places: dict[str, str | None] = {}
    for kind, x, y in moves:
        theme = THEMES[x % 3]
        if kind in ("new", "waiting", "late", "early"):
            names.append(f"c{len(names)}")
            when = {"late": hours - 40.0 * x, "early": hours + 30.0 * (x + 1)}.get(kind, hours)
            places[names[-1]] = None if kind == "waiting" else theme
            _concern(journal, names[-1], when, places[names[-1]], x, y)
        elif kind in ("tick", "jump"):
            hours += 0.3 + x if kind == "tick" else 24.0 * (1 + x)
            journal.tick(hours)
        elif kind in ("move", "retract", "unthemed") and names:
            change = {"move": "moved", "retract": "retracted"}.get(kind, kind)
            places[names[y % len(names)]] = theme if kind == "move" else None
            journal.change(names[y % len(names)], hours, change, theme if kind == "move" else None)
        elif kind == "relabel" and names:
            name = names[y % len(names)]
            journal.relabel(name, hours, places[name], **_labels(x, y))
        elif kind in ("merge", "unmerge"):
            journal.event(f"{kind}d", theme, THEMES[y % 3] if kind == "merge" else None)
        elif kind == "record":
            journal.theme(theme, f"label {y}")
        elif kind == "customer":
            journal.customer(f"account-{y % 4}", hours, TIERS[x % 4], 2500.0 if x % 2 else None)
        elif kind == "report":
            issue = linear_issue_id("acme", theme, 1 + y % 2)
            state = ("started", "done", "cancelled", "done", "duplicate", "open")[y % 6]
            told = {"issue_id": issue, "key": "E-1", "state": state, "at": START + timedelta(hours=hours)}
            journal.order(ReportIssue.model_validate(told | {"tracker": "jira"}), hours)
        elif kind in ("load", "loaded"):
            journal.order(LoadBegin(origin="file") if kind == "load" else LoadEnd(origin="file"), hours)
    return journal.records


def _concern(journal: Journal, name: str, hours: float, theme: str | None, x: int, y: int) -> None:
    facts: dict[str, Any] = {"account": f"account-{y % 4}"}
    if y > 7:
        facts = {"account": None, "author": f"author-{y}"} if y > 9 else {"account": None}
    if x % 3 == 0:
        facts["tier"] = TIERS[y % 4]
    journal.concern(
        name,
        hours,
        theme,
        facts=facts,
        **_labels(x, y),
    )


def _labels(x: int, y: int) -> dict[str, Any]:
    return {
        "category": ("bug", "billing")[x % 2],
        "severity": ("critical", "high", "medium", "low")[y % 4],
        "sentiment": ("negative", "neutral", "positive")[x % 3],
        "sentiment_milli": (-700, 0, 400)[x % 3],
        "urgent": y % 5 == 0,
    }


@settings(max_examples=100, deadline=None)
@given(MOVES, cuts())
def test_batching_and_restarts_change_no_byte(moves: list[tuple[str, int, int]], where: list[float]) -> None:
    assert_batching_law(lambda: step(EASY), stream(moves), where)


@settings(max_examples=120, deadline=None)
@given(MOVES)
def test_every_emitted_window_equals_a_recount_from_all_records(moves: list[tuple[str, int, int]]) -> None:
    records = [r for r in stream(moves) if not isinstance(r, ThemeEvent)]
    running = step(EASY)
    for number, record in enumerate(records, 1):
        for priority in on("priorities", running.on_records([record])):
            assert _said(priority) == Recount(records[:number]).of(priority.theme_id)


def _said(priority: Priority) -> list[tuple[Any, ...]]:
    said = [(s.concerns, s.accounts, s.factors.volume, s.factors.tier, s.negative) for s in priority.windows]
    return [*said, (priority.tiers,)]


def _is_praise(decision: Decision) -> bool:
    return decision.sentiment == "positive" and not decision.bug and not decision.feature_request


class Recount:
    """What the windows should hold, counted anew over all records with no state carried on."""

    def __init__(self, records: list[Envelope]) -> None:
        self.clock: int | None = None
        self.ticked = False
        self.concerns: dict[str, tuple[int, str, bool, str | None]] = {}
        self.standings: dict[str, list[Any]] = {}
        for record in records:
            self._read(record)

    def _read(self, record: Envelope) -> None:
        seconds = int(record.event_time.timestamp())
        if isinstance(record, Tick):
            self._tick(seconds)
        elif isinstance(record, CustomerUpdated):
            self.standings.setdefault(f"a:{record.account}", [None, None])[0] = (record.tier, record.mrr)
        elif isinstance(record, Assignment):
            self._assign(record)
        else:
            assert not isinstance(record, ThemeRecord) or record.redirect_to is None

    def _tick(self, seconds: int) -> None:
        if not self.ticked and self.clock is not None and seconds < self.clock:
            self.concerns = {n: (min(c[0], seconds), *c[1:]) for n, c in self.concerns.items()}
            self.clock = None
        self.ticked, self.clock = True, max(seconds, self.clock or 0)
        self._forget()

    def _forget(self) -> None:
        horizon = (self.clock or 0) // HOUR - 336
        self.concerns = {n: c for n, c in self.concerns.items() if c[0] // HOUR > horizon}
        speaking = {c[1] for c in self.concerns.values()}
        for who in [w for w, known in self.standings.items() if known[0] is None and w not in speaking]:
            del self.standings[who]

    def _assign(self, record: Assignment) -> None:
        name, about = record.concern_id, record.about
        if about is not None and record.change == "relabelled":
            decision = about.decision
            if not self.ticked:
                at = int(about.happened_at.timestamp())
                self.clock = max(at, self.clock if self.clock is not None else at)
                self._forget()
            if name in self.concerns:
                at, who, _negative, theme, _praise = self.concerns[name]
                self.concerns[name] = (at, who, decision.sentiment == "negative", theme, _is_praise(decision))
        elif about is not None:
            at = int(about.happened_at.timestamp())
            if not self.ticked:
                self.clock = max(at, self.clock if self.clock is not None else at)
                self._forget()
            at = min(at, self.clock or 0)
            if at // HOUR <= (self.clock or 0) // HOUR - 336:
                return
            facts = about.facts
            who = f"a:{facts.account}" if facts.account else f"u:{facts.author}" if facts.author else name
            if facts.tier != "unknown":
                self.standings.setdefault(who, [None, None])[1] = facts.tier
            decision = about.decision
            self.concerns[name] = (
                at,
                who,
                decision.sentiment == "negative",
                record.theme,
                _is_praise(decision),
            )
        elif name in self.concerns and record.change == "retracted":
            del self.concerns[name]
            self._forget()
        elif name in self.concerns:
            at, who, negative, _theme, praise = self.concerns[name]
            self.concerns[name] = (at, who, negative, record.theme, praise)

    def _standing(self, who: str) -> tuple[str, int]:
        told, seen = self.standings.get(who, [None, None])
        tier = told[0] if told else (seen or "unknown")
        return tier, EASY.weights.of_customer(tier, told[1] if told else None)

    def of(self, theme: str) -> list[tuple[Any, ...]]:
        """What a priority of the theme should say, in the form of ``_said``."""
        hour = (self.clock or 0) // HOUR
        said: list[tuple[Any, ...]] = []
        tiers: dict[str, int] = {}
        for hours in (24, 168):
            inside = [c for c in self.concerns.values() if c[3] == theme and c[0] // HOUR > hour - hours]
            by_who = {who: sum(c[1] == who for c in inside) for who in {c[1] for c in inside}}
            mostly_praise = 2 * sum(c[4] for c in inside) > len(inside)
            heard = {who: sum(c[1] == who and not (c[4] and mostly_praise) for c in inside) for who in by_who}
            points = {who: 3 + min(3, n) for who, n in heard.items() if n}
            tiers = {}
            for who in by_who:
                tiers[self._standing(who)[0]] = tiers.get(self._standing(who)[0], 0) + 1
            weighted = sum(n * self._standing(who)[1] for who, n in points.items())
            tier = round(weighted / (1000 * sum(points.values())), 4) if points else 1.0
            negative = wilson_interval(sum(c[2] for c in inside), len(inside))
            said.append((len(inside), len(by_who), sum(points.values()) / 4, tier, negative))
        return [*said, (tiers,)]


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_what_was_merged_and_unmerged_counts_as_if_it_never_was(moves: list[tuple[str, int, int]]) -> None:
    plain = _final_scores([move for move in moves if move[0] != "merge"])
    assert _final_scores(moves) == plain


def _final_scores(moves: list[tuple[str, int, int]]) -> dict[str, list[tuple[Any, ...]]]:
    """What is said of each theme with anything in its week, once all merges are undone."""
    journal = Journal()
    journal.records = stream(moves)
    ticks = [r.event_time for r in journal.records if isinstance(r, Tick)]
    for theme in THEMES:
        journal.event("unmerged", theme)
        journal.theme(theme, "seen at the end")
    journal.tick((ticks[-1] - START).total_seconds() / HOUR + 0.2 if ticks else 0.0)
    journal.order(LoadBegin(origin="end"))
    journal.order(LoadEnd(origin="end"))
    last = {p.theme_id: p for p in on("priorities", journal.run(EASY))}
    return {theme: _said(p) for theme, p in last.items() if p.windows[1].concerns}


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_the_sums_are_those_of_the_final_labels_alone(moves: list[tuple[str, int, int]]) -> None:
    records = stream(moves)
    final = {r.concern_id: r.about for r in records if isinstance(r, Assignment) and r.about is not None}
    alone = [
        r.model_copy(update={"about": final[r.concern_id]}) if _is_first(r) else r
        for r in records
        if not (isinstance(r, Assignment) and r.change == "relabelled")
    ]
    told, plain = step(EASY), step(EASY)
    told.on_records(records)
    plain.on_records(alone)
    assert _sums(told) == _sums(plain)


def _is_first(record: Envelope) -> bool:
    return isinstance(record, Assignment) and record.about is not None


def _sums(running: PrioritiseStep) -> Any:
    """Every row and every window, but for what depends on when a rule started."""
    counted = dict(running.tables["concerns"].drain())
    themes = {name: (row[2:4], row[9:11]) for name, row in running.tables["themes"].drain()}
    book = running._books["acme"]
    windows = {
        root: [(w.by_who, w.total, w.volume, w.weighted, w.tiers) for w in (family.day, family.week)]
        for root, family in book.tallies.families.items()
    }
    weeks = {name: (w.now, w.before) for name, w in book.tallies.categories.items() if w.now or w.before}
    return counted, themes, windows, weeks, book.tallies.negatives


STATES = st.sampled_from(("open", "started", "done", "cancelled", "duplicate", "deleted"))


@settings(max_examples=50, deadline=None)
@given(st.lists(STATES, min_size=1, max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_what_a_tracker_says_twice_and_out_of_order_ends_in_what_it_said_last(
    states: list[str], rng: Random, twice: bool
) -> None:
    journal = Journal()
    journal.theme("theme-a")
    for number in range(12):
        journal.concern(f"c{number}", 0, sentiment="negative", sentiment_milli=-700)
    told = [(hours, state) for hours, state in enumerate(states, 1)] * (1 + twice)
    for hours, state in rng.sample(told, len(told)):
        said = {"issue_id": linear_issue_id("acme", "theme-a", 1), "key": "E-1", "state": state}
        at_ = START + timedelta(hours=hours)
        journal.order(ReportIssue.model_validate(said | {"tracker": "linear", "at": at_}), 7)
    policy = EASY.model_copy(update={"follow": FollowUp()})
    assert on("issues", journal.run(policy))[-1].state == states[-1]
