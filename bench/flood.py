"""What one tenant's flood of webhooks does to its neighbours: journal → assignment latency, without it and with it.

``python -m bench.flood [--each 2] [--times 20] [--seconds 25] [--pairs 2]``

The product runs as ``undercurrent up`` runs it, edge, quotas and bulk lane as shipped; polls are an hour apart, so that
none falls into one phase and not into the other. Phases alternate: everyone at the usual rate, then one tenant at 20
times that. Before the next pair the bulk lane is worked off. Latencies are by the broker's clock.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.headline.intercom import IntercomSite, write_connections
from bench.headline.product import Running, product
from bench.headline.stories import BEGIN, Message
from bench.headline.webhooks import Sent, send
from bench.kafka.common import Bench, Ground, quantile
from bench.kafka.latency import first_times
from connectors.kafka.messages import header
from connectors.kafka.reading import between, headers_of, offset_of
from contracts.identity import partition
from demo.grammar import load_phrases, stream
from demo.plan import Slot
from demo.wording import Writer
from settings import load_settings
from tests.support.trackers.server import Scripted
from wiring.bulk.channel import FED
from wiring.kafka.broker import open_broker

NEIGHBOURS = 4
WARM_S = 15.0
SETTLE_S = 2.0
"""At the beginning of a phase: what the one before it left."""

DRAIN_S = 4.0
WORKED_OFF_WITHIN_S = 60.0

POLL_EVERY_S = 3_600


class Arrived(NamedTuple):
    """A journal record: whose, when, and whether it came through the bulk lane."""

    tenant: str
    at: float
    fed: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """The tenant that floods, others of its partition, and one of each other partition."""

    noisy: str
    near: tuple[str, ...]
    far: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Everyone."""
        return (self.noisy, *self.near, *self.far)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=float, default=2.0, help="webhooks a second of each tenant")
    parser.add_argument("--times", type=float, default=20.0, help="how much more the one sends that floods")
    parser.add_argument("--seconds", type=float, default=25.0, help="of a phase")
    parser.add_argument("--pairs", type=int, default=2)
    told = parser.parse_args()
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        with TemporaryDirectory(prefix="undercurrent-bench-") as folder:
            _measure(Bench(broker.cluster, Path(folder)).ground("flood"), told)
    finally:
        broker.stop()


def cast(partitions: int) -> Cast:
    """Names of tenants by where they lie."""
    free = dict.fromkeys(range(partitions), 1) | {0: 1 + NEIGHBOURS}
    found: dict[int, list[str]] = {}
    for n in range(100_000):
        place = partition(f"tenant-{n}", partitions)
        if len(found.setdefault(place, [])) < free[place]:
            found[place].append(f"tenant-{n}")
        if sum(map(len, found.values())) == sum(free.values()):
            break
    noisy, *near = found.pop(0)
    return Cast(noisy, tuple(near), tuple(name for names in found.values() for name in names))


def _measure(ground: Ground, told: argparse.Namespace) -> None:
    who, secret = cast(ground.partitions), secrets.token_hex(32).encode()
    with Scripted(IntercomSite()).running() as vendor, ExitStack() as stack:
        connections = write_connections(ground.data, who.all, secret, vendor.url)
        settings = {"connections": connections, "poll_every_s": POLL_EVERY_S}
        running = stack.enter_context(product(ground, settings))
        begin = {p: there.end for p, there in ground.held("journal").items()}
        talk = Talk(who, told.each)
        _send(running, secret, talk.phase(WARM_S, 1.0))
        ratios = [_pair(running, secret, talk, told, begin) for _pair_number in range(told.pairs)]
    for name, found in (
        ("the same partition", [r[0] for r in ratios]),
        ("other partitions", [r[1] for r in ratios]),
    ):
        each = ", ".join(f"{one:.2f}" for one in found)
        print(f"p95 of others in {name}: {statistics.median(found):.2f} × (pairs: {each})")


