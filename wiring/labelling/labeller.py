"""Ask about what waits, and put the answers into the journal: a turn at a time.

In:    concerns that wait (``store``), models (``asker``).   Out: ``Answer`` records through ``append``; then, and only
then, the concerns wait no more. What nobody answered, or nobody may pay for, waits on.
Law:   a question is paid for once: equal texts are asked about once, and an answer is kept before it is appended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

import orjson

from connectors.labelling.store import LabellingStore, Wanted
from contracts.answers import ANSWER_SCHEMA, Answer, Asking, ConcernAnswer
from contracts.envelope import Envelope
from contracts.feedback import Sealed
from contracts.registry import read_record
from contracts.stages import Concern, EnrichedItem
from models.labelling.asking import Asker, Outcome, Tally
from models.llm.errors import CapReached, NobodyAnswers
from models.llm.prompts import Question, labels_shown
from models.llm.spending import Ledger, Standing
from models.llm.verify import asked_alone
from operators.isolation import Poisoned, each_apart
from operators.ports import Vault
from wiring.labelling.budget import Append, Budget
from wiring.labelling.examples import Examples
from wiring.labelling.inbox import may_leave
from wiring.labelling.trust import Trust

PAUSE_S = 60.0
"""Until what failed halfway is asked again: it may have been paid for."""

LOOK_AGAIN = timedelta(hours=1)
"""How soon a tenant without money is looked at again: somebody may have raised the cap."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a turn: answers appended, and for how many seconds there is nothing to do (None: go on).

    ``is_idle``: nothing waits, but for tenants without money.
    """

    answers: int = 0
    wait_s: float | None = None
    why: str = ""
    is_idle: bool = False


class _Row(NamedTuple):
    """A concern that waits, opened."""

    wanted: Wanted
    item: EnrichedItem
    concern: Concern
    question: Question
    key: str


@dataclass(slots=True)
class _Found:
    """Outcomes by key, what could not be asked, and tenants whom a cap stopped.

    ``waits``: seconds that a tenant waits because a cap bars one provider and the others are away.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    from_cache: set[str] = field(default_factory=set)
    stopped: dict[str, CapReached] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    wait_s: float | None = None
    why: str = ""

    @property
    def is_answering(self) -> bool:
        """Whether a model has just answered about anything."""
        return any(
            one.verdict in ("answered", "left_to_people") and key not in self.from_cache
            for key, one in self.outcomes.items()
        )


