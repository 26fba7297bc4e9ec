"""What a reply tells about its author, and how tenants are told apart without being named."""

from __future__ import annotations

import pytest

from models.llm.base import Reply, safety_tag_of


@pytest.mark.parametrize(
    ("named", "other"),
    [
        ("m-1", False),
        ("m-1-2026-10-21", False),
        ("m-1-20261021", False),
        ("m-1-mini", True),
        ("m-10", True),
        ("m-2", True),
        ("", False),
    ],
)
def test_another_author_than_asked_for_is_noticed(named: str, other: bool) -> None:
    assert Reply("answered", "{}", model=named, asked_model="m-1", provider="p").is_other_model is other


def test_a_tag_is_stable_differs_by_tenant_and_names_none() -> None:
    assert safety_tag_of("acme") == safety_tag_of("acme") != safety_tag_of("acme2")
    assert safety_tag_of("acme", b"secret") != safety_tag_of("acme")
    assert "acme" not in safety_tag_of("acme")
