"""Rosters keep members by arrival, whatever the order in which they are told of."""

from random import Random

from models.themes.rosters import Rosters


def told(rosters: Rosters, root: int, members: dict[int, int]) -> None:
    for came, slot in members.items():
        rosters.add(root, came, slot)


def test_members_are_by_arrival_in_whatever_order_they_come_and_go() -> None:
    rosters, arrivals = Rosters(), list(range(1, 200))
    Random(3).shuffle(arrivals)
    told(rosters, 0, {came: 1000 + came for came in arrivals})
    for came in arrivals[:100]:
        rosters.drop(0, came)
    left = sorted(arrivals[100:])
    assert rosters.since(0, 0).tolist() == [1000 + came for came in left]


def test_who_came_before_and_after_a_moment_are_told_apart() -> None:
    rosters = Rosters()
    told(rosters, 0, {10: 1, 20: 2, 30: 3, 40: 4})
    assert rosters.before(0, 30, most=5).tolist() == [1, 2]
    assert rosters.before(0, 40, most=2).tolist() == [2, 3]
    assert rosters.since(0, 20).tolist() == [3, 4]


def test_a_root_that_is_read_as_another_brings_its_members_along() -> None:
    rosters = Rosters()
    told(rosters, 0, {10: 1, 30: 3})
    told(rosters, 7, {20: 2, 40: 4})
    rosters.absorb(7, 0)
    assert (rosters.latest(0, 9).tolist(), rosters.latest(7, 9).tolist()) == ([1, 2, 3, 4], [])


def test_to_drop_whom_nobody_knows_changes_nothing() -> None:
    rosters = Rosters()
    told(rosters, 0, {10: 1})
    rosters.drop(0, 11)
    rosters.drop(5, 10)
    assert rosters.latest(0, 9).tolist() == [1]


def test_the_middle_one_since_a_moment_is_the_later_of_two() -> None:
    rosters = Rosters()
    told(rosters, 0, {10: 1, 20: 2, 30: 3, 40: 4})
    assert [rosters.middle_since(0, seq) for seq in (0, 10, 30, 40)] == [30, 30, 40, None]
    assert rosters.middle_since(9, 0) is None
