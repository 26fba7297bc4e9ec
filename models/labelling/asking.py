"""Ask a language model about several concerns at once, and do with each answer what it deserves.

In:    questions of one tenant.   Out: one ``Outcome`` for each, in their order, whatever became of its neighbours.
Each answer is verified alone. One that is not taken is asked for again, alone, with the rules that it broke; then of
another model; then the local decision stands, for a person to see if local models were unsure. What the small model is
unsure of the large one is asked about.
Elsewhere: what is asked and checked (``models.llm.prompts``, ``verify``), retries, caps and failover (``models.llm``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal

from contracts.answers import Asking, ConcernAnswer, Route
from models.labellers.bound import ReviewBound
from models.labellers.taxonomy import Taxonomy
from models.labelling.precedents import shown_with
from models.labelling.routes import RoutePolicy, is_unsure
from models.llm.base import Call, Provider, Reply, safety_tag_of
from models.llm.errors import CapReached, NobodyAnswers
from models.llm.prompts import MAX_EXAMPLES, Prompt, Question
from models.llm.verify import (
    Accepted,
    Doubt,
    Fault,
    asked_alone,
    left_to_people,
    next_step,
    sentences_of,
    verify,
)
from models.llm.verify.reasons import TO_REVIEW

Verdict = Literal["answered", "left_to_people", "unbelieved", "local_stands", "later", "poisoned"]
"""``unbelieved``: no answer was taken and local models are unsure, so a person should look, if there are few of these.
``later``: nobody answered, or the money is spent; it is to be asked again. ``poisoned``: asking raised what nobody
expected."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question; ``answer`` is there where something is to be written, ``model`` is its author."""

    verdict: Verdict
    answer: ConcernAnswer | None = None
    asking: Asking | None = None
    model: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Tally:
    """What was asked so far: calls, the tokens that providers told, millionths of a dollar."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    unpriced: int = 0

    def add(self, reply: Reply) -> None:
        """Count a reply."""
        self.calls += 1
        self.input_tokens += reply.usage.input_tokens or 0
        self.output_tokens += reply.usage.output_tokens or 0
        self.cost_micro_usd += reply.cost_micro or 0
        self.unpriced += reply.cost_micro is None

    def merge(self, other: Tally) -> None:
        """Count what another counted."""
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cost_micro_usd += other.cost_micro_usd
        self.unpriced += other.unpriced


@dataclass(slots=True)
class _Bill:
    """What one concern has cost so far; None once a part is not known."""

    input: int | None = 0
    output: int | None = 0
    cost: int | None = 0

    def add(self, reply: Reply, share: int) -> None:
        """A ``share``-th of a call, rounded up."""
        self.input = _sum(self.input, reply.usage.input_tokens, share)
        self.output = _sum(self.output, reply.usage.output_tokens, share)
        self.cost = _sum(self.cost, reply.cost_micro, share)


@dataclass(slots=True)
class _Case:
    """One question on its way; ``steps``: what was tried after a fault."""

    place: int
    question: Question
    why: str
    judged: Accepted | Doubt | None = None
    by: Reply | None = None
    route: Route = "small"
    bill: _Bill = field(default_factory=_Bill)
    steps: list[Literal["repair", "other_model", "review"]] = field(default_factory=list)
    failed: bool = False


class Asker:
    """Asks ``small`` first, and ``large`` where that is not enough; for one thread at a time per call of ``ask``."""

    def __init__(
        self,
        small: Provider,
        large: Provider | None,
        prompt: Prompt,
        taxonomy_of: Callable[[str], Taxonomy],
        policy: RoutePolicy,
        *,
        review_below: ReviewBound,
        deadline_s: float = 120.0,
    ) -> None:
        """``taxonomy_of`` tells a tenant's taxonomy, on any thread."""
        self._small = small
        self._large = large
        self._prompt = prompt
        self._taxonomy_of = taxonomy_of
        self.policy = policy
        self._review_below = review_below
        self._deadline_s = deadline_s

    def prompt_id(self, tenant: str) -> str:
        """The prompt's name and hash, the tenant's taxonomy included."""
        return self._prompt.id(self._taxonomy_of(tenant))

    @property
    def models(self) -> str:
        """Who may be asked, for the key of a cache."""
        large = f"{self._large.name}:{self._large.model}" if self._large else "-"
        return f"{self._small.name}:{self._small.model}|{large}"

    def batches(self, questions: Sequence[Question], size: int) -> list[list[int]]:
        """Places of ``questions`` by call: at most ``size`` together, those that try to instruct alone."""
        alone = {place for place, question in enumerate(questions) if asked_alone(question)}
        rest = [place for place in range(len(questions)) if place not in alone]
        together = [rest[start : start + size] for start in range(0, len(rest), size)]
        return together + [[place] for place in sorted(alone)]

    def ask(
        self, tenant: str, questions: Sequence[Question], reasons: Sequence[str], day: date, tally: Tally
    ) -> list[Outcome]:
        """Ask about all in one call, and about some again.

        Raises ``NobodyAnswers`` or ``CapReached`` if the first call could not be made: nothing came of any.
        """
        cases = [_Case(n, *both) for n, both in enumerate(zip(questions, reasons, strict=True))]
        pay = _Paying(tenant, day, self._deadline_s, tally)
        try:
            self._put(cases, self._small, pay)
        except NobodyAnswers as exc:
            if not exc.in_vain:
                raise
            if len(cases) > 1:  # what one of them holds must not keep the others from being asked
                return [self._alone(tenant, case, day, tally) for case in cases]
            return [Outcome("local_stands")]
        for case in cases:
            self._mend(case, pay)
            self._doubt(case, pay)
        return [self._outcome(case) for case in cases]

    def _alone(self, tenant: str, case: _Case, day: date, tally: Tally) -> Outcome:
        try:
            return self.ask(tenant, [case.question], [case.why], day, tally)[0]
        except (NobodyAnswers, CapReached):
            return Outcome("later")

    def _put(self, cases: Sequence[_Case], whom: Provider, pay: _Paying, broken: Sequence[str] = ()) -> None:
        """One call about these cases; their answers are judged."""
        questions, taxonomy = [case.question for case in cases], self._taxonomy_of(pay.tenant)
        reply = whom.ask(pay.call(self._prompt, questions, taxonomy, broken))
        pay.tally.add(reply)
        judged = verify(
            reply.text,
            questions,
            taxonomy,
            self._prompt,
            outcome=reply.outcome,
            examples=shown_with(questions)[:MAX_EXAMPLES],
            review_below=self._review_below.of(pay.tenant),
        )
        for case, one in zip(cases, judged, strict=True):
            case.bill.add(reply, len(cases))
            case.judged, case.by = one, reply

    def _mend(self, case: _Case, pay: _Paying) -> None:
        """Ask again about a case whose answer was not taken, as long as that helps and somebody can be asked."""
        while isinstance(case.judged, Doubt):
            step = next_step(case.judged.faults, case.steps)
            case.steps.append(step)
            if step == "review":
                return
            whom = self._large if step == "other_model" else self._small
            if whom is None:
                continue
            broken = sentences_of(case.judged.faults) if step == "repair" else ()
            try:
                self._put([case], whom, pay, broken)
            except (NobodyAnswers, CapReached) as exc:
                # Asking from the beginning pays the small model again: only while it is this one that is away.
                if step == "repair" and not (isinstance(exc, NobodyAnswers) and exc.in_vain):
                    case.failed = True
                    return
                continue
            if step == "other_model":
                case.route, case.why = "large", f"{case.why}; the small model's answer was not taken"

    def _doubt(self, case: _Case, pay: _Paying) -> None:
        """Ask the large model about what the small one is unsure of."""
        first = case.judged
        if not isinstance(first, Accepted) or case.route == "large" or self._large is None:
            return
        sure = first.answer.decision.confidence_milli
        if not self.policy.doubtful <= sure < self._review_below.of(pay.tenant):
            return
        by = case.by
        try:
            self._put([case], self._large, pay)
        except (NobodyAnswers, CapReached):
            return
        if isinstance(case.judged, Accepted):
            case.route, case.why = "large", f"{case.why}; the small model was unsure ({sure})"
        else:
            case.judged, case.by = first, by

    def _outcome(self, case: _Case) -> Outcome:
        by, judged = case.by, case.judged
        assert by is not None
        assert judged is not None
        asking = Asking(
            provider=by.provider,
            route=case.route,
            route_reason=case.why,
            asked_model=by.asked_model if by.is_other_model else None,
            input_tokens=case.bill.input,
            output_tokens=case.bill.output,
            cost_micro_usd=case.bill.cost,
        )
        if isinstance(judged, Accepted):
            return Outcome("answered", judged.answer, asking, by.model)
        if case.failed:
            return Outcome("later", faults=judged.faults)
        if TO_REVIEW.intersection(judged.faults):
            # Fails closed: a person looks at what a model would not touch.
            decision = left_to_people(case.question)
            return Outcome(
                "left_to_people", ConcernAnswer(decision=decision), asking, by.model, judged.faults
            )
        local = case.question.local
        if not is_unsure(local, case.question.language, self.policy):
            return Outcome("local_stands", faults=judged.faults)
        answer = ConcernAnswer(decision=left_to_people(case.question))
        return Outcome("unbelieved", answer, asking, by.model, judged.faults)


@dataclass(frozen=True, slots=True)
class _Paying:
    """For whom and when is asked, and where it is counted."""

    tenant: str
    day: date
    deadline_s: float
    tally: Tally

    def call(
        self, prompt: Prompt, questions: Sequence[Question], taxonomy: Taxonomy, broken: Sequence[str]
    ) -> Call:
        near, tag = shown_with(questions), safety_tag_of(self.tenant)
        ask = partial(prompt.repair, questions, broken) if broken else partial(prompt.call, questions)
        call = ask(taxonomy, examples=near, deadline_s=self.deadline_s, safety_tag=tag)
        return replace(call, tenant=self.tenant, day=self.day)


def _sum(so_far: int | None, more: int | None, share: int) -> int | None:
    return None if so_far is None or more is None else so_far + -(-more // share)
