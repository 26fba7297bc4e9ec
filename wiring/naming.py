"""Answer the questions of the themes stage: from the data directory to a namer, and its answer into the journal.

In: topic ``questions`` of a data directory or of Kafka, and the sealed words of the concerns that they name.
Out: ``ThemeAnswer``s, one for each question that nobody has answered; they act at their place in the journal.
Nothing is kept here: what has been answered is read from the journal's answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.errors import RejectItem
from contracts.feedback import Sealed
from contracts.naming import ANSWER_SCHEMA, NamingSource, ThemeAnswer, ThemeNaming, ThemeQuestion
from contracts.stages import Assignment
from models.naming.base import Namer, NamingTask, Shown
from operators.ports import Vault
from wiring.appending import Orders
from wiring.views.topics import Records

Asked = tuple[str, str, int]
"""Tenant, theme and content: what a question is about."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many questions got an answer, and which the namer could not answer, with its reason."""

    answers: int
    failed: Mapping[Asked, str]


def open_questions(topics: Records) -> list[ThemeQuestion]:
    """What is asked and not answered, the latest question about each theme, in the order asked."""
    latest: dict[tuple[str, str], ThemeQuestion] = {}
    for _place, record in topics.records("questions"):
        if isinstance(record, ThemeQuestion):
            latest.pop((record.tenant, record.theme_id), None)
            latest[record.tenant, record.theme_id] = record
    done = {
        (record.tenant, record.theme_id, record.content)
        for _place, record in topics.records("journal")
        if isinstance(record, ThemeAnswer)
    }
    return [one for one in latest.values() if (one.tenant, one.theme_id, one.content) not in done]


def answer(topics: Records, orders: Orders, namer: Namer) -> Answered:
    """Put an answer to every open question at the journal's end. Raises ``RetryLater`` when the namer does."""
    questions = open_questions(topics)
    sealed = _words(topics, {name for question in questions for name in question.examples})
    failed: dict[Asked, str] = {}
    answers = 0
    for question in questions:
        try:
            found = _answer(question, sealed, orders.vault, namer)
        except RejectItem as exc:
            failed[question.tenant, question.theme_id, question.content] = str(exc)
            continue
        orders.answer(found)
        answers += 1
    return Answered(answers, failed)


def _answer(question: ThemeQuestion, sealed: Mapping[str, Sealed], vault: Vault, namer: Namer) -> ThemeAnswer:
    shown = list(_shown(question, sealed, vault))
    if not shown:
        raise RejectItem("nothing that may be shown is left of its examples", reason="no_words")
    texts = tuple(Shown(name, text) for name, text in shown)
    naming = namer.name_one(NamingTask(question.keywords, question.language, texts))
    whose = sealed[naming.evidence[0].concern_id].subject
    return ThemeAnswer(
        id="",
        tenant=question.tenant,
        event_time=question.event_time,
        ingested_at=question.ingested_at,
        trace=question.trace,
        theme_id=question.theme_id,
        content=question.content,
        model=namer.model,
        prompt=namer.prompt,
        answer_schema=ANSWER_SCHEMA,
        sources=tuple(NamingSource(concern_id=name, text=sealed[name]) for name, _ in shown),
        answer=_sealed(question.tenant, [sealed[name] for name, _ in shown], whose, naming, vault),
    )


def _sealed(tenant: str, shown: Sequence[Sealed], whose: str, naming: ThemeNaming, vault: Vault) -> Sealed:
    """The name under the key of whom it quotes. Raises ``RejectItem`` where anybody's words open no more.

    Who was erased while the namer thought and has written again has another key: under that one they would be back.
    """
    with vault.at_once((tenant, one.subject) for one in shown):
        if any(vault.open(tenant, one) is None for one in shown):
            raise RejectItem("words of its examples were erased while it was named", reason="erased")
        return vault.seal(tenant, whose, naming.model_dump_json().encode())


def _shown(question: ThemeQuestion, sealed: Mapping[str, Sealed], vault: Vault) -> Iterator[tuple[str, str]]:
    """The words of the examples that can still be opened, in their order."""
    for name in question.examples:
        opened = vault.open(question.tenant, sealed[name]) if name in sealed else None
        if opened is not None:
            yield name, opened.decode()


def _words(topics: Records, wanted: Iterable[str]) -> dict[str, Sealed]:
    """The sealed words of concerns, as the themes stage handed them on."""
    names = set(wanted)
    found: dict[str, Sealed] = {}
    for _place, record in topics.records("assignments") if names else ():
        about = record.about if isinstance(record, Assignment) and record.concern_id in names else None
        if isinstance(record, Assignment) and about is not None and about.quote is not None:
            found[record.concern_id] = about.quote
    return found
