"""Who floods its neighbours leaves the journal to them; who is alone, or as loud as the others, does not."""

from __future__ import annotations

from wiring.edge.fairness import CALM_S, FLOOD_FROM_PER_S, Fairness
from wiring.edge.quotas import Quota, Quotas


class Street:
    """Tenants who send at steady rates, by a clock of its own; ``lanes`` are those of the last second."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self.fairness = Fairness(lambda: self.at_s)
        self.lanes: dict[str, list[str]] = {}

    def go(self, seconds: int, partition: int = 0, **per_s: int) -> Street:
        for _ in range(seconds):
            self.lanes = {}
            for tenth in range(10):
                self.at_s += 0.1
                for tenant, rate in per_s.items():
                    for _ in range(rate * (tenth + 1) // 10 - rate * tenth // 10):
                        floods = self.fairness.floods(partition, tenant, 1)
                        self.lanes.setdefault(tenant, []).append("bulk" if floods else "journal")
        return self

    def lane(self, tenant: str) -> set[str]:
        return set(self.lanes[tenant])


def test_twenty_times_what_the_neighbours_send_waits_in_the_bulk_lane_within_two_seconds() -> None:
    street = Street().go(30, noisy=2, one=2, two=2).go(2, noisy=40, one=2, two=2)
    assert street.go(1, noisy=40, one=2, two=2).lane("noisy") == {"bulk"}
    assert street.lane("one") == street.lane("two") == {"journal"}


def test_who_is_alone_in_a_partition_has_all_of_it() -> None:
    street = Street().go(30, partition=1, one=2)
    assert street.go(10, noisy=40).lane("noisy") == {"journal"}


def test_who_is_as_loud_as_the_others_floods_nobody() -> None:
    street = Street().go(60, one=15, two=15, three=15)
    assert street.lane("one") == {"journal"}


def test_a_little_is_no_flood_however_quiet_the_others_are() -> None:
    street = Street().go(60, one=1, noisy=int(FLOOD_FROM_PER_S) - 2)
    assert street.lane("noisy") == {"journal"}


def test_a_flood_that_is_over_is_forgotten_after_a_while() -> None:
    street = Street().go(30, noisy=2, one=2).go(10, noisy=40, one=2).go(int(CALM_S) - 2, noisy=2, one=2)
    assert street.lane("noisy") == {"bulk"}
    assert street.go(10, noisy=2, one=2).lane("noisy") == {"journal"}


def test_a_neighbour_who_left_counts_no_more() -> None:
    street = Street().go(30, noisy=2, one=2).go(3_600, noisy=2)
    assert street.go(20, noisy=40).lane("noisy") == {"journal"}


def test_a_flood_goes_to_the_bulk_lane_though_its_quota_is_not_used_up() -> None:
    quotas = Quotas(Quota(live_per_s=1_000), fairness=Fairness(lambda: 0.0))
    assert quotas.lane("quiet", 1, partition=3) == "journal"
    lanes = [quotas.lane("noisy", 1, partition=3) for _ in range(40)]
    assert (lanes[0], lanes[-1]) == ("journal", "bulk")
