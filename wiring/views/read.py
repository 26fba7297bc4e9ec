"""Read a finished or running data directory into one view. Nothing is written, nothing waits for the flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from connectors.keys.vault import LocalVault
from contracts.errors import WrongUsage
from contracts.outcomes import ItemOutcome
from contracts.registry import NOBODY
from operators.ports import Vault
from wiring.views.gather import Gathered, gather
from wiring.views.model import ItemView, LanguageView, ReviewSample, ReviewsView, RunView
from wiring.views.themes import Days, Themes, Words
from wiring.views.topics import Records, Topics

REVIEW_SAMPLES = 8

# Days that ``daily`` goes back at most: a record dated 1970 must not make 20,000 columns.
LONGEST_DAYS = 400


def read_run(directory: Path, tenant: str | None = None) -> RunView:
    """Everything the data directory says of one tenant (its only one, if none is named).

    Raises ``WrongUsage`` when there is no run, no such tenant, or several and none named; ``StateCorrupt``
    when a committed line is not a record of its topic.
    """
    topics = _topics_of(directory)
    found = gather(topics, tenant)
    name = _tenant(directory, [t for t in sorted(found) if t != NOBODY], tenant)
    keys = directory / "keys"
    # A missing key store must not be created by reading.
    vault = LocalVault(keys) if (keys / "master.key").exists() else None
    try:
        return _view(name, found.get(name, Gathered()), found.get(NOBODY), Words(topics, vault), vault)
    finally:
        if vault:
            vault.close()


def read_runs(directory: Path) -> Iterator[RunView]:
    """What the data directory says of each tenant in it, one after another; without words. Raises as ``read_run``."""
    found = gather(_topics_of(directory), None)
    unread = found.pop(NOBODY, None)
    for name in sorted(found) or ["default"]:
        yield _view(name, found.pop(name, Gathered()), unread, Words(None, None), None)


def _topics_of(directory: Path) -> Topics:
    topics = Topics(directory / "logs")
    if not topics.logs.is_dir():
        raise WrongUsage(f"{directory}: no run here (it has no folder logs); name the --out of a run")
    return topics


def read_topics(topics: Records, where: str, tenant: str | None = None) -> RunView:
    """As ``read_run``, of topics that lie anywhere, ``where`` says where to people; without words."""
    found = gather(topics, tenant)
    name = _tenant(where, [t for t in sorted(found) if t != NOBODY], tenant)
    return _view(name, found.get(name, Gathered()), found.get(NOBODY), Words(None, None), None)


def _tenant(where: Path | str, there: list[str], wanted: str | None) -> str:
    if wanted is not None:
        if there != [wanted]:
            raise WrongUsage(f"{where}: nothing of tenant {wanted!r} is there")
        return wanted
    if len(there) > 1:
        raise WrongUsage(f"{where}: several tenants are there; name one with --tenant: {', '.join(there)}")
    return there[0] if there else "default"


def _view(
    tenant: str, gathered: Gathered, unread: Gathered | None, words: Words, vault: Vault | None
) -> RunView:
    outcomes = gathered.ledger.items()
    period = _period(gathered)
    days = _days(period, gathered.clock)
    themes, of_item = Themes(gathered, words, gathered.clock, days).views()
    items = _items(gathered, outcomes, of_item)
    on_their_way = sum(outcome.outcome is None for outcome in outcomes.values())
    rejects = gathered.left() + (unread.left() if unread else [])
    deliveries = gathered.ledger.deliveries() + (unread.ledger.deliveries() if unread else Counter())
    return RunView(
        tenant=tenant,
        clock=gathered.clock,
        period=period,
        first_day=days.first if period else None,
        items=items,
        themes=themes,
        issues=tuple(sorted(gathered.issues, key=lambda issue: (issue.event_time, issue.issue_id))),
        alerts=tuple(sorted(gathered.alerts, key=lambda alert: (alert.event_time, alert.alert_id))),
        theme_events=tuple(gathered.theme_events),
        rejects=tuple(sorted(rejects, key=lambda reject: (reject.origin, reject.line or 0))),
        quarantined=_quarantined(gathered, outcomes),
        reviews=_reviews(tenant, gathered, vault),
        pii=_pii(gathered, outcomes),
        deliveries=dict(sorted(deliveries.items())),
        late=gathered.late,
        outcomes=_counted(item.outcome for item in items),
        concern_outcomes=_counted(gathered.ledger.concerns().values()),
        sources=_counted(item.source for item in items if item.outcome != "dead_lettered"),
        languages=_languages(gathered),
        provenance=tuple(gathered.provenance),
        redaction_versions=tuple(sorted(gathered.redaction_versions)),
        encoders=tuple(sorted({record.encoder for _, record in gathered.themes.values()})),
        on_their_way=on_their_way,
        violations=tuple(gathered.ledger.check(settled=on_their_way == 0)),
        can_open=vault is not None,
    )


def _counted(names: Iterable[str | None]) -> dict[str, int]:
    """Counts by name, largest first; None is not counted."""
    counts = Counter(name for name in names if name is not None)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _period(gathered: Gathered) -> tuple[datetime, datetime] | None:
    moments = [origin.event_time for origin in gathered.origins.values()]
    return (min(moments), max(moments)) if moments else None


def _days(period: tuple[datetime, datetime] | None, clock: datetime | None) -> Days:
    if period is None:
        return Days(date(1970, 1, 1), 0)
    last = _last_day(clock) if clock else period[1].date()
    first = max(min(period[0].date(), last), last - timedelta(days=LONGEST_DAYS - 1))
    return Days(first, (last - first).days + 1)


def _last_day(clock: datetime) -> date:
    """The day that a clock stands at the end of; at midnight that is the one that is over."""
    return (clock - timedelta(microseconds=1)).date()


def _items(
    gathered: Gathered, outcomes: Mapping[str, ItemOutcome], of_item: Mapping[str, tuple[str, ...]]
) -> tuple[ItemView, ...]:
    views = []
    for item_id, origin in gathered.origins.items():
        known = gathered.known.get(item_id)
        views.append(
            ItemView(
                item_id,
                origin.source,
                origin.origin,
                origin.line,
                origin.event_time,
                outcomes[item_id].outcome,
                known.language if known else None,
                of_item.get(item_id, ()),
                known.account if known else None,
                known.tier if known else "unknown",
            )
        )
    return tuple(views)


def _quarantined(gathered: Gathered, outcomes: Mapping[str, ItemOutcome]) -> dict[str, int]:
    return _counted(
        reason
        for item_id, reason in gathered.quarantine_reasons.items()
        if outcomes[item_id].outcome == "quarantined"
    )


def _reviews(tenant: str, gathered: Gathered, vault: Vault | None) -> ReviewsView:
    outcomes = gathered.ledger.concerns()
    waiting = {n: asked for n, asked in gathered.reviews.items() if outcomes.get(n) == "in_review"}
    samples = [
        ReviewSample(
            name,
            asked.item_id,
            asked.reason,
            asked.category,
            asked.confidence_milli,
            # Without a living key the words are erased, wherever a copy of them still lies.
            asked.quote if vault and vault.open(tenant, asked.text) is not None else None,
        )
        for name, asked in islice(waiting.items(), REVIEW_SAMPLES)
    ]
    reasons = _counted(asked.reason for asked in waiting.values())
    return ReviewsView(len(waiting), len(gathered.reviews), reasons, tuple(samples))


def _pii(gathered: Gathered, outcomes: Mapping[str, ItemOutcome]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for item_id, known in gathered.known.items():
        if outcomes[item_id].outcome != "erased":
            counts.update(known.pii)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _languages(gathered: Gathered) -> tuple[LanguageView, ...]:
    counts: Counter[str] = Counter()
    full: set[str] = set()
    for known in gathered.known.values():
        counts[known.language] += 1
        if known.full_coverage:
            full.add(known.language)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(LanguageView(language, count, language in full) for language, count in ordered)
