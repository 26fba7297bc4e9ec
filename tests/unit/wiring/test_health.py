"""What probes hear: alive while the loop goes round, ready once all is restored, and never a word of a hang."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from contracts.errors import WrongUsage
from wiring.health import Beat, HealthFile, Probes, Readiness, listening, read_beat, serving, trouble


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_beat_is_written_at_most_every_second(tmp_path: Path) -> None:
    clock = Clock()
    file = HealthFile(tmp_path / "health" / "intake-0.json", "intake", clock=clock)
    for clock.now in (1_000.0, 1_000.9):
        file.touch()
    beat = read_beat(file.path)
    assert beat is not None
    assert (beat.time, beat.stage) == (1_000.0, "intake")
    clock.now = 1_001.0
    file.touch()
    assert read_beat(file.path) == Beat(1_001.0, "intake", beat.pid)


def test_a_clock_set_back_does_not_silence_the_beat(tmp_path: Path) -> None:
    clock = Clock()
    file = HealthFile(tmp_path / "h", "intake", clock=clock)
    file.touch()
    clock.now = 10.0
    file.touch()
    beat = read_beat(file.path)
    assert beat is not None
    assert beat.time == 10.0


def test_a_place_that_cannot_be_written_does_not_stop_the_loop(tmp_path: Path) -> None:
    file = HealthFile(tmp_path / "gone" / "h", "intake")
    (tmp_path / "gone").rmdir()
    file.touch()
    assert trouble(file.path, 30, 0) == "h: no beat yet"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"time": "x", "stage": "s", "pid": 1}', b'{"time": 1}']
)
def test_a_file_that_is_no_beat_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "h").write_bytes(content)
    assert read_beat(tmp_path / "h") is None


def test_an_old_beat_is_told_with_its_age(tmp_path: Path) -> None:
    file = HealthFile(tmp_path / "h", "themes", clock=lambda: 100.0)
    file.touch()
    assert trouble(file.path, 30, 130.0) is None
    assert trouble(file.path, 30, 140.0) == "h: stage themes last went round 40 s ago, allowed are 30 s"


def test_ready_means_every_expected_partition_restored_and_polled() -> None:
    readiness = Readiness(frozenset({0, 1}))
    readiness.restored(0)
    readiness.polled(0)
    assert readiness.missing() == ["partition 1: not restored"]
    readiness.restored(1)
    assert readiness.missing() == ["partition 1: not polled"]
    readiness.polled(1)
    assert readiness.missing() == []


def test_where_the_engine_chooses_the_partitions_those_given_are_enough() -> None:
    readiness = Readiness()
    assert readiness.missing() == ["no partition restored"]
    readiness.restored(3)
    readiness.polled(3)
    assert readiness.missing() == []
    assert Readiness(frozenset()).missing() == []


def test_with_a_bound_a_partition_far_behind_is_not_ready() -> None:
    readiness = Readiness(behind_s=10)
    readiness.restored(0)
    readiness.polled(0, 11.0)
    assert readiness.missing() == ["partition 0: 11 s behind"]
    readiness.polled(0, 10.0)
    assert readiness.missing() == []


def test_the_pages_tell_what_is_missing(tmp_path: Path) -> None:
    clock = Clock()
    file = HealthFile(tmp_path / "h", "themes", clock=clock)
    readiness = Readiness()
    with serving(Probes(file.path, readiness, clock=clock), 0) as port:
        assert _get(port, "/livez") == (503, "h: no beat yet\n")
        file.touch()
        assert _get(port, "/livez") == (200, "ok\n")
        assert _get(port, "/readyz") == (503, "no partition restored\n")
        readiness.restored(0)
        readiness.polled(0)
        assert _get(port, "/readyz?verbose") == (200, "ok\n")
        clock.now += 31
        assert _get(port, "/readyz")[0] == _get(port, "/livez", "HEAD")[0] == 503


def test_metrics_are_on_the_same_server() -> None:
    registry = CollectorRegistry()
    Counter("undercurrent_turns", "Turns.", registry=registry).inc(3)
    with serving(Probes(registry=registry), 0) as port:
        status, body = _get(port, "/metrics")
        assert (status, "undercurrent_turns_total 3.0" in body) == (200, True)
        assert (_get(port, "/other")[0], _get(port, "/livez", "HEAD")) == (404, (200, ""))


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    with (
        serving(Probes(), 0) as port,
        pytest.raises(WrongUsage, match=f"port {port}: Address already in use; name another"),
    ):
        serving(Probes(), port).__enter__()


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 65_536), ("127.0.0.1", -1), ("nobody.invalid", 0), ("a" * 64 + ".b", 0)]
)
def test_an_address_that_is_none_is_refused_in_one_line(host: str, port: int) -> None:
    with pytest.raises(WrongUsage, match=f"^{host}, port {port}: .+; name another port"):
        listening(host, port)
