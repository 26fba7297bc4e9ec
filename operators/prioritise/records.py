"""The records that the priority stage writes: scores, alerts, and the facts of an issue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid5

from contracts.feedback import Sealed
from contracts.identity import NAMESPACE, linear_issue_id, unnamed
from contracts.priority import AffectedCustomer, Alert, LinearIssue, Priority, Quote, Withdrawal
from contracts.stages import Assignment, Precedent
from models.priority.impact import counted, impacts
from models.priority.matrix import Line, ThemeRule
from models.priority.policy import CriticalRule, ImpactRule
from models.priority.windows import CRITICAL, NEGATIVE, SEVERE, most
from operators import linear_issue
from operators.calendar import moment
from operators.linear_issue import IssueFacts
from operators.prioritise.actions import ACTION_WORDS, action_line, fields_of, telemetry_of
from operators.prioritise.book import TenantBook
from operators.prioritise.issues import resolution
from operators.prioritise.judge import Grown, Started
from operators.prioritise.rows import Counted
from operators.prioritise.weighing import factor_milli, raised_by, scored

Opened = Callable[[str, Sealed], str | None]
"""Opens a sealed quote of a tenant; None when its subject was erased."""

Envelope = dict[str, Any]
"""The envelope's fields of the record to write."""

PRECEDENT = "critical-precedent"
"""The rule named by alerts about what is very close to a critical theme."""

RECORD_ACCOUNTS = 500
"""Most accounts that an issue record lists."""

RECORD_CUSTOMERS = 20
"""Most accounts whose tier and revenue it tells."""


def name_of(book: TenantBook, theme: str) -> str:
    """The theme's label, or the start of its id while it has none."""
    return book.themes[theme].label or unnamed(theme)


def priority_record(book: TenantBook, root: str, rule: Line | None, envelope: Envelope) -> Priority:
    """The score of a theme as it is now, with the ``rule`` of the matrix; of a merged theme the empty one."""
    merged, known = book.themes[root].redirect is not None, telemetry_of(book, root)
    family = book.tallies.family(root)
    scores, why, verdicts = scored(book, root)
    if merged:
        why = f"Merged into theme {book.root(root)}."
    # Made of checked parts; a check of the whole would cost more than all the rest.
    return Priority.made(
        **envelope,
        theme_id=root,
        label=name_of(book, root),
        impact=max(score.impact for score in scores),
        half_life_s=book.policy.weights.half_life_h * 3600,
        windows=scores,
        why=why,
        last_seen=moment(_span(book, root)[1]),
        affected_accounts=len(family.week.by_who),
        tiers=dict(sorted(family.week.tiers.items())),
        corroborated=(known.share.count or None) if known else None,
        telemetry=known,
        verdicts=verdicts.record() if verdicts and not merged else None,
        **fields_of(rule),
        **({} if merged else _ended(book, root)),
    )


def _ended(book: TenantBook, root: str) -> dict[str, Any]:
    """What a score says of the theme's issues; nothing while there is none."""
    issue, rows = book.themes[root].issue, book.issues.of_themes(book.origins(root))
    if not issue:
        return {}
    return {
        "issue_id": issue,
        "issue_state": book.issues.by_id[issue].state,
        "resolution": resolution(rows),
        "regressions": sum(row.regressions for row in rows),
    }


def _span(book: TenantBook, root: str) -> tuple[int, int]:
    """When the theme's family was seen first and last, in seconds; the clock if never."""
    rows = [book.themes[name] for name in book.origins(root)]
    seen = [row for row in rows if row.last_seen]
    if not seen:
        return book.clock, book.clock
    return min(row.first_seen for row in seen), max(row.last_seen for row in seen)


def reason_of(book: TenantBook, root: str, started: Started) -> str:
    """Why a rule started, in one or two sentences without any feedback text."""
    rule, family = started.rule, book.tallies.family(root)
    if isinstance(rule, CriticalRule):
        critical, accounts = family.day.total[CRITICAL], len(family.day.accounts_with(CRITICAL))
        return (
            f"Critical severity: {counted(critical, 'critical report')} from {counted(accounts, 'account')} in 24 "
            f"hours, and {counted(family.week.total[SEVERE], 'severe one')} in 7 days."
        )
    if isinstance(rule, ImpactRule):
        top = max(impacts(family, book.policy.weights, factor_milli(book, root)))
        return (
            f"The impact rose to {top:.0f}; the bound is {rule.enter:.0f} with "
            f"{counted(rule.min_accounts, 'account')}."
        )
    negatives, total = family.week.total[NEGATIVE], max(1, book.tallies.negatives)
    share = f"{negatives} of the {total} negative concerns of 7 days ({100 * negatives / total:.0f} %)"
    return f"{share} are about this one theme."


