"""Which decisions of people a model is shown: the nearest, in the same language first, none twice."""

from __future__ import annotations

import numpy as np

from models.labelling.precedents import NEAREST, Precedent, nearest, shown_with
from models.llm.prompts import Example, Question
from tests.support.concerns import decided
from tests.support.concerns import question as question_about


def precedent(number: int, *vector: int, language: str = "en", encoder: str = "e") -> Precedent:
    return Precedent(number, language, encoder, np.array(vector, np.int16))


def near(*among: Precedent, language: str = "en") -> list[int]:
    asked = np.array([2048, 0, 0], np.int16)
    return [one.number for one in nearest(asked, "e", language, among)]


def test_the_nearest_come_first_and_of_equals_the_one_decided_last() -> None:
    far, close = precedent(1, 1200, 1659, 0), precedent(2, 2000, 440, 0)
    assert near(far, close, precedent(3, 2000, 440, 0)) == [3, 2, 1]


def test_what_is_far_away_or_of_another_encoder_is_not_shown() -> None:
    assert near(precedent(1, 400, 2008, 0), precedent(2, -2048, 0, 0), precedent(3, 0, 0, 0)) == []
    assert near(precedent(1, 2048, 0, 0, encoder="f"), precedent(2, 2048, 0)) == []


def test_the_same_language_goes_before_nearness() -> None:
    german, english = precedent(1, 1500, 1394, 0, language="de"), precedent(2, 2048, 0, 0)
    assert near(german, english, language="de") == [1, 2]


def test_there_are_few_of_them() -> None:
    assert len(near(*(precedent(n, 2048, 0, 0) for n in range(9)))) == NEAREST


def test_a_call_of_several_shows_the_nearest_of_each_first_and_none_twice() -> None:
    a, b, c = (Example(text, decided(text)) for text in ("Export fails.", "Login fails.", "Map is slow."))
    asked = question_about("The export fails.")
    both = [Question(asked.text, "en", asked.local, None, near) for near in ((a, b), (c, a), ())]
    assert shown_with(both) == [a, c, b]
