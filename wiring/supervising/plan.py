"""What a supervisor runs, and when it tries again. Values only: nothing here starts a process or reads a clock."""

from __future__ import annotations

import random
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

WRONG_USAGE = 2
REFUSED = 4
CANNOT_RUN = (126, 127)

LOOPBACK = "127.0.0.1"
# Below those from which an outgoing connection gets its own: a process that tries again and again to reach a peer or a
# broker that is not up yet could otherwise be given that one's port, and be connected to itself or keep it from coming.
PORTS = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Launch:
    """How one process is started; ``env`` is added to the supervisor's own environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


Command = Callable[[int, tuple[str, ...]], Launch]
"""Process number and the addresses of the whole group → how that process is started."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A group of ``workers`` processes that live and die together.

    ``finite``: it has an end, and is done when every process ended with 0. Otherwise it runs for ever, and any end
    that nobody asked for is mended by a restart.
    """

    name: str
    command: Command
    workers: int = 1
    finite: bool = False


@dataclass(frozen=True, slots=True)
class Restarts:
    """When a group is started again, and when that is given up; seconds.

    A run shorter than ``healthy_after_s`` is a quick failure; the delay doubles with each in a row. Exit codes in
    ``hopeless`` say that a person must change something (wrong usage, a refused start, no such program): after
    ``hopeless_tries`` of them in a row it is given up. Some are tried more than once because a directory that is
    still locked by a dying process is refused too. Other failures (a broker that is away) are retried for ever,
    unless the group has never been healthy: then ``first_tries`` are enough to call it misconfigured.
    """

    first_delay_s: float = 0.1
    longest_delay_s: float = 30.0
    healthy_after_s: float = 60.0
    hopeless: frozenset[int] = frozenset({WRONG_USAGE, REFUSED, *CANNOT_RUN})
    hopeless_tries: int = 3
    first_tries: int = 10
    # How long a drain may take: below the 60 s that an orchestrator is told to wait before it kills.
    grace_s: float = 30.0
    # A process whose peer is gone cannot drain; it dies by itself or is killed, which its recovery covers.
    peers_grace_s: float = 3.0

    def delay_s(self, failures: int) -> float:
        """How long to wait after so many quick failures in a row (at least 1)."""
        doublings = min(failures - 1, 30)  # beyond that a float would overflow, and the longest rules anyway
        return min(self.longest_delay_s, self.first_delay_s * 2.0**doublings)


@dataclass(slots=True)
class Failures:
    """What is remembered of one group's failures."""

    in_a_row: int = 0
    hopeless_in_a_row: int = 0
    ever_healthy: bool = False

    def learn_one(self, restarts: Restarts, code: int, lived_s: float) -> None:
        """Count a run that ended with ``code`` after ``lived_s`` seconds."""
        if lived_s >= restarts.healthy_after_s:
            self.ever_healthy = True
            self.in_a_row = self.hopeless_in_a_row = 0
        self.in_a_row += 1
        self.hopeless_in_a_row = self.hopeless_in_a_row + 1 if code in restarts.hopeless else 0

    def is_hopeless(self, restarts: Restarts) -> bool:
        """A restart would not help."""
        if self.hopeless_in_a_row >= restarts.hopeless_tries:
            return True
        return not self.ever_healthy and self.in_a_row >= restarts.first_tries


def ended_as_asked(code: int) -> bool:
    """Drained, or ended by SIGTERM before it could do anything worth draining."""
    return code in (0, -signal.SIGTERM)


def described(code: int) -> str:
    """``status 1`` or ``SIGKILL``."""
    if code >= 0:
        return f"status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def free_addresses(count: int) -> tuple[str, ...]:
    """``count`` different ``127.0.0.1:port`` that were free a moment ago.

    Somebody else may take one before its process does: that start fails and the next one gets other ports. Raises
    ``OSError`` when no port is free.
    """
    found: list[str] = []
    with ExitStack() as held:
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == count:
                return tuple(found)
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind((LOOPBACK, port))
                found.append(f"{LOOPBACK}:{port}")
    raise OSError(f"no {count} free ports from {PORTS[0]} to {PORTS[-1]} on {LOOPBACK}")
