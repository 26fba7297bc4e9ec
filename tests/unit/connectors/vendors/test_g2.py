"""G2: sections kept apart, pages that shift, filters that are not obeyed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.vendors.g2 import VENDOR, G2Options, utterances
from connectors.vendors.port import Connection, Cursor, Gone, Unreadable, Utterance
from connectors.vendors.values import iso
from contracts.errors import WrongUsage
from contracts.feedback import FeedbackBody
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import Drained, polled
from tests.support.vendors.g2 import SimulatedG2, history, review

KEY = {"key": "k3y"}
PLAIN = G2Options()


def drained(g2: SimulatedG2, since: Cursor | None = None, **options: Any) -> Drained:
    told = {"start": (NOW - timedelta(days=500)).isoformat(), "page_size": 10, **options}
    return polled(VENDOR, g2, told, KEY, since)[0]


def body_of(one: Any) -> FeedbackBody:
    assert isinstance(one, Utterance)
    return FeedbackBody.model_validate(one.body)


def test_likes_and_dislikes_are_two_utterances_with_the_reviews_stars() -> None:
    likes, dislikes = (body_of(one) for one in utterances(review(7, NOW), PLAIN))
    assert (likes.section, likes.text, dislikes.section, dislikes.text) == (
        "likes",
        "I love part 7",
        "dislikes",
        "Export 7 times out",
    )
    assert (likes.rating, likes.rating_scale, likes.author_role, likes.account) == (
        3.5,
        5.0,
        "customer",
        None,
    )


def test_words_stay_as_they_are() -> None:
    words = "  I <b>love</b> it &amp; more\u00a0…\n"
    found = utterances(review(7, NOW, comment_answers={"love": {"value": words}}), PLAIN)
    assert isinstance(found[0], Utterance)
    assert found[0].body["text"] == words


@pytest.mark.parametrize(
    ("stars", "rating"), [(7, 3.5), (10, 5.0), (11, None), (0, 1.0), ("8", 4.0), (None, None)]
)
def test_stars_of_a_scale_to_ten(stars: Any, rating: float | None) -> None:
    found = utterances(review(7, NOW, star_rating=stars), G2Options(rating_scale=10))
    assert body_of(found[0]).rating == rating


def test_a_rating_beyond_the_scale_is_no_rating() -> None:
    assert body_of(utterances(review(7, NOW, star_rating=8), PLAIN)[0]).rating is None


def test_a_review_with_nothing_but_a_title_says_that() -> None:
    found = utterances(review(7, NOW, comment_answers={}), PLAIN)
    assert [(body_of(one).section, body_of(one).text) for one in found] == [("title", "Solid but slow 7")]


def test_a_section_that_an_edit_emptied_is_gone() -> None:
    answers = {"love": {"value": "Still"}, "hate": {"value": " "}, "recommendations": {"value": "Buy"}}
    found = utterances(
        review(7, NOW, comment_answers=answers, updated_at=iso(NOW + timedelta(days=1))), PLAIN
    )
    assert [one.record_id for one in found if isinstance(one, Gone)] == ["7:dislikes"]


def test_an_emptied_section_is_told_once_for_each_version() -> None:
    answers = {"love": {"value": "Still"}, "hate": {"value": " "}, "recommendations": {"value": "Buy"}}

    def edited(hours: int) -> Any:
        at = iso(NOW - timedelta(hours=hours))
        return review(7, NOW - timedelta(days=9), comment_answers=answers, updated_at=at)

    g2 = SimulatedG2([edited(5)])
    first = drained(g2)
    second = drained(g2, first.cursor)
    g2.reviews = [edited(1)]
    third = drained(g2, second.cursor)
    assert [first.gone, second.gone, third.gone] == [["7:dislikes"], [], ["7:dislikes"]]
    assert drained(g2, third.cursor).gone == []


@pytest.mark.parametrize(
    "row", [{"id": "7"}, {"id": "7", "attributes": None}, {"attributes": {"title": "x"}}]
)
def test_a_review_without_attributes_goes_to_dead_letters(row: Any) -> None:
    assert [type(one) for one in utterances(row, PLAIN)] == [Unreadable]


def test_other_names_of_fields_can_be_told() -> None:
    options = G2Options(fields={"dislikes": "answers.bad"})
    found = utterances(review(7, NOW, answers={"bad": "Slow"}), options)
    assert "Slow" in [body_of(one).text for one in found]


def test_all_of_history_comes_once_in_windows() -> None:
    got = drained(SimulatedG2(history(95)))
    assert len(got.utterances) == len(got.said) == 190
    assert got.is_monotone
    assert len(got.cursors) > 5


def test_the_next_poll_reads_one_day_again() -> None:
    g2 = SimulatedG2(history(95))
    again = drained(g2, drained(g2).cursor)
    assert 0 < len(again.utterances) <= 4


def test_filters_that_are_ignored_are_applied_here() -> None:
    g2 = SimulatedG2(history(60), obeys=False)
    got = drained(g2)
    assert len(got.said) == 120
    assert len(drained(g2, got.cursor).said) <= 4


def test_a_review_that_a_deletion_pushed_to_a_page_already_read_is_found() -> None:
    def withdraw(g2: SimulatedG2, page: int) -> None:
        if page == 2:
            del g2.reviews[0]

    got = drained(SimulatedG2(history(40, days=20), before=withdraw), window_days=365)
    assert {f"{n}:likes" for n in range(1, 40)} <= set(got.said)


def test_a_review_edited_while_we_page_comes_with_both_versions() -> None:
    def edit(g2: SimulatedG2, page: int) -> None:
        if page == 2:
            edited = review(39, NOW, star_rating=1)
            g2.reviews = [edited] + [one for one in g2.reviews if one["id"] != "39"]

    g2 = SimulatedG2(history(40, days=20), before=edit)
    got = drained(g2, drained(g2, window_days=365).cursor, window_days=365)
    assert got.said["39:likes"]["rating"] == 1.0


@pytest.mark.parametrize("auth", ["Token {key}", "Bearer {key}"])
def test_the_header_is_as_the_connection_says(auth: str) -> None:
    got = drained(SimulatedG2(history(3), header=auth.format(key="k3y")), auth=auth)
    assert len(got.said) == 6


def test_a_time_in_the_future_does_not_carry_the_cursor_along() -> None:
    late = review(1, NOW + timedelta(days=900))
    cursor = drained(SimulatedG2([late])).cursor
    assert cursor is not None
    assert cursor.order <= (iso(NOW),)


@pytest.mark.parametrize(
    "options", [{"rating_scale": 7}, {"auth": "Token"}, {"page_size": 101}, {"pagesize": 5}]
)
def test_options_that_cannot_be_right_are_named(options: dict[str, Any]) -> None:
    connection = Connection("acme-g2", "g2", "acme", options)
    with pytest.raises(WrongUsage, match=f"acme-g2: options: {next(iter(options))}"):
        VENDOR.check(connection)
