"""What waits for a person now, the case first of which an answer is worth most.

In:    the topics of a data directory or of Kafka, read once, and the keys of the words.
Out:   ``Case``s: concerns below the confidence bound, uncertain categories, uncertain assignments, new themes,
       proposals, alerts of drift, quarantined items (these last: of an item that nobody may read, nobody can say what
       an answer is worth).
A case that a person has decided is none, whether or not the stages have acted on it yet; neither is one of somebody who
was erased, nor, unless asked for, one of which a model may still say something (``due``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from contracts.commands import Command, ConfirmConcern, CorrectConcern, DismissConcern, ReleaseQuarantined
from contracts.diversions import Quarantined, ReviewRequest
from contracts.feedback import Sealed
from contracts.identity import ordinal_of
from contracts.outcomes import Ledger
from contracts.stages import Assignment
from contracts.steering import MoveConcern
from operators.extract.asking import doubt_of
from operators.ports import Vault
from wiring.reviewing.case import Case, Kind, by_worth, is_due
from wiring.reviewing.news import Judged, News, judged_by
from wiring.reviewing.news_cases import cases_of
from wiring.reviewing.rows import Rows
from wiring.views.gather import Gathered, gather
from wiring.views.topics import Records


@dataclass(slots=True)
class _Decided:
    """What people have said so far."""

    concerns: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    judged: set[Judged] = field(default_factory=set)

    def take(self, command: Command) -> None:
        self.judged.update(judged_by(command.order))
        match command.order:
            case ConfirmConcern() | CorrectConcern() | DismissConcern():
                self.concerns.add(command.order.concern_id)
            case MoveConcern():
                self.moved.add(command.order.concern.concern_id)
            case ReleaseQuarantined():
                self.released.add(command.order.item.id)


def open_cases(
    topics: Records, vault: Vault, tenant: str | None = None, *, early: bool = False
) -> list[Case]:
    """Everything that waits, by worth; with ``early`` also what a model may still answer."""
    gathered = gather(topics, tenant)
    decided = _Decided()
    for _place, record in topics.records("journal"):
        if isinstance(record, Command):
            decided.take(record)
    cases = [
        *_concerns(topics, gathered, decided, vault),
        *_assigned(topics, gathered, decided, vault),
        *_held(topics, gathered, decided),
    ]
    mine = (case for case in cases if tenant in (None, case.tenant))
    return by_worth(case for case in mine if early or is_due(case, gathered[case.tenant].clock))


def _concerns(
    topics: Records, gathered: dict[str, Gathered], decided: _Decided, vault: Vault
) -> Iterator[Case]:
    """The latest request about each concern that is still in review, or that went on and is as it was then."""
    latest: dict[str, ReviewRequest] = {}
    for _place, record in topics.records("reviews"):
        if isinstance(record, ReviewRequest) and record.tenant in gathered:
            latest[record.concern.concern_id] = record
    for name, asked in latest.items():
        if name in decided.concerns or vault.open(asked.tenant, asked.item.text) is None:
            continue
        if _is_open(asked, gathered[asked.tenant].ledger):
            yield asked_case(asked)


def _is_open(asked: ReviewRequest, ledger: Ledger) -> bool:
    name = asked.concern.concern_id
    state = ledger.concern(name)
    if asked.concern.decision.needs_review:
        return state == "in_review"
    stands = state not in ("in_review", "erased", "superseded", "filtered")
    return stands and ledger.decided_at(name) == ordinal_of(asked.id)


def asked_case(asked: ReviewRequest) -> Case:
    """A concern that people are asked about: it is in review, or its category is unsure."""
    told, item = asked.concern.decision, asked.item
    worth = asked.worth_milli if asked.worth_milli is not None else doubt_of(told, item.facts, None).worth
    first = tuple(one for one in (told.category, told.runner_up) if one)
    return Case(
        kind_of(asked),
        asked.concern.concern_id,
        asked.tenant,
        asked.reason,
        worth,
        due=asked.due,
        quote=asked.quote,
        decision=told,
        options=asked.options or first,
        by=item.provenance.model or item.provenance.labeller,
        language=item.language,
        category_milli=asked.category_milli,
        item_id=item.item_id,
        item=item,
    )


def kind_of(asked: ReviewRequest) -> Kind:
    """Whether a concern waits for the answer, or has gone on and its category is asked about."""
    return "concern" if asked.concern.decision.needs_review else "category"


def _assigned(
    topics: Records, gathered: dict[str, Gathered], decided: _Decided, vault: Vault
) -> Iterator[Case]:
    """The assignments that a person is asked about and that still stand unanswered; what the same records, which are
    many and so read once, and alerts tell of themes that nobody has judged."""
    asked, news = dict[str, Case](), News(Rows())
    for _place, record in topics.records("alerts"):
        news.take(record)
    for _place, record in topics.records("assignments"):
        news.take(record)
        if not isinstance(record, Assignment) or record.tenant not in gathered:
            continue
        before = asked.pop(record.concern_id, None)  # another theme, or none: the question is no more
        about = record.about
        if before is not None and record.change == "relabelled" and about is not None:
            asked[record.concern_id] = replace(before, decision=about.decision)
        elif record.ask_milli is not None:
            asked[record.concern_id] = unsure_case(record, vault)
    yield from (case for name, case in asked.items() if name not in decided.moved | decided.concerns)
    clocks = {name: one.clock for name, one in gathered.items()}
    yield from cases_of(news.rows, vault, None, clocks.get, decided.judged)


def unsure_case(record: Assignment, vault: Vault) -> Case:
    """An assignment that is asked about."""
    about = record.about
    return Case(
        "assignment",
        record.concern_id,
        record.tenant,
        record.reason,
        record.ask_milli or 0,
        quote=_words(vault, record.tenant, about.quote if about else None),
        decision=about.decision if about else None,
        by="themes",
        language=about.language if about else None,
        theme=record.theme,
        runner_up=record.runner_up,
        p_milli=record.p_milli,
        item_id=record.item_id,
    )


def _words(vault: Vault, tenant: str, sealed: Sealed | None) -> str | None:
    opened = None if sealed is None else vault.open(tenant, sealed)
    return None if opened is None else opened.decode()


def _held(topics: Records, gathered: dict[str, Gathered], decided: _Decided) -> Iterator[Case]:
    """The items that are held back now, in the version that was held back last."""
    latest: dict[str, Quarantined] = {}
    for _place, record in topics.records("quarantine"):
        if isinstance(record, Quarantined) and record.tenant in gathered:
            latest[record.item_id] = record
    for name, held in latest.items():
        state = gathered[held.tenant].ledger.item(name).outcome
        if state == "quarantined" and held.item.id not in decided.released:
            yield held_case(held)


def held_case(held: Quarantined) -> Case:
    """An item that is held back."""
    why = f"{held.reason}: {held.detail}"
    return Case("quarantined", held.item_id, held.tenant, why, item_id=held.item_id, held=held)