def _pair(
    running: Running, secret: bytes, talk: Talk, told: argparse.Namespace, begin: dict[int, int]
) -> tuple[float, float]:
    """A phase without the flood and one with it; the ratios of their p95."""
    spans, cpu = [], []
    for times in (1.0, told.times):
        before, began = running.cpu_s(), time.time()
        sent = _send(running, secret, talk.phase(told.seconds, times))
        spans.append((began + SETTLE_S, time.time()))
        cpu.append({n: round(s - before.get(n, 0.0), 1) for n, s in running.cpu_s().items()})
        print(
            f"{times:g} ×: {len(sent.took_s)} webhooks, refused {dict(Counter(sent.refused.values()))}, "
            f"answers p50 {1000 * statistics.median(sent.took_s):.0f} ms, "
            f"p99 {1000 * quantile(sent.took_s, 0.99):.0f} ms; cpu {cpu[-1]}",
            flush=True,
        )
    time.sleep(DRAIN_S)
    waited = _worked_off(running.ground)
    arrived = _arrived(running.ground, dict(begin))
    at = first_times(running.ground, "assignments", dict.fromkeys(begin, 0))
    noisy = Counter(
        one.fed for one in arrived.values() if one.tenant == talk.who.noisy and one.at >= spans[1][0]
    )
    print(
        f"the flood: {noisy[False]} straight into the journal, {noisy[True]} by the bulk lane; "
        f"worked off after {waited:.0f} s"
    )
    return tuple(_ratio(arrived, at, names, spans) for names in (talk.who.near, talk.who.far))  # type: ignore[return-value]


def _ratio(
    arrived: dict[tuple[int, int], Arrived],
    at: dict[tuple[int, int], float],
    names: Sequence[str],
    spans: Sequence[tuple[float, float]],
) -> float:
    found = [
        [
            at[cause] - one.at
            for cause, one in arrived.items()
            if one.tenant in names and cause in at and begin <= one.at < end
        ]
        for begin, end in spans
    ]
    calm, flooded = (quantile(one, 0.95) for one in found)
    print(
        f"{len(names)} tenants: p50 {statistics.median(found[0]):.2f} → {statistics.median(found[1]):.2f} s, "
        f"p95 {calm:.2f} → {flooded:.2f} s ({flooded / calm:.2f} ×), {len(found[0])} and {len(found[1])} items",
        flush=True,
    )
    return flooded / calm


class Talk:
    """Everyday talk of everyone; each message has a number and an author of its own."""

    def __init__(self, who: Cast, each: float) -> None:
        self.who = who
        self._each = each
        self._number = 0
        self._rng = stream(1, "flood")
        phrases = load_phrases()
        self._topics = sorted(phrases.topics)
        self._writer = Writer(phrases, stream(1, "flood words"))

    def phase(self, seconds: float, times: float) -> list[Message]:
        """So many seconds of it; the noisy one sends ``times`` as much as the others."""
        slots = [
            ((n + place / len(self.who.all)) / rate, name)
            for place, name in enumerate(self.who.all)
            for rate in (self._each * (times if name == self.who.noisy else 1.0),)
            for n in range(int(seconds * rate))
        ]
        return [self._message(at_s, name) for at_s, name in sorted(slots)]

    def _message(self, at_s: float, tenant: str) -> Message:
        self._number += 1
        label = self._rng.choice(self._topics)
        text = self._writer.word(Slot(at=BEGIN, label=label), "intercom").text
        return Message(
            at_s, tenant, self._number, f"account-{self._number % 97}", "pro", text, is_story=False
        )


def _send(running: Running, secret: bytes, plan: Sequence[Message]) -> Sent:
    return asyncio.run(send(running.address, secret, plan))


def _worked_off(ground: Ground) -> float:
    """Wait until all that lies in the bulk lane is in the journal; seconds."""
    began, fed, read = time.monotonic(), 0, dict.fromkeys(range(ground.partitions), 0)
    while time.monotonic() - began < WORKED_OFF_WITHIN_S:
        there = sum(one.end for one in ground.held("bulk").values())
        fed += sum(one.fed for one in _arrived(ground, read).values())
        if fed >= there:
            break
        time.sleep(1.0)
    time.sleep(DRAIN_S)
    return time.monotonic() - began


def _arrived(ground: Ground, begin: dict[int, int]) -> dict[tuple[int, int], Arrived]:
    """The journal's records by their place, from ``begin`` on, which is moved behind them."""
    found = {}
    for p, there in ground.held("journal").items():
        for message in between(ground.cluster, ground.naming.journal, p, begin[p], there.end):
            is_fed = header(headers_of(message), FED) is not None
            told = Arrived((message.key() or b"").decode(), message.timestamp()[1] / 1000, is_fed)
            found[p, offset_of(message)] = told
        begin[p] = there.end
    return found


if __name__ == "__main__":
    main()
