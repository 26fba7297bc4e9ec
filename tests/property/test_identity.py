"""Ids are pure functions of what things are, and keep apart what is apart."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import (
    cause_of,
    concern_id,
    item_id,
    journal_id,
    linear_issue_id,
    ordinal_of,
    output_id,
    partition,
    theme_id,
)

names = st.text(st.characters(exclude_characters="\x1f", exclude_categories=("Cs",)), min_size=1, max_size=20)
counts = st.integers(min_value=0, max_value=10**6)


@given(names, names, names, names)
def test_items_of_different_places_differ(tenant: str, source: str, record: str, other: str) -> None:
    same = item_id(tenant, source, record) == item_id(tenant, source, other)
    assert same == (record == other)


@given(names, names, names)
def test_where_a_name_ends_matters(tenant: str, source: str, record: str) -> None:
    assert item_id(tenant, source + record, record) != item_id(tenant, source, record + record)


@given(names, counts, counts)
def test_concerns_of_revisions_differ(item: str, revision: int, n: int) -> None:
    assert concern_id(item, revision, n) != concern_id(item, revision + 1, n)


@given(names, counts)
def test_linear_ids_have_the_shape_of_version_4(tenant: str, episode: int) -> None:
    assert UUID(linear_issue_id(tenant, theme_id(tenant, "c"), episode)).version == 4


@given(counts, counts, counts)
def test_an_output_leads_back_to_its_place_in_the_journal(part: int, ordinal: int, n: int) -> None:
    output = output_id(journal_id(part, ordinal), "intake", n)
    assert (cause_of(output), ordinal_of(output)) == (journal_id(part, ordinal), ordinal)


@given(names, st.integers(min_value=1, max_value=64))
def test_a_tenant_lives_in_one_partition(tenant: str, count: int) -> None:
    assert 0 <= partition(tenant, count) < count


def test_ids_are_storage_formats_and_never_change() -> None:
    assert item_id("acme", "zendesk", "1") == "f56ca803-3b08-558b-b474-a27679348e0d"
    assert partition("acme", 12) == 2
