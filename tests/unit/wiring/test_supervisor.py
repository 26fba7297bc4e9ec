"""When processes are started, ended and started again; no process is real and no time passes."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from cli import complaint
from contracts.errors import StopWorker, WrongUsage
from wiring.supervising.log import COMPLAINT
from wiring.supervising.plan import Failures, free_addresses
from wiring.supervisor import Launch, OneLog, Restarts, Stage, Supervisor, log_width

RESTARTS = Restarts(
    first_delay_s=1, longest_delay_s=8, healthy_after_s=60, hopeless_tries=3, first_tries=6, grace_s=30
)


@dataclass
class Fake:
    """A process that ends when it is told to, or never on SIGTERM if ``deaf``."""

    stage: str
    number: int
    started_at: float
    deaf: bool = False
    code: int | None = None
    signals: list[str] = field(default_factory=list)

    def ended(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.signals.append("TERM")
        if self.code is None and not self.deaf:
            self.code = 0

    def kill(self) -> None:
        self.signals.append("KILL")
        self.code = -signal.SIGKILL


@dataclass
class Script:
    """Time that passes only in ``sleep``, and what happens at its moments."""

    events: dict[float, Callable[[], None]] = field(default_factory=dict)
    started: list[Fake] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    born: Callable[[Fake], None] = lambda _fake: None
    now: float = 0.0

    def start(self, stage: str, number: int, launch: Launch) -> Fake:
        alive = [one for one in self.started if one.stage == stage and one.code is None]
        assert all(one.started_at == self.now for one in alive), "the run before it still lives"
        fake = Fake(stage, number, self.now)
        self.born(fake)
        self.started.append(fake)
        self.launches.append(launch)
        return fake

    def sleep(self, _seconds: float) -> None:
        self.now = round(self.now + 0.5, 1)
        assert self.now < 5_000, "it never ends"
        if event := self.events.pop(self.now, None):
            event()

    def starts(self, stage: str) -> list[float]:
        return sorted({one.started_at for one in self.started if one.stage == stage})


def _stage(name: str, workers: int = 1, *, finite: bool = False) -> Stage:
    def command(number: int, addresses: tuple[str, ...]) -> Launch:
        return Launch((name, str(number), ";".join(addresses)))

    return Stage(name, command, workers, finite)


def _supervisor(script: Script, *stages: Stage) -> tuple[Supervisor, io.StringIO]:
    out = io.StringIO()
    ports = iter(range(1, 1_000))
    supervisor = Supervisor(
        stages,
        OneLog(out),
        RESTARTS,
        start=script.start,
        addresses=lambda count: tuple(f"h:{next(ports)}" for _ in range(count)),
        clock=lambda: script.now,
        sleep=script.sleep,
    )
    return supervisor, out


def _end(script: Script, index: int, code: int) -> Callable[[], None]:
    def end() -> None:
        script.started[index].code = code

    return end


def test_when_one_dies_its_peer_is_ended_and_both_start_on_other_ports() -> None:
    script = Script()
    supervisor, _out = _supervisor(script, _stage("extract", 2), _stage("themes"))
    script.events = {10.0: _end(script, 1, -9), 20.0: supervisor.stop}
    assert supervisor.run()
    assert script.started[0].signals == ["TERM"]
    assert [launch.argv[2] for launch in script.launches if launch.argv[0] == "extract"] == [
        *["h:1;h:2"] * 2,
        *["h:4;h:5"] * 2,
    ]
    assert script.starts("themes") == [0.0]


def test_a_peer_that_does_not_end_is_killed_before_its_group_starts_again() -> None:
    script = Script(born=lambda fake: setattr(fake, "deaf", fake.started_at == 0))
    supervisor, out = _supervisor(script, _stage("extract", 2))
    script.events = {10.0: _end(script, 0, 1), 30.0: supervisor.stop}
    supervisor.run()
    assert script.started[1].signals == ["TERM", "KILL"]
    assert script.starts("extract")[1] >= 10 + RESTARTS.peers_grace_s + RESTARTS.first_delay_s
    assert "extract/0 ended with status 1 after 10.0 s; ending its peers" in out.getvalue()


def test_the_wait_doubles_up_to_a_longest_and_starts_anew_after_a_healthy_time() -> None:
    restarts = RESTARTS
    failures, delays = Failures(), []
    for lived_s in (1, 1, 1, 1, 1, 61, 1):
        failures.learn_one(restarts, 1, lived_s)
        delays.append(restarts.delay_s(failures.in_a_row))
    assert delays == [1, 2, 4, 8, 8, 1, 2]
    assert restarts.delay_s(5_000) == 8


def test_wrong_usage_is_not_tried_for_ever_and_stops_the_others() -> None:
    script = Script(born=lambda fake: setattr(fake, "code", 2 if fake.stage == "themes" else None))
    supervisor, _out = _supervisor(script, _stage("intake"), _stage("themes"))
    with pytest.raises(WrongUsage, match=r"stage themes keeps ending with status 2.*It said: nothing"):
        supervisor.run()
    assert len(script.starts("themes")) == 3
    assert script.started[0].signals == ["TERM"]


def test_the_process_that_refused_speaks_for_its_group() -> None:
    def born(fake: Fake) -> None:
        fake.code = 1 if fake.number == 0 else 4

    script = Script(born=born)
    supervisor, _out = _supervisor(script, _stage("themes", 2))
    with pytest.raises(StopWorker, match="status 4"):
        supervisor.run()
    assert len(script.starts("themes")) == 3


def test_a_stage_that_was_never_healthy_is_given_up_in_the_end() -> None:
    script = Script(born=lambda fake: setattr(fake, "code", 1))
    supervisor, _out = _supervisor(script, _stage("themes"))
    with pytest.raises(StopWorker, match="status 1"):
        supervisor.run()
    assert len(script.starts("themes")) == RESTARTS.first_tries


def test_a_stage_that_was_healthy_once_is_tried_until_it_comes_back() -> None:
    script = Script(born=lambda fake: setattr(fake, "code", 1 if 0 < fake.started_at < 200 else None))
    supervisor, _out = _supervisor(script, _stage("themes"))
    script.events = {100.0: _end(script, 0, -9), 300.0: supervisor.stop}
    assert supervisor.run()
    assert len(script.starts("themes")) > RESTARTS.first_tries


def test_stop_waits_for_the_drain_and_not_longer_than_the_grace_time() -> None:
    script = Script(born=lambda fake: setattr(fake, "deaf", True))
    supervisor, out = _supervisor(script, _stage("intake"))
    script.events = {10.0: supervisor.stop}
    assert not supervisor.run()
    assert 40 <= script.now <= 42
    assert "intake/0 is killed" in out.getvalue()


def test_a_second_stop_kills_at_once() -> None:
    script = Script(born=lambda fake: setattr(fake, "deaf", True))
    supervisor, _out = _supervisor(script, _stage("intake"))
    script.events = {10.0: supervisor.stop, 12.0: supervisor.stop}
    assert not supervisor.run()
    assert script.now <= 14


def test_a_stop_while_a_stage_waits_for_its_restart_starts_nothing() -> None:
    script = Script()
    supervisor, _out = _supervisor(script, _stage("intake"))
    script.events = {10.0: _end(script, 0, 1), 11.0: supervisor.stop}
    assert not supervisor.run()
    assert script.starts("intake") == [0.0]


def test_finite_stages_are_done_when_all_ended_well() -> None:
    script = Script()
    supervisor, out = _supervisor(script, _stage("intake", 2, finite=True))
    script.events = {10.0: _end(script, 0, 0), 15.0: _end(script, 1, 0)}
    assert supervisor.run()
    assert (script.now, "intake is done" in out.getvalue()) == (15.5, True)


def test_an_end_that_nobody_asked_for_is_mended_even_if_it_was_a_good_one() -> None:
    script = Script()
    supervisor, _out = _supervisor(script, _stage("intake"))
    script.events = {10.0: _end(script, 0, 0), 20.0: supervisor.stop}
    assert supervisor.run()
    assert len(script.starts("intake")) == 2


def test_a_process_that_cannot_be_started_takes_back_those_that_were() -> None:
    def born(fake: Fake) -> None:
        if fake.number == 1 and fake.started_at == 0:
            raise OSError(11, "Resource temporarily unavailable")

    script = Script(born=born)
    supervisor, out = _supervisor(script, _stage("extract", 2))
    script.events = {20.0: supervisor.stop}
    assert supervisor.run()
    assert script.started[0].signals == ["TERM"]
    assert "extract could not be started: Resource temporarily unavailable" in out.getvalue()


def test_addresses_are_local_and_differ() -> None:
    addresses = free_addresses(5)
    assert len(set(addresses)) == 5
    assert all(address.startswith("127.0.0.1:") for address in addresses)


def test_a_complaint_is_known_by_how_the_command_begins_it() -> None:
    assert COMPLAINT == complaint.COMPLAINT


def test_the_log_is_as_wide_as_its_longest_name() -> None:
    assert log_width([_stage("intake"), _stage("extract", 11)]) == len("extract/10")
