"""Whatever a model says: nothing is raised, no quote is invented, and neighbours stand."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, get_args

from hypothesis import example, given
from hypothesis import strategies as st

from contracts.stages import Decision
from models.llm.prompts import DECIDE, load_prompt
from models.llm.prompts.fence import fence_for, one_line
from models.llm.verify import Accepted, Doubt, verify
from models.llm.verify.bounds import RANKS, bounded_severity, confidence
from models.llm.verify.reasons import SENTENCES, Fault, Remark
from models.llm.verify.spans import spans_of
from tests.support.concerns import entry, question, reply, taxonomy

PROMPT = load_prompt(DECIDE)
SLOW = question("The export is slow. It takes minutes to load.")
CRASH = question("It crashes whenever I open the calendar on my phone.")
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
remarks = st.lists(st.sampled_from(get_args(Remark)), unique=True)


@given(st.text() | json_values.map(json.dumps))
@example('{"answers": [{"number": 1e400}]}')
@example('{"answers": [{"number": ' + "9" * 5000 + "}]}")
def test_nothing_that_a_model_says_is_raised(said: str) -> None:
    assert all(isinstance(one, Doubt) for one in verify(said, [SLOW, CRASH], taxonomy(), PROMPT))


@given(st.sampled_from(sorted(entry(SLOW))), json_values)
def test_whatever_stands_in_a_field_the_neighbour_stands_and_the_answer_is_closed(
    field: str, value: Any
) -> None:
    judged = verify(
        reply(entry(SLOW, 1) | {field: value}, entry(CRASH, 2)), [SLOW, CRASH], taxonomy(), PROMPT
    )
    if not (field == "number" and value == 2 and not isinstance(value, bool)):
        assert isinstance(judged[1], Accepted)
    if isinstance(judged[0], Accepted):
        decision = judged[0].answer.decision
        assert decision.category in {label.name for label in taxonomy().labels}
        assert all(SLOW.text[start:end].strip() for start, end in decision.evidence)


@given(st.text(max_size=40), st.lists(st.text(max_size=6), max_size=6))
def test_every_quote_is_literal_or_none_is_taken(text: str, quotes: list[str]) -> None:
    found = spans_of(text, quotes)
    if found is None:
        assert any(quote not in text or not any(c.isalnum() for c in quote) for quote in quotes)
    else:
        assert all(0 <= start < end <= len(text) for start, end in found)
        assert all(before[1] <= after[0] for before, after in pairwise(found))
        cut = [text[start:end] for start, end in found]
        assert all(any(quote in one for one in cut) for quote in quotes[:4])


@given(st.text(min_size=1, max_size=60), st.data())
def test_quotes_that_were_cut_from_the_text_are_always_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    assert (spans_of(text, [quote]) is not None) == any(char.isalnum() for char in quote)


@given(
    st.integers(0, 100), st.integers(0, 99), st.integers(0, 1000), remarks, st.sampled_from(get_args(Remark))
)
def test_confidence_rises_with_the_models_own_and_falls_with_every_remark(
    own: int, less: int, local: int, said: list[Remark], more: Remark
) -> None:
    decision = Decision(
        category="bug",
        runner_up="ux",
        severity="low",
        sentiment="neutral",
        sentiment_milli=0,
        confidence_milli=local,
    )
    for category in ("bug", "ux", "billing"):
        sure = confidence(own, category, decision, said)
        assert 0 <= sure <= 1000
        assert confidence(min(own, less), category, decision, said) <= sure
        assert confidence(own, category, decision, [*said, more]) <= sure
    agreed, second, other = (confidence(own, one, decision, said) for one in ("bug", "ux", "billing"))
    assert other <= second <= agreed


@given(st.sampled_from(RANKS), st.sampled_from(RANKS), st.booleans(), st.booleans())
def test_severity_stays_within_a_step_and_only_local_words_make_it_critical(
    said: Any, local: Any, by_words: bool, fixed: bool
) -> None:
    level, _ = bounded_severity(said, local, by_words=by_words, fixed=fixed)
    assert RANKS.index(level) <= RANKS.index(local) + 1
    assert level != "critical" or local == "critical"
    assert level == local or not fixed


@given(st.text())
def test_a_text_is_one_printable_line_that_reads_as_it_was_and_cannot_hold_its_fence(text: str) -> None:
    line = one_line({"text": text})
    assert len(line.splitlines()) == 1
    assert json.loads(line)["text"] == text
    assert fence_for(line, "salt") not in line


def test_every_fault_has_its_sentence() -> None:
    assert set(SENTENCES) == set(get_args(Fault))