def issue_record(
    book: TenantBook, root: str, started: Started, opened: Opened, rule: Line | None, envelope: Envelope
) -> LinearIssue:
    """The issue that a theme's episode opens; ``rule`` is what the decision matrix says of the theme."""
    facts = facts_of(book, root, started.rule.name, reason_of(book, root, started), opened, rule)
    return LinearIssue(
        **envelope,
        issue_id=linear_issue_id(book.tenant, root, started.episode),
        theme_id=root,
        episode=started.episode,
        rule=started.rule.name,
        description=linear_issue.description(facts),
        priority=linear_issue.priority(facts, started.rule.kind, book.policy.issues),
        **fields_of_issue(book, facts, rule),
    )


def fields_of_issue(book: TenantBook, facts: IssueFacts, rule: Line | None) -> dict[str, Any]:
    """What a record about an issue says of its theme, whatever is to be done."""
    return {
        "title": linear_issue.title(facts),
        "labels": linear_issue.labels(facts),
        "accounts": facts.accounts,
        "tiers": dict(facts.tiers),
        "impact": facts.impact,
        "quotes": facts.quotes,
        **fields_of(rule),
        "customers": _customers(book, facts.accounts),
        "telemetry": facts.telemetry,
    }


def _customers(book: TenantBook, accounts: tuple[str, ...]) -> tuple[AffectedCustomer, ...]:
    """The heaviest of them with their tiers and revenues; by name among equals."""
    standings = book.standings
    heaviest = sorted(accounts, key=lambda name: (-standings.of(f"a:{name}").weight, name))
    return tuple(
        AffectedCustomer(
            account=name, tier=standings.of(f"a:{name}").tier, mrr=standings.revenue(f"a:{name}")
        )
        for name in heaviest[:RECORD_CUSTOMERS]
    )


def facts_of(
    book: TenantBook, root: str, rule_name: str, reason: str, opened: Opened, rule: Line | None
) -> IssueFacts:
    """What an issue says of a theme as it is now; ``reason`` is why it is said."""
    family, origins = book.tallies.family(root), book.origins(root)
    scores, why, _ = scored(book, root)
    first, last = _span(book, root)
    accounts = sorted(who[2:] for who in family.week.by_who if who.startswith("a:"))
    return IssueFacts(
        tenant=book.tenant,
        theme_id=root,
        label=name_of(book, root),
        rule=rule_name,
        reason=reason,
        why=why,
        scores=scores,
        category=most([book.themes[name].categories for name in origins]),
        area=most([book.themes[name].areas for name in origins]),
        quotes=_quotes(book, origins, opened),
        accounts=tuple(accounts[:RECORD_ACCOUNTS]),
        tiers=dict(sorted(family.week.tiers.items())),
        first_seen=moment(first),
        last_seen=moment(last),
        action=None if rule is None else action_line(rule),
        telemetry=telemetry_of(book, root),
        raised=raised_by(book, root, rule),
    )


def _quotes(book: TenantBook, origins: list[str], opened: Opened) -> tuple[Quote, ...]:
    """The newest quotes of the family, one of each speaker first, as far as they can still be opened."""
    voices = [voice for name in origins for voice, _ in book.themes[name].voices]
    rows = sorted(((voice, book.counted(voice)) for voice in voices), key=_newest_first)
    firsts: list[tuple[str, Counted]] = []
    others: list[tuple[str, Counted]] = []
    for voice, row in rows:
        if row is not None:
            (others if row.who in {one.who for _, one in firsts} else firsts).append((voice, row))
    quotes: list[Quote] = []
    for concern, row in (firsts + others)[: book.policy.quotes]:
        evidence = row.evidence
        text = opened(book.tenant, evidence.sealed) if evidence is not None else None
        if evidence is not None and text is not None:
            quote = Quote(
                text=text,
                item_id=evidence.item_id,
                source=evidence.source,
                source_url=evidence.url,
                concern_id=concern,
                subject=evidence.sealed.subject,
                account=row.who[2:] if row.who.startswith("a:") else None,
            )
            quotes.append(quote)
    return tuple(quotes)


def _newest_first(voice: tuple[str, Counted | None]) -> tuple[int, str]:
    concern, row = voice
    return (-row.at if row is not None else 0, concern)


def withdrawal(*, subject: str | None = None, of: Assignment | None = None, **envelope: Any) -> Withdrawal:
    """What is to be taken back: all that a ``subject`` said, or one concern."""
    if of is None:
        return Withdrawal(**envelope, why="erased", subject=subject)
    return Withdrawal(**envelope, why="retracted", concern_id=of.concern_id, item_id=of.item_id)


def _alert_id(book: TenantBook, rule: str, about: str, episode: int) -> str:
    return str(uuid5(NAMESPACE, "\x1f".join(("alert", book.tenant, rule, about, str(episode)))))


