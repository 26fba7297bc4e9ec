"""Themes as they stand: redirects resolved, members counted, words opened, ranked by effective impact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from contracts.identity import unnamed
from contracts.priority import Interval, Priority
from contracts.stages import Assignment
from contracts.themes import ThemeRecord
from models.priority.impact import effective_impact
from models.priority.wilson import wilson_interval
from models.themes.redirects import root
from operators.ports import Vault
from wiring.views.gather import Gathered, Said
from wiring.views.model import QuoteView, ThemeView
from wiring.views.topics import Topics
from wiring.views.trend import trend_of

QUOTES = 5
"""Quotes shown of a theme; a person reads no more of one."""

COUNTER_EXAMPLES = 2

# Concerns looked at to fill the quotes: above QUOTES, for repeated words and destroyed keys.
CANDIDATES = 40


@dataclass(frozen=True, slots=True)
class Days:
    """The days that ``daily`` counts cover."""

    first: date
    count: int

    def histogram(self, moments: Iterable[datetime]) -> tuple[int, ...]:
        """Counts per day; what came before the first day is left out, what is ahead is the last day's."""
        counts = [0] * self.count
        for moment in moments:
            day = (moment.date() - self.first).days
            if day >= 0:
                counts[min(day, self.count - 1)] += 1
        return tuple(counts)

    def whole(self, moments: Iterable[datetime], end: datetime) -> tuple[int, ...]:
        """Counts per 24 hours, the last of which end at ``end``: a day that has only begun would look quiet."""
        counts = [0] * self.count
        for moment in moments:
            ago = max(0, (end - moment) // timedelta(days=1))
            if ago < self.count:
                counts[self.count - 1 - ago] += 1
        return tuple(counts)


class Words:
    """Opens the redacted words of concerns; without topics or vault, or where a key is gone, there are none."""

    def __init__(self, topics: Topics | None, vault: Vault | None) -> None:
        self._topics = topics
        self._vault = vault

    def quote(self, said: Said) -> QuoteView | None:
        """The words of one concern, None where they may not or cannot be shown."""
        if self._topics is None or self._vault is None or not said.has_quote:
            return None
        record = self._topics.at("assignments", said.place)
        if not isinstance(record, Assignment) or record.about is None or record.about.quote is None:
            return None
        opened = self._vault.open(record.tenant, record.about.quote)
        if opened is None:
            return None
        facts, decision = record.about.facts, record.about.decision
        return QuoteView(
            opened.decode(),
            said.item_id,
            facts.source,
            facts.source_url,
            said.happened_at,
            decision.sentiment,
            decision.severity,
            said.tier,
        )

    def quotes(self, candidates: Iterable[Said], limit: int, taken: set[str]) -> tuple[QuoteView, ...]:
        """Up to ``limit`` quotes with different words and items; ``taken`` remembers both."""
        found: list[QuoteView] = []
        for said in candidates:
            if len(found) >= limit:
                break
            quote = None if said.item_id in taken else self.quote(said)
            if quote is not None and quote.text not in taken:
                taken.update((said.item_id, quote.text))
                found.append(quote)
        return tuple(found)


def resolve(theme_id: str, themes: Mapping[str, ThemeRecord]) -> str:
    """The theme that this one is read as, through all its redirects."""

    def into(name: str) -> str | None:
        record = themes.get(name)
        return None if record is None else record.redirect_to

    return root(theme_id, into)


def members_of(gathered: Gathered, themes: Mapping[str, ThemeRecord]) -> dict[str, dict[str, Said]]:
    """The themed concerns of each theme by id, redirects resolved."""
    members: dict[str, dict[str, Said]] = {}
    for concern, outcome in gathered.ledger.concerns().items():
        origin, said = gathered.ledger.theme_of(concern), gathered.said.get(concern)
        if outcome == "themed" and origin and said:
            members.setdefault(resolve(origin, themes), {})[concern] = said
    return members


@dataclass(frozen=True, slots=True)
class Themes:
    """Makes the view of each theme; ``clock`` None: no tick has come yet."""

    gathered: Gathered
    words: Words
    clock: datetime | None
    days: Days

    def views(self) -> tuple[tuple[ThemeView, ...], dict[str, tuple[str, ...]]]:
        """All themes with concerns, ranked; and the resolved themes of each item."""
        records = {theme_id: record for theme_id, (_, record) in self.gathered.themes.items()}
        members = members_of(self.gathered, records)
        views = [self._view(theme_id, said, records.get(theme_id)) for theme_id, said in members.items()]
        views.sort(key=lambda view: (-view.effective_impact, -view.concerns, view.theme_id))
        absorbed = _absorbed(records)
        ranked = tuple(
            replace(view, rank=rank, absorbed=absorbed.get(view.theme_id, ()))
            for rank, view in enumerate(views, start=1)
        )
        return ranked, _themes_of_items(members)

    def _view(self, theme_id: str, said: Mapping[str, Said], record: ThemeRecord | None) -> ThemeView:
        priority = self.gathered.priorities.get(theme_id, (0, None))[1]
        moments = [one.happened_at for one in said.values()]
        negative, negative_days = _negative(priority, said)
        daily = self.days.histogram(moments)
        quotes, counter_examples = self._words_of(said, record)
        return ThemeView(
            rank=0,
            theme_id=theme_id,
            label=_label(theme_id, record, priority),
            keywords=record.keywords if record else (),
            status=record.status if record else "active",
            language=record.language if record else "und",
            absorbed=(),
            concerns=len(said),
            accounts=len({one.who for one in said.values()}),
            tiers=_tiers(said),
            first_seen=min(moments),
            last_seen=max(moments),
            priority=priority,
            effective_impact=effective_impact(priority, self.clock or priority.event_time)
            if priority
            else 0.0,
            negative=negative,
            negative_days=negative_days,
            trend=trend_of(self.days.whole(moments, self.clock or max(moments))),
            daily=daily,
            quotes=quotes,
            counter_examples=counter_examples,
            withheld=sum(not one.has_quote for one in said.values()),
            family=record.family if record else None,
        )

    def _words_of(
        self, said: Mapping[str, Said], record: ThemeRecord | None
    ) -> tuple[tuple[QuoteView, ...], tuple[QuoteView, ...]]:
        """Quotes (representatives, then others) and counter-examples, no words or item in both."""
        taken: set[str] = set()
        chosen = [said[name] for name in (record.representatives if record else ()) if name in said]
        best = self.words.quotes(chosen, QUOTES, taken)
        ends = {name: self.gathered.said[name] for name in self._counter(record)}
        counter = self.words.quotes(ends.values(), COUNTER_EXAMPLES, taken)
        within = {one.item_id for name, one in ends.items() if name in said}
        counter = tuple(replace(quote, inside=quote.item_id in within) for quote in counter)
        rest = self.words.quotes(_newest(said, chosen), QUOTES - len(best), taken)
        return (*best, *rest), counter

    def _counter(self, record: ThemeRecord | None) -> list[str]:
        """Counter-examples that still stand, inside or outside of the theme."""
        known = self.gathered.said
        names = [name for name in (record.counter_examples if record else ()) if name in known]
        return [
            name for name in names if self.gathered.ledger.concern(name) in ("themed", "waiting", "unthemed")
        ]


def _label(theme_id: str, record: ThemeRecord | None, priority: Priority | None) -> str:
    known = record.label if record else priority.label if priority else ""
    return known or unnamed(theme_id)


def _absorbed(records: Mapping[str, ThemeRecord]) -> dict[str, tuple[str, ...]]:
    """The themes that are read as another one, by that one."""
    absorbed: dict[str, tuple[str, ...]] = {}
    for theme_id in sorted(records):
        root = resolve(theme_id, records)
        if root != theme_id:
            absorbed[root] = (*absorbed.get(root, ()), theme_id)
    return absorbed


def _themes_of_items(members: Mapping[str, Mapping[str, Said]]) -> dict[str, tuple[str, ...]]:
    of_item: dict[str, tuple[str, ...]] = {}
    for theme_id in sorted(members):
        for said in members[theme_id].values():
            known = of_item.get(said.item_id, ())
            if theme_id not in known:
                of_item[said.item_id] = (*known, theme_id)
    return of_item


def _negative(priority: Priority | None, said: Mapping[str, Said]) -> tuple[Interval, int | None]:
    week = next((w.negative for w in priority.windows if w.window == "7d"), None) if priority else None
    if week and week.of:
        return week, 7
    return wilson_interval(sum(one.negative for one in said.values()), len(said)), None


def _tiers(said: Mapping[str, Said]) -> dict[str, int]:
    """Distinct accounts by their latest tier, largest first."""
    latest = {one.who: one.tier for one in sorted(said.values(), key=lambda one: one.happened_at)}
    return dict(Counter(latest[who] for who in sorted(latest)).most_common())


def _newest(said: Mapping[str, Said], quoted: Sequence[Said]) -> list[Said]:
    """The newest concerns, everybody's first before anybody's second."""
    newest = sorted(said.items(), key=lambda pair: (pair[1].happened_at, pair[0]), reverse=True)
    speakers = {one.who for one in quoted}
    first: list[Said] = []
    again: list[Said] = []
    for _, one in newest:
        (again if one.who in speakers else first).append(one)
        speakers.add(one.who)
        if len(first) == CANDIDATES:
            break
    return [*first, *again][:CANDIDATES]
