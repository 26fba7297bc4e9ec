"""The first JSON object is found in whatever a model wraps it in."""

from __future__ import annotations

import pytest

from models.llm.json_text import first_object

ONE = '{"a": {"b": "}"}}'


@pytest.mark.parametrize(
    "said",
    [
        ONE,
        f"\n {ONE}\n",
        f"```json\n{ONE}\n```",
        f"```\n{ONE}\n```\nHope this helps {{smile}}!",
        f'<think>maybe {{"a": 0}}</think>\n{ONE}',
        f"<THINKING>long {{</THINKING>{ONE}",
        f'the opening tag was swallowed {{"a": 0}} </think> {ONE}',
        f"{{not json}} but this: {ONE}",
        f'{ONE} {{"a": 2}}',
        f'I use {{"a": 0}} as a draft.\n```json\n{ONE}\n```',
        f"[{ONE}]",
    ],
)
def test_the_object_is_found(said: str) -> None:
    assert first_object(said) == ONE


@pytest.mark.parametrize("said", ["", "no", '{"a": 1', '"{x}', "[1, 2]", "```json\nno\n```"])
def test_where_there_is_none_the_words_are_left_as_they_are(said: str) -> None:
    assert first_object(said) == said


def test_thinking_that_never_ends_is_no_answer() -> None:
    assert first_object(f"<think>so {ONE} and then") == ""


def test_a_megabyte_of_braces_is_given_up_soon() -> None:
    assert first_object('{"' * 500_000).startswith('{"')
    assert first_object('{"a":' * 200_000).startswith("{")
