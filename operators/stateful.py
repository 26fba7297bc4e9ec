"""Let Bytewax run a hosted step: one logic per journal partition, kept for ever.

In:    records keyed by partition, ``Handed`` or as the log has them.   Out: ``Emitted``, same key, same order.
State: what ``StepHost.snapshot`` returns, at every epoch in which the partition had records.
Elsewhere: what a step does with its records (its own module), where state logs lie (``wiring``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import bytewax.operators as op
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.hosting import Emitted, Handed, StepHost

MakeHost = Callable[[int], StepHost]
"""A fresh, not yet restored host for a partition."""

Hand = Callable[[Any], Handed]
"""What a log has, as a step takes it; the partition stands first in both."""


class _HostedLogic(StatefulBatchLogic[Any, Emitted, dict[str, Any]]):
    """Bytewax tells a logic its resumed state but not its key, so a fresh one waits for its first record."""

    def __init__(self, make_host: MakeHost, hand: Hand | None, resumed: dict[str, Any] | None) -> None:
        self._make_host = make_host
        self._hand = hand
        self._host = self._open(resumed["partition"], resumed) if resumed is not None else None

    def _open(self, partition: int, resumed: dict[str, Any] | None) -> StepHost:
        host = self._make_host(partition)
        host.restore(resumed)
        return host

    def on_batch(self, values: list[Any]) -> tuple[Iterable[Emitted], bool]:
        if self._host is None:
            self._host = self._open(values[0][0], None)
        handed = values if self._hand is None else [self._hand(value) for value in values]
        return self._host.on_batch(handed), StatefulBatchLogic.RETAIN

    def snapshot(self) -> dict[str, Any]:
        if self._host is None:
            raise AssertionError("Bytewax never snapshots a logic before its first batch")
        return self._host.snapshot()


def hosted(
    step_id: str, up: KeyedStream[Any], make_host: MakeHost, hand: Hand | None = None
) -> KeyedStream[Emitted]:
    """Run one host per partition; ``step_id`` is the identity of the state and must never change.

    ``hand`` reads what a log has. It runs behind the exchange between workers, where bytes are cheaper to
    send than records.
    """
    return op.stateful_batch(step_id, up, lambda resumed: _HostedLogic(make_host, hand, resumed))
