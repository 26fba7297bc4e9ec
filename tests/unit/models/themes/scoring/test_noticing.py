"""When a new topic counts as noticed: three of its items in one theme that is at least half its own."""

from __future__ import annotations

from models.themes.changes import Change, Merged, Unthemed, Waiting
from models.themes.scoring.noticing import Watch
from tests.support.assignments import assignment, move

OLD, NEW = 0, 1
LABELS = {f"old {i}": OLD for i in range(20)} | {f"new {i}": NEW for i in range(20)}


def _play(watch: Watch, concern: str, *changes: Change) -> None:
    watch.learn_one(concern, [Waiting(concern, None, None), *changes])


def test_the_third_item_of_a_pure_theme_notices_its_topic() -> None:
    watch = Watch(LABELS)
    for i in range(4):
        _play(watch, f"new {i}", assignment(f"new {i}", "t"))
    assert watch.noticed == {NEW: 3}


def test_waiting_items_count_towards_the_delay() -> None:
    watch = Watch(LABELS)
    for i in range(6):
        _play(watch, f"new {i}")
    _play(watch, "new 6", *(assignment(f"new {i}", "t") for i in range(7)))
    assert watch.noticed == {NEW: 7}


def test_a_theme_that_is_mostly_another_topic_notices_nothing() -> None:
    watch = Watch(LABELS)
    for i in range(4):
        _play(watch, f"old {i}", assignment(f"old {i}", "t"))
    for i in range(3):
        _play(watch, f"new {i}", assignment(f"new {i}", "t"))
    assert watch.noticed == {OLD: 3}
    _play(watch, "new 3", assignment("new 3", "t"))
    assert watch.noticed == {OLD: 3, NEW: 4}


def test_purity_is_looked_at_after_everything_that_an_arrival_brought_about() -> None:
    watch = Watch(LABELS)
    for i in range(4):
        _play(watch, f"old {i}")
    _play(watch, "new 0")
    _play(watch, "new 1")
    born = [assignment(f"new {i}", "t") for i in range(3)] + [assignment(f"old {i}", "t") for i in range(4)]
    _play(watch, "new 2", *born)
    assert watch.noticed == {OLD: 4}


def test_merges_and_moves_are_followed() -> None:
    watch = Watch(LABELS)
    _play(watch, "new 0", assignment("new 0", "a"))
    _play(watch, "new 1", assignment("new 1", "b"), Merged("b", "a", 0.9, 0.8, 1, 1))
    _play(watch, "new 2", assignment("new 2", "c"), move("new 2", "c", "b"))
    assert watch.noticed == {NEW: 3}


def test_what_was_given_up_no_longer_counts() -> None:
    watch = Watch(LABELS)
    _play(watch, "new 0", assignment("new 0", "a"))
    _play(watch, "new 1", assignment("new 1", "a"), Unthemed("new 0"))
    _play(watch, "new 2", assignment("new 2", "a"))
    assert watch.noticed == {}


def test_a_topic_that_is_never_noticed_has_no_delay() -> None:
    watch = Watch(LABELS)
    for i in range(12):
        _play(watch, f"new {i}")
    assert watch.scores(0) == {"delay": None, "topics_later": 1, "noticed_share": 0.0}


def test_topics_that_come_after_the_warm_up_have_a_delay_of_their_own() -> None:
    labels = {f"{topic} {i}": topic for topic in range(6) for i in range(10)}
    watch = Watch(labels)
    for concern, topic in labels.items():
        _play(watch, concern, *([assignment(concern, str(topic))] if topic else []))
    assert watch.scores(10) == {
        "delay": 3.0,
        "topics_later": 5,
        "delay_later": 3.0,
        "noticed_share": round(5 / 6, 4),
    }