def theme_alert(book: TenantBook, root: str, started: Started, opens: bool, envelope: Envelope) -> Alert:
    """A rule started for a theme: critical severity, or one more inside an open episode (then not ``opens``)."""
    critical = isinstance(started.rule, CriticalRule)
    name = linear_issue.plain(name_of(book, root))
    body = reason_of(book, root, started)
    if not opens:
        body += _standing(book, root, started)
    return Alert(
        **envelope,
        alert_id=_alert_id(book, started.rule.name, root, started.episode),
        rule=started.rule.name,
        severity="page" if critical else "warn",
        title=linear_issue.shortened(f"{'Critical' if critical else 'More weight'}: {name}", 255),
        body=body,
        theme_id=root,
    )


def _standing(book: TenantBook, root: str, started: Started) -> str:
    """What is to be done with the issue that stands for a theme."""
    issue = book.themes[root].issue or linear_issue_id(book.tenant, root, started.episode)
    row = book.issues.by_id.get(issue)
    if row is None or row.lives:
        return f" Issue {issue} is open for it: raise its priority."
    return f" Issue {issue} for it is {row.state}, so none was opened."


def withheld_alert(book: TenantBook, root: str, started: Started, other: Line, envelope: Envelope) -> Alert:
    """A rule started for a theme that is no engineer's work: somebody else is told, and no issue is opened."""
    name = linear_issue.plain(name_of(book, root))
    words = ACTION_WORDS[other.action].capitalize()
    return Alert(
        **envelope,
        alert_id=_alert_id(book, started.rule.name, root, started.episode),
        rule=started.rule.name,
        severity="warn",
        title=linear_issue.shortened(f"{words}: {name}", 255),
        body=f"{reason_of(book, root, started)} {_no_issue(book, root, other)}",
        theme_id=root,
        **fields_of(other),
    )


def _no_issue(book: TenantBook, root: str, other: Line) -> str:
    said = f"No engineering issue was opened: the decision matrix says {action_line(other)}"
    known = telemetry_of(book, root)
    if isinstance(other, ThemeRule) and known is not None:
        return f"{said}. {linear_issue.corroborated(known)}"
    return f"{said} of at least two thirds of its concerns."


def concern_alert(book: TenantBook, record: Assignment, row: Counted, rule: str, envelope: Envelope) -> Alert:
    """One critical concern, at once; it carries no text, the item leads to it."""
    theme = book.root(row.theme) if row.theme is not None else None
    topic = row.category + (f", {row.area}" if row.area else "")
    tier = book.standings.of(row.who).tier
    return Alert(
        **envelope,
        alert_id=_alert_id(book, rule, record.concern_id, 0),
        rule=rule,
        severity="page",
        title=linear_issue.shortened(f"Critical report: {linear_issue.spoken(topic)}", 255),
        body=f"A critical concern ({_where(book, theme)}) from a customer of tier {tier}; item {record.item_id}.",
        theme_id=theme,
    )


def _where(book: TenantBook, theme: str | None) -> str:
    """A theme as it is spoken of, by its id while it has no name."""
    if theme is None:
        return "no theme yet"
    name, bare = name_of(book, theme), unnamed(theme)
    return f"{bare}, which has no name yet" if name == bare else f"theme “{linear_issue.plain(name)}”"


def precedent_alert(book: TenantBook, record: Assignment, known: Precedent, envelope: Envelope) -> Alert:
    """A concern that is very close to a critical theme; it carries no text, the ids lead to it."""
    theme = book.root(known.theme_id)
    name = linear_issue.plain(name_of(book, theme))
    why = f"{known.critical} of its {known.concerns} concerns are critical"
    if known.marked_by:
        why = f"{linear_issue.plain(known.marked_by)} marked it as critical"
    similar = f"similarity {known.similarity_milli / 1000:.2f}"
    return Alert(
        **envelope,
        alert_id=_alert_id(book, PRECEDENT, record.concern_id, 0),
        rule=PRECEDENT,
        severity="page",
        title=linear_issue.shortened(f"Like a critical incident: {name}", 255),
        body=f"Item {record.item_id} is very close to the theme “{name}” ({similar}); {why}. "
        f"Its latest critical concern: {known.concern_id}, {known.at:%Y-%m-%d %H:%M} UTC.",
        theme_id=theme,
        precedent=known,
    )


def growth_alert(book: TenantBook, grown: Grown, envelope: Envelope) -> Alert:
    """A category rose week over week."""
    rise = f"from {grown.before} to {counted(grown.now, 'account')}"
    if grown.before:
        rise += f" (+{100 * (grown.now - grown.before) / grown.before:.0f} %)"
    return Alert(
        **envelope,
        alert_id=_alert_id(book, grown.rule.name, grown.category, grown.episode),
        rule=grown.rule.name,
        severity="warn",
        title=linear_issue.shortened(
            f"Incident? {linear_issue.spoken(grown.category)} rose week over week", 255
        ),
        body=f"{rise.capitalize()} in 7 days against the 7 days before; by chance p < {grown.rule.p}.",
    )
