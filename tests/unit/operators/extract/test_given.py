"""Answers that a generation was given act right after their concerns; the journal's of others do not act there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.labelling.table import AnswerTable
from contracts.answers import Answer, AnswerSetAside, ConcernAnswer
from contracts.commands import AddLabel
from contracts.errors import WrongUsage
from contracts.stages import EnrichedItem
from models.encoders.hashing import KeywordEncoder
from operators.extract.step import ExtractStep
from tests.support.steps import PROVENANCE, Journey, labeller

TEXT = "The export to CSV is broken for large boards."


class Generations:
    """One journal's item as a first generation saw it, and a next one with a table."""

    def __init__(self, directory: Path, closing: ExitStack) -> None:
        self.directory, self.closing = directory, closing
        self.first = Journey(directory)
        self.vault = self.first.vault
        closing.callback(self.vault.close)
        self.first.deliver(TEXT, author="ann@example.com")
        self.item = self.first.enriched()[-1]
        self.table = AnswerTable(directory / "answers.sqlite3", make=True)
        closing.callback(self.table.close)

    def answered(self, prompt: str = "decide-2@def", item: EnrichedItem | None = None) -> Answer:
        said = self.item.concerns[0].decision.model_copy(
            update={"category": "billing", "confidence_milli": 930, "needs_review": False, "evidence": ()}
        )
        sealed = ConcernAnswer(decision=said).model_dump_json().encode()
        answer = self.first.answering(item or self.item, 0, "m-2", sealed)
        return answer.model_copy(update={"prompt": prompt})

    def next(self) -> Journey:
        """The same journal through a generation that has the table."""
        journey = Journey(self.directory)
        self.closing.callback(journey.vault.close)
        step = ExtractStep(self.vault, KeywordEncoder(), labeller(), PROVENANCE, own_answers=self.table)
        journey.steps = {"redacted": step}
        for record in self.first.topics["redacted"]:
            journey.pass_on("redacted", record)
        return journey


@pytest.fixture
def generations(tmp_path: Path) -> Iterator[Generations]:
    with ExitStack() as closing:
        yield Generations(tmp_path, closing)


def categories(journey: Journey) -> list[str]:
    return [concern.decision.category for item in journey.enriched() for concern in item.concerns]


def test_an_answer_of_the_table_acts_right_after_its_concern(generations: Generations) -> None:
    generations.table.add([generations.answered()])
    after = generations.next()
    first, second = after.enriched()
    assert (first.concerns[0].decision.provisional, second.concerns[0].decision.category) == (True, "billing")
    assert (second.provenance.model, second.provenance.prompt) == ("m-2", "decide-2@def")
    assert after.of("receipts", AnswerSetAside) == []


def test_an_answer_about_other_words_is_none(generations: Generations) -> None:
    other = generations.vault.seal("acme", generations.item.text.subject, TEXT.upper().encode())
    generations.table.add([generations.answered(item=generations.item.model_copy(update={"text": other}))])
    assert len(generations.next().enriched()) == 1


def test_an_erased_persons_answer_changes_nothing(generations: Generations) -> None:
    generations.table.add([generations.answered()])
    generations.vault.destroy("acme", generations.item.text.subject)
    after = generations.next()
    assert (len(after.enriched()), categories(after)) == (1, [])


def test_answers_of_the_live_journal_to_another_prompt_do_not_act(generations: Generations) -> None:
    generations.table.add([generations.answered()])
    after = generations.next()
    for prompt in ("decide-1@abc", "decide-2@def"):
        after.pass_on("redacted", generations.answered(prompt).model_copy(update={"id": "0-9"}))
    assert len(after.enriched()) == 2
    reasons = [receipt.reason for receipt in after.of("receipts", AnswerSetAside)]
    assert reasons == ["this generation has answers of its own"] * 2


def test_an_answer_of_the_journal_to_the_same_prompt_acts_where_the_table_has_none(
    generations: Generations,
) -> None:
    answer = generations.answered()
    generations.table.add([answer.model_copy(update={"concern_id": "another"})])
    after = generations.next()
    after.pass_on("redacted", answer.model_copy(update={"id": "0-9"}))
    assert categories(after)[-1] == "billing"


def test_of_a_tenant_that_added_a_category_the_prompts_name_counts(generations: Generations) -> None:
    said = {"name": "gift_cards", "description": "Gift cards.", "product_area": "payments"}
    generations.first.order(AddLabel.model_validate({**said, "exemplars": ("The code fails.",)}))
    generations.table.add([generations.answered().model_copy(update={"concern_id": "another"})])
    after = generations.next()
    for prompt in ("decide-1@abc", "decide-2@with_gift_cards"):
        after.pass_on("redacted", generations.answered(prompt).model_copy(update={"id": "0-9"}))
    assert len(after.of("receipts", AnswerSetAside)) == 1
    assert after.enriched()[-1].provenance.prompt == "decide-2@with_gift_cards"


def test_a_generations_copy_does_not_change_and_a_missing_table_is_named(
    generations: Generations, tmp_path: Path
) -> None:
    generations.table.copy_to(tmp_path / "g2" / "answers.sqlite3")
    generations.table.add([generations.answered()])
    copy = AnswerTable(tmp_path / "g2" / "answers.sqlite3")
    assert (generations.table.count(), copy.count()) == (1, 0)
    copy.close()
    with pytest.raises(WrongUsage, match="undercurrent labeller --answers"):
        AnswerTable(tmp_path / "none.sqlite3")
