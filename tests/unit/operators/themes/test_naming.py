"""Names from a model: asked for once per content, taken only with evidence, and never over a person's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.feedback import Sealed
from contracts.naming import NamingEvidence, NamingSource
from operators.themes.names import PERSON
from operators.themes.naming import ASKED_A_TICK, ASKED_FROM, EXAMPLES
from tests.support.laws import assert_batching_law
from tests.support.naming import Interview, talk
from tests.support.steps import Journey, themes

pytestmark = pytest.mark.lengthy


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Played once: the stages before themes take a second."""
    made = talk(tmp_path_factory.mktemp("naming"))
    yield made
    made.vault.close()


@pytest.fixture
def interview(journey: Journey) -> Interview:
    return Interview(journey)


def said_name(interview: Interview) -> str:
    """A name of words that many people use."""
    return interview.questions()[0].keywords[0]


def test_a_theme_that_is_big_enough_asks_once_for_each_content(interview: Interview) -> None:
    questions = interview.questions()
    assert questions
    assert all(q.concerns >= ASKED_FROM and 1 <= len(q.examples) <= EXAMPLES for q in questions)
    assert len({q.theme_id for q in questions}) == len(questions) <= ASKED_A_TICK
    interview.feed(interview.journey.topics["enriched"][-1])
    assert interview.questions() == questions


def test_what_may_not_be_quoted_is_not_asked_about(interview: Interview) -> None:
    step = themes(interview.journey.vault)
    outs = step.on_records(interview.journey.topics["enriched"])
    assert "questions" not in {out.topic for out in outs}


def test_an_answer_renames_the_theme_at_its_place_and_the_ledger_says_why(interview: Interview) -> None:
    question = interview.questions()[0]
    name = f"wrong {said_name(interview)}"
    assert interview.put(interview.answer(question, name, summary=name)) == []
    told, event = interview.theme(question.theme_id), interview.events()[-1]
    assert (told.label, told.label_source, told.summary) == (name, "model", name)
    assert told.keywords == question.keywords
    assert (event.event, event.author, event.name) == ("renamed", "model test-1", name)
    assert event.evidence == (question.examples[0],)
    assert "theme-name-1" in event.reason


def test_a_line_of_rare_words_is_left_out_and_the_name_stays(interview: Interview) -> None:
    question = interview.questions()[0]
    interview.put(interview.answer(question, said_name(interview), summary="ask zanzibarium about it"))
    assert interview.theme(question.theme_id).summary is None


def refusal(interview: Interview, name: str | None = None, **fields: Any) -> str:
    question = interview.questions()[0]
    before = interview.theme(question.theme_id)
    (refused,) = interview.put(interview.answer(question, name or said_name(interview), **fields))
    assert interview.theme(question.theme_id) == before
    return refused.reason


@pytest.mark.parametrize(
    "name",
    [
        "ask zanzibarium",
        "see www.example.com",
        "a@b",
        "call 020 7946",
        "<NAME_1> again",
        "x" * 40,
        "a\u202eb",
    ],
)
def test_a_name_that_too_few_people_say_is_refused(interview: Interview, name: str) -> None:
    assert "too few people say" in refusal(interview, name)


def test_an_answer_about_another_content_is_refused(interview: Interview) -> None:
    assert "something else by now" in refusal(interview, content=1)


def test_an_answer_about_no_theme_is_refused(interview: Interview) -> None:
    assert "no such theme" in refusal(interview, theme_id="nobody")


def test_evidence_that_was_not_shown_is_refused(interview: Interview) -> None:
    cited = [NamingEvidence(concern_id="elsewhere", start=0, end=4)]
    assert "not shown" in refusal(interview, cites=cited)


def test_evidence_beyond_the_words_is_refused(interview: Interview) -> None:
    first = interview.questions()[0].examples[0]
    cited = [NamingEvidence(concern_id=first, start=0, end=len(interview.words(first)) + 1)]
    assert "does not have" in refusal(interview, cites=cited)


def test_a_member_of_another_theme_is_no_evidence(interview: Interview) -> None:
    one, two = interview.questions()[:2]
    sources = [NamingSource(concern_id=two.examples[0], text=interview.sealed(two.examples[0]))]
    cited = [NamingEvidence(concern_id=two.examples[0], start=0, end=4)]
    assert one.theme_id != two.theme_id
    assert "no member" in refusal(interview, cites=cited, sources=sources)


def test_words_that_are_not_the_concerns_own_are_no_evidence(interview: Interview) -> None:
    first, second = interview.questions()[0].examples[:2]
    sources = [NamingSource(concern_id=first, text=interview.sealed(second))]
    assert "not those that it was shown" in refusal(interview, sources=sources)


def test_an_answer_that_is_no_naming_is_refused(interview: Interview) -> None:
    sealed = interview.sealed(interview.questions()[0].examples[0])
    junk: Sealed = interview.journey.vault.seal("acme", sealed.subject, b'{"name": ""}')
    assert "no naming: name" in refusal(interview, answer=junk)


def test_an_answer_of_altered_bytes_is_refused_and_stops_nothing(interview: Interview) -> None:
    sealed = interview.sealed(interview.questions()[0].examples[0])
    altered = sealed.model_copy(update={"ciphertext": "AAAA" + sealed.ciphertext[4:]})
    assert "does not open" in refusal(interview, answer=altered)


def test_whose_key_is_gone_names_nothing(interview: Interview) -> None:
    question = interview.questions()[0]
    answer = interview.answer(question, said_name(interview))
    gone = answer.answer.model_copy(update={"subject": "somebody-whose-key-was-destroyed"})
    (refused,) = interview.put(answer.model_copy(update={"answer": gone}))
    assert "erased" in refused.reason


def test_a_person_named_it_before_the_answer_came(interview: Interview) -> None:
    question = interview.questions()[0]
    answer = interview.answer(question, said_name(interview))
    interview.step._tenant("acme")._telling._names.call(question.theme_id, "Ours", PERSON)
    (refused,) = interview.put(answer)
    assert "a person" in refused.reason


def test_answers_obey_the_laws_of_the_step(interview: Interview) -> None:
    one, two = interview.questions()[:2]
    interview.put(interview.answer(one, said_name(interview)))
    interview.put(interview.answer(two, "ask zanzibarium"))
    interview.feed(interview.journey.topics["enriched"][-1])
    total = len(interview.fed)
    assert_batching_law(lambda: themes(interview.journey.vault), interview.fed, (total - 3, total - 2, 40))
