"""A label that people add stands behind those of the file, which say what they said before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from contracts.commands import AddLabel
from models.encoders.hashing import KeywordEncoder
from models.labellers import ConcernText, LocalLabeller, load_taxonomy
from models.labellers.added import MOST_ADDED, extended, objection, stand_in, with_label
from models.labellers.taxonomy import Taxonomy

FILE = load_taxonomy()[0]


def order(name: str = "gift_cards", **other: object) -> AddLabel:
    said = {"description": "Gift cards.", "product_area": "payments"}
    exemplars = ("The gift card code is not accepted at the till.",)
    return AddLabel.model_validate({"name": name, "exemplars": exemplars, **said, **other})


def test_it_comes_last_and_the_version_names_it() -> None:
    taxonomy = extended(FILE, [order(), order("loans")])
    assert taxonomy.labels[:-2] == FILE.labels
    assert [label.name for label in taxonomy.labels[-2:]] == ["gift_cards", "loans"]
    assert taxonomy.version == f"{FILE.version}+gift_cards+loans"
    assert extended(FILE, []) is FILE


def test_the_same_name_again_replaces_it_where_it_stands() -> None:
    twice = with_label(with_label(with_label((), order()), order("loans")), order(description="Vouchers."))
    assert [one.name for one in twice] == ["gift_cards", "loans"]
    assert twice[0].description == "Vouchers."


def test_a_name_of_the_file_and_one_too_many_are_refused_with_what_to_do() -> None:
    full = tuple(order(f"name{n}") for n in range(MOST_ADDED))
    assert "in its file" in (objection(FILE, (), order("billing")) or "")
    assert "put some" in (objection(FILE, full, order()) or "")
    assert objection(FILE, full, order("name3")) is None


def test_what_the_file_has_by_now_is_the_files_and_a_lost_area_is_listed_again() -> None:
    taxonomy = extended(FILE, [order("billing"), order(product_area="gone")])
    assert [label.name for label in taxonomy.labels] == [label.name for label in FILE.labels] + ["gift_cards"]
    assert "gone" in {area.name for area in taxonomy.areas}
    assert Taxonomy.model_validate(taxonomy.model_dump()) == taxonomy


@pytest.mark.parametrize(
    ("said", "like"),
    [
        ({}, "billing"),
        ({"product_area": "none"}, "bug"),
        ({"role": "bug"}, "bug"),
        ({"role": "feature_request"}, "feature_request"),
    ],
)
def test_rules_of_its_role_and_area_stand_in(said: dict[str, object], like: str) -> None:
    label = extended(FILE, [order(**said)]).labels[-1]
    assert stand_in(FILE, label) == like


@pytest.mark.parametrize(
    "said",
    [
        {"name": "Gift cards"},
        {"exemplars": ()},
        {"exemplars": ("x",) * 11},
        {"description": "two\nlines"},
        {"description": " "},
    ],
)
def test_what_could_not_stand_in_a_prompt_is_no_order(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        order(**said)


def test_texts_like_its_exemplars_get_it_and_scores_of_the_others_stay() -> None:
    encoder = KeywordEncoder()
    before = LocalLabeller(FILE, encoder)
    after = before.extended(
        extended(FILE, [order(), order("loans", exemplars=("My loan was turned down.",))])
    )
    texts = ["The gift card code was not accepted", "My invoice is wrong", "It crashes at start", "hm"]
    concerns = [ConcernText(text, "en") for text in texts]
    vectors = encoder.encode(texts)
    old, new = before.label(concerns, vectors), after.label(concerns, vectors)
    assert (new[0].category, new[0].product_area, new[0].options[0]) == (
        "gift_cards",
        "payments",
        "gift_cards",
    )
    assert new[0].signals == old[0].signals
    assert len(new[0].signals) == after.signals == before.signals
    same = [replace(one, options=was.options, models=was.models) for one, was in zip(new, old, strict=True)]
    assert same[1:] == old[1:]
