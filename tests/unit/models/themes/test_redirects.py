"""Redirects of merged themes are followed to their end, and a circle ends too."""

from __future__ import annotations

import pytest

from models.themes.redirects import chain, root


@pytest.mark.parametrize(
    ("into", "found"),
    [
        ({}, ("a",)),
        ({"a": None}, ("a",)),
        ({"a": "b", "b": "c", "c": None}, ("a", "b", "c")),
        ({"a": "b"}, ("a", "b")),
        ({"a": "a"}, ("a",)),
        ({"a": "b", "b": "c", "c": "b"}, ("a", "b", "c")),
    ],
    ids=["unknown", "stands", "merged twice", "into one that nobody knows", "into itself", "in a circle"],
)
def test_a_theme_is_followed_to_what_it_is_read_as(
    into: dict[str, str | None], found: tuple[str, ...]
) -> None:
    assert chain("a", into.get) == found
    assert root("a", into.get) == found[-1]
