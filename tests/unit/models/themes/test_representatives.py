"""Representative and counter-example members: bounded, deterministic, from distinct subjects."""

from __future__ import annotations

from models.themes.representatives import KEPT, Candidate, Gallery


def full() -> Gallery:
    gallery = Gallery()
    for i in range(100):
        gallery.add(Candidate(f"c{i:02}", 1 - i / 100, i % 20))
    return gallery


def test_the_closest_members_of_distinct_subjects_represent_a_theme() -> None:
    gallery = Gallery()
    for concern, similarity, subject in (("a", 0.9, 1), ("b", 0.8, 1), ("c", 0.7, 2)):
        gallery.add(Candidate(concern, similarity, subject))
    assert gallery.representatives(2) == ["a", "c"]


def test_what_is_kept_is_bounded() -> None:
    gallery = full()
    assert max(len(gallery.closest), len(gallery.farthest)) == KEPT


def test_the_closest_stranger_and_then_the_least_member_are_counter_examples() -> None:
    gallery = full()
    gallery.miss(Candidate("stranger", 0.3, 1))
    assert gallery.counter_examples(2) == ["stranger", "c99"]


def test_a_removed_member_is_shown_no_more() -> None:
    gallery = full()
    gallery.remove("c00")
    assert gallery.representatives(1) == ["c01"]


def test_a_gallery_comes_back_from_the_log() -> None:
    assert Gallery.decode(full().encode()) == full()


def test_equal_members_are_shown_by_id_whatever_came_first() -> None:
    first, second = Candidate("a", 0.5, 1), Candidate("b", 0.5, 2)
    one, two = Gallery(), Gallery()
    one.add(first), one.add(second), two.add(second), two.add(first)
    assert one.representatives() == two.representatives() == ["a", "b"]