class Labeller:
    """Asks about what waits in ``store``; ``now`` is the wall clock."""

    def __init__(
        self,
        store: LabellingStore,
        vault: Vault,
        asker: Asker,
        append: Append,
        now: Callable[[], datetime],
        *,
        batch: int = 8,
        at_once: int = 8,
        ledger: Ledger | None = None,
        on_standing: Callable[[str, Standing], None] = lambda _tenant, _standing: None,
    ) -> None:
        """``batch`` concerns go into one call, and ``at_once`` calls are made together.

        ``on_standing`` is told after each turn where the money of a tenant stands.
        """
        self._store = store
        self._vault = vault
        self._asker = asker
        self._append = append
        self._now = now
        self._batch = batch
        self._at_once = at_once
        self._budget = Budget(store, append, ledger, on_standing)
        self._trust = Trust(store, append)
        self._examples = Examples(store, vault, lambda item: may_leave(item, asker.policy))
        self._held: dict[str, datetime] = {}
        self.tally = Tally()
        self.counts: Counter[str] = Counter()

    @property
    def held(self) -> Mapping[str, datetime]:
        """Tenants without money, and when they are looked at again."""
        return self._held

    def turn(self) -> Turn:
        """Ask about what has waited longest. Raises what ``append`` raises; then all of it waits on."""
        now = self._now()
        # Beyond the longest wait lies what was held before the clock was set back.
        self._held = {one: until for one, until in self._held.items() if now < until <= now + LOOK_AGAIN}
        waiting = self._store.waiting(self._batch * self._at_once, sorted(self._held))
        if not waiting:
            held = f"the money of {', '.join(sorted(self._held))} for models is spent"
            return Turn(wait_s=1.0, why=held if self._held else "nothing waits", is_idle=True)
        rows = self._opened(waiting)
        found = self._cached(rows)
        self._ask(rows, found, now)
        believed = self._weighed(rows, found)
        answers = self._answers(rows, found)
        if answers:
            self._append(answers)
        for tenant, outcomes in believed.items():
            self._trust.keep(tenant, outcomes, now)
        self._settle(waiting, rows, found)
        verdicts = {one.verdict for one in found.outcomes.values()}
        if found.wait_s is None and (
            "later" in verdicts or ("poisoned" in verdicts and not found.is_answering)
        ):
            found.wait_s, found.why = PAUSE_S, "some are to be asked again"
        self._hold(found, now)
        self._budget.look({row.item.tenant for row in rows}, now)
        return Turn(len(answers), found.wait_s, found.why)

    def _hold(self, found: _Found, now: datetime) -> None:
        """Leave tenants without money alone for a while, and tell people."""
        for tenant, wait_s in found.waits.items():
            self._held[tenant] = now + min(timedelta(seconds=wait_s), LOOK_AGAIN)
        for tenant, why in found.stopped.items():
            self._held[tenant] = min(datetime.combine(why.until, time(), UTC), now + LOOK_AGAIN)
        for tenant, why in found.stopped.items():
            self._budget.stopped(tenant, why.until, now)

    # -- what is asked ---------------------------------------------------------------------------------

    def _opened(self, waiting: Sequence[Wanted]) -> list[_Row]:
        """The concerns whose words can be opened."""
        rows = []
        self._examples.refresh()
        for wanted in waiting:
            item = read_record("enriched", wanted.record)
            assert isinstance(item, EnrichedItem)
            opened = self._vault.open(item.tenant, item.text)
            if opened is None:
                continue
            (concern,) = item.concerns
            text = opened.decode()[concern.start : concern.end]
            question = Question(text, item.language, concern.decision, item.facts.rating)
            if not asked_alone(question):  # who gives instructions sees nobody else's words
                question = replace(question, near=self._examples.near(item, concern))
            rows.append(_Row(wanted, item, concern, question, self._key(item.tenant, question)))
        return rows

    def _key(self, tenant: str, question: Question) -> str:
        """Equal questions of a tenant to equal models have equal keys: an HMAC, so it tells nothing of the words."""
        local = question.local
        decided = (local.category, local.runner_up, local.severity, local.confidence_milli)
        near = [[one.text, *labels_shown(one).values()] for one in question.near]
        asked = (question.text, question.language, question.rating, *decided, *([near] if near else []))
        how = (self._asker.prompt_id(tenant), self._asker.models, ANSWER_SCHEMA)
        return self._vault.digest(tenant, orjson.dumps([*asked, *how]))

    def _cached(self, rows: Sequence[_Row]) -> _Found:
        found = _Found()
        known = self._store.cached({row.key for row in rows})
        for row in rows:
            kept = known.get(row.key)
            if kept is not None and row.key not in found.outcomes:
                outcome = self._remembered(row.item.tenant, kept)
                if outcome is not None:
                    found.outcomes[row.key] = outcome
                    found.from_cache.add(row.key)
        return found

    def _remembered(self, tenant: str, kept: bytes) -> Outcome | None:
        """A kept answer; None when it went with the person it was about."""
        row = orjson.loads(kept)
        opened = self._vault.open(tenant, Sealed.model_validate(row["answer"]))
        if opened is None:
            return None
        answer = ConcernAnswer.model_validate_json(opened)
        return Outcome("answered", answer, Asking.model_validate(row["asking"]), row["model"])

    def _ask(self, rows: Sequence[_Row], found: _Found, now: datetime) -> None:
        """Ask about what is not known, each text once; answers are kept at once."""
        fresh = {row.key: row for row in rows if row.key not in found.outcomes}
        calls: list[list[_Row]] = []
        for tenant in dict.fromkeys(row.item.tenant for row in fresh.values()):
            mine = [row for row in fresh.values() if row.item.tenant == tenant]
            places = self._asker.batches([row.question for row in mine], self._batch)
            calls += [[mine[place] for place in batch] for batch in places]
        while calls:
            refused = self._round(calls, found, now)
            # What the others had reserved is free again: only who was refused with nobody beside it has no money.
            made = {call[0].item.tenant for call in calls if call not in refused}
            calls = [call for call in refused if call[0].item.tenant in made]
            found.stopped = {tenant: why for tenant, why in found.stopped.items() if tenant not in made}
            found.waits = {tenant: wait_s for tenant, wait_s in found.waits.items() if tenant not in made}

    def _round(self, calls: Sequence[list[_Row]], found: _Found, now: datetime) -> list[list[_Row]]:
        """Make these calls together; an answer is kept as soon as it is there. The calls that a cap refused."""
        refused = []
        with ThreadPoolExecutor(max(1, min(self._at_once, len(calls)))) as pool:
            asked = {pool.submit(self._one, call, now): place for place, call in enumerate(calls)}
            for future in as_completed(asked):
                call = calls[asked[future]]
                if self._take(call, future.result(), found):
                    refused.append(asked[future])
        return [calls[place] for place in sorted(refused)]

    def _one(
        self, call: Sequence[_Row], now: datetime
    ) -> tuple[list[Outcome] | NobodyAnswers | CapReached, Tally]:
        tally = Tally()

        def ask(rows: Sequence[_Row]) -> list[Outcome]:
            questions, reasons = [row.question for row in rows], [row.wanted.why for row in rows]
            return self._asker.ask(rows[0].item.tenant, questions, reasons, now.date(), tally)

        try:
            found = each_apart(ask, call)
        except (NobodyAnswers, CapReached) as exc:
            return exc, tally
        return [Outcome("poisoned") if isinstance(one, Poisoned) else one for one in found], tally

    def _take(
        self,
        call: Sequence[_Row],
        result: tuple[list[Outcome] | NobodyAnswers | CapReached, Tally],
        found: _Found,
    ) -> bool:
        """Keep what came of a call; whether a cap refused it."""
        outcomes, tally = result
        self.tally.merge(tally)
        if isinstance(outcomes, NobodyAnswers) and any(
            isinstance(one, CapReached) for one in outcomes.failures
        ):
            # Somebody is there and answers those who have money: only this tenant waits for who is away.
            found.waits[call[0].item.tenant] = outcomes.retry_after_s
            return True
        if isinstance(outcomes, NobodyAnswers):
            found.wait_s = max(found.wait_s or 0.0, outcomes.retry_after_s)
            found.why = str(outcomes)
        elif isinstance(outcomes, CapReached):
            found.stopped[outcomes.tenant] = outcomes
            return True
        else:
            found.outcomes |= {row.key: one for row, one in zip(call, outcomes, strict=True)}
            kept = ((row.key, self._kept(row, one)) for row, one in zip(call, outcomes, strict=True))
            self._store.cache({key: answer for key, answer in kept if answer is not None})
        return False

    def _kept(self, row: _Row, outcome: Outcome) -> bytes | None:
        if outcome.answer is None or outcome.asking is None or outcome.verdict == "unbelieved":
            return None
        sealed = self._sealed(row.item, outcome.answer)
        if sealed is None:
            return None
        asking = outcome.asking.model_dump(mode="json")
        return orjson.dumps({"answer": sealed.model_dump(), "asking": asking, "model": outcome.model})

    def _sealed(self, item: EnrichedItem, said: ConcernAnswer) -> Sealed | None:
        """An answer under the key of whose words it is about; None when that was destroyed while a model was asked.

        Who has written again since has another key: under that one the words that were asked about would be back.
        """
        with self._vault.at_once([(item.tenant, item.text.subject)]):
            if self._vault.open(item.tenant, item.text) is None:
                return None
            return self._vault.seal(item.tenant, item.text.subject, said.model_dump_json().encode())

    def _weighed(self, rows: Sequence[_Row], found: _Found) -> dict[str, list[bool]]:
        """Whether what was asked just now was believed, by tenant; where hardly anything is, local decisions stand."""
        asked: dict[str, Counter[str]] = {}
        for row in rows:
            if row.key in found.outcomes and row.key not in found.from_cache:
                asked.setdefault(row.item.tenant, Counter())[row.key] += 1
        return {tenant: self._trust.weigh(tenant, keys, found.outcomes) for tenant, keys in asked.items()}

    # -- what is answered ------------------------------------------------------------------------------

    def _answers(self, rows: Sequence[_Row], found: _Found) -> list[Envelope]:
        """The answers in the order in which the concerns waited; equal questions get equal answers."""
        answers: list[Envelope] = []
        paid: set[str] = set()
        for row in rows:
            outcome = found.outcomes.get(row.key)
            if outcome is None or outcome.answer is None or outcome.asking is None:
                self.counts[outcome.verdict if outcome else "later"] += 1
                continue
            if row.key in found.from_cache:
                asking = _again(outcome.asking, "an equal question was answered before")
                self.counts["cache"] += 1
            elif row.key in paid:
                asking = _again(outcome.asking, "the same text was asked about in the same turn")
                self.counts["duplicate"] += 1
            else:
                asking = outcome.asking
                self.counts["unbelieved" if outcome.verdict == "unbelieved" else asking.route] += 1
            paid.add(row.key)
            sealed = self._sealed(row.item, outcome.answer)
            if sealed is not None:
                answers.append(self._answer(row, outcome.model, sealed, asking))
        return answers

    def _answer(self, row: _Row, model: str, sealed: Sealed, asking: Asking) -> Answer:
        item = row.item
        return Answer.made(
            id="",
            kind="answer",
            tenant=item.tenant,
            event_time=item.event_time,
            ingested_at=item.ingested_at,
            trace=item.trace,
            concern_id=row.concern.concern_id,
            model=model,
            prompt=self._asker.prompt_id(item.tenant),
            answer_schema=ANSWER_SCHEMA,
            answer=sealed,
            item=item,
            asking=asking,
        )

    def _settle(self, waiting: Sequence[Wanted], rows: Sequence[_Row], found: _Found) -> None:
        """Forget what is answered, what can be answered by nobody, and whose words cannot be opened any more."""
        verdicts = {row.wanted.concern: found.outcomes.get(row.key) for row in rows}
        done = [one.concern for one in waiting if one.concern not in verdicts]
        done += [name for name, one in verdicts.items() if one is not None and one.answer is not None]
        # Who cannot bear one concern answers about others; where there is no answer at all, it is no concern's fault.
        hopeless = {"local_stands", "poisoned"} if found.is_answering else {"local_stands"}
        lost = [name for name, one in verdicts.items() if one is not None and one.verdict in hopeless]
        tenants = {one.concern: one.tenant for one in waiting}
        self._store.settle(done, {name: self._asker.prompt_id(tenants[name]) for name in lost})


def _again(asking: Asking, why: str) -> Asking:
    """How an answer was come by that somebody else paid for."""
    free = {"input_tokens": 0, "output_tokens": 0, "cost_micro_usd": 0}
    return asking.model_copy(update={"route": "cache", "route_reason": why, **free})
