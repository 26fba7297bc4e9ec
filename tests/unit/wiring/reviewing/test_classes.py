"""Which categories tenants have added is known from the journal; what cannot be is refused at the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import AddLabel, Correction
from contracts.errors import OrderRefused, WrongUsage
from models.labellers.added import MOST_ADDED
from models.labellers.taxonomy import load_taxonomy
from tests.support.runs import RunBuilder
from wiring.datadir import DataDir
from wiring.reviewing.answers import check
from wiring.reviewing.classes import Taxonomies, ordered_in
from wiring.views.topics import Topics

FILE = load_taxonomy()[0]
SAID: dict[str, Any] = {
    "name": "gift_cards",
    "description": "Gift cards.",
    "product_area": "payments",
    "exemplars": ("The code is not accepted.",),
}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    run = RunBuilder(tmp_path)
    yield run
    run.close()


def names(taxonomies: Taxonomies, tenant: str = "acme") -> list[str]:
    return [label.name for label in taxonomies.of(tenant).labels][len(FILE.labels) :]


def test_the_journal_of_a_data_directory_tells_which_there_are(run: RunBuilder) -> None:
    run.item("my add_label does not work")
    for name in ("gift_cards", "loans", "gift_cards"):
        run.command(AddLabel.model_validate(SAID | {"name": name}))
    topics = Topics(DataDir(run.write()).logs)
    taxonomies = Taxonomies(FILE, lambda: ordered_in(topics))
    assert (names(taxonomies), names(taxonomies, "beta")) == (["gift_cards", "loans"], [])
    assert (taxonomies.knows("acme", "loans"), taxonomies.knows("beta", "loans")) == (True, False)


def test_what_was_ordered_just_now_counts() -> None:
    taxonomies = Taxonomies(FILE)
    taxonomies.add("acme", taxonomies.accepted("acme", SAID))
    assert names(taxonomies) == ["gift_cards"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": "Gift Cards"}, "name 'Gift Cards': begin with a letter"),
        ({"product_area": "cards"}, "no product area 'cards'; say one of: payments"),
        ({"description": ""}, "description: Field required"),
        ({"exemplars": ()}, "exemplars: Field required"),
        ({"role": "praise"}, "role: "),
        ({"owner": "jo@example.org"}, r"owner: holds personal data \(email\)"),
        ({"exemplars": ("Call +44 20 7946 0958",)}, r"example 1: holds personal data \(phone\)"),
    ],
)
def test_what_does_not_fit_is_refused_by_field_without_repeating_it(
    changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(WrongUsage, match=why):
        Taxonomies(FILE).accepted("acme", SAID | changed)


def test_a_correction_to_what_a_tenant_lacks_is_refused_with_how_to_add_it() -> None:
    taxonomies, correction = Taxonomies(FILE), Correction(category="gift_cards")
    taxonomies.add("acme", taxonomies.accepted("acme", SAID))
    check(correction, "billing", taxonomies.of("acme"))
    with pytest.raises(WrongUsage, match="review add-class NAME"):
        check(correction, "billing", taxonomies.of("beta"))


def test_a_name_of_the_file_and_one_too_many_are_refused() -> None:
    taxonomies = Taxonomies(FILE)
    with pytest.raises(OrderRefused, match="in its file alone"):
        taxonomies.accepted("acme", SAID | {"name": "billing"})
    for n in range(MOST_ADDED):
        taxonomies.add("acme", AddLabel.model_validate(SAID | {"name": f"name{n}"}))
    with pytest.raises(OrderRefused, match="more are not taken"):
        taxonomies.accepted("acme", SAID)
