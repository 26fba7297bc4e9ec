"""Writes reach the server in their order, now or once it is back; the stream goes on meanwhile.

In:    operations on points.    Out: the same, applied by the server, or kept in the outbox in order.
State: the outbox; when to look next whether a server that was away is back. Each write and read first sends what
       waits, for a bounded time. While a tenant is written by one process at a time, its writes keep their order.
Elsewhere: what an attempt is and how long it may take (``client``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Literal

from connectors.qdrant.client import Server
from connectors.qdrant.outbox import Operation, Outbox
from connectors.qdrant.tenant import TenantCollection
from contracts.errors import RetryLater

HEAD_OPERATIONS = 64
"""Waiting writes read at once; neighbours of one tenant, kind and verb go together."""

CATCH_UP_S = 2.0
"""Longest catching up within one write or read, in seconds."""

State = Literal["current", "behind", "full"]


class Delivery:
    """Applies writes to the collections of each kind; ``check`` runs once, before anything else is asked."""

    def __init__(
        self,
        server: Server,
        collections: Mapping[str, TenantCollection],
        outbox: Outbox,
        check: Callable[[], None],
    ) -> None:
        """Look at the server; that it is away is no error. Raises what ``check`` raises."""
        self._server = server
        self._of = collections
        self._outbox = outbox
        self._check = check
        self._is_checked = False
        self._is_closed = False
        self._one_at_a_time = RLock()
        self._look_again_at = server.clock()
        self._is_back()
        try:
            self._check_once()
        except RetryLater:
            self._is_away()

    @property
    def lag(self) -> int:
        """Number of writes that wait."""
        with self._one_at_a_time:
            return self._outbox.lag

    @property
    def state(self) -> State:
        """``behind`` while writes wait, ``full`` when no more can."""
        with self._one_at_a_time:
            if self._outbox.is_full:
                return "full"
            return "behind" if self._outbox.lag else "current"

    def write(self, *operations: Operation) -> None:
        """Apply now, or keep in order for later. Raises ``RetryLater`` when the outbox is full and stays so."""
        meant = [o for o in operations if o.points or o.ids or o.verb == "keep_only"]
        with self._one_at_a_time:
            self.catch_up(CATCH_UP_S)
            if meant and not self._applied_now(meant):
                self._wait_for_room()
                self._outbox.append(meant)

    @contextmanager
    def reading(self, of: tuple[str, str] | None = None) -> Iterator[None]:
        """Ask the server inside. Raises ``RetryLater`` while it is away, or writes ``of`` (tenant, kind) wait."""
        with self._one_at_a_time:
            self.catch_up(CATCH_UP_S)
            if not self._may_ask() or (of and self._outbox.waits_for(*of)):
                raise RetryLater(
                    f"{self._server.name}: away or behind, {self._outbox.lag} writes wait",
                    retry_after_s=max(self._look_again_at - self._server.clock(), 1.0),
                )
            try:
                self._check_once()
                yield
            except RetryLater:
                self._is_away()
                raise

    def catch_up(self, within_s: float) -> None:
        """Send what waits, oldest first, until nothing does, time is over, or the server is away."""
        with self._one_at_a_time:
            if not (self._outbox.lag and self._may_ask()):
                return
            until = self._server.clock() + within_s
            with self._outbox.draining() as alone:
                try:
                    while alone and self._server.clock() < until and self._send_head():
                        self._is_back()
                except RetryLater:
                    self._is_away()

    def close(self) -> None:
        """Send what can be sent; the rest stays on disk for the next process. Twice is once."""
        with self._one_at_a_time:
            if self._is_closed:
                return
            self._is_closed = True
            try:
                self.catch_up(CATCH_UP_S)
            finally:
                self._outbox.close()

    def _applied_now(self, operations: Sequence[Operation]) -> bool:
        if self._outbox.lag or not self._may_ask():
            return False
        try:
            self._check_once()
            for operation in operations:
                self._apply(operation, retry=True)
        except RetryLater:
            self._is_away()
            return False
        self._is_back()
        return True

    def _wait_for_room(self) -> None:
        """Hold the stream up for a while: with a full outbox there is nowhere to put what comes."""
        until = self._server.clock() + self._server.patience.retry_for_s
        while self._outbox.is_full and self._server.clock() < until:
            self._server.sleep(self._server.patience.first_wait_s)
            self.catch_up(CATCH_UP_S)

    def _send_head(self) -> bool:
        """Send the oldest writes; whether there were any."""
        self._check_once()
        waiting = self._outbox.head(HEAD_OPERATIONS)
        for operation, through in joined(waiting):
            self._apply(operation, retry=False)
            self._outbox.done(through)
        return bool(waiting)

    def _apply(self, operation: Operation, *, retry: bool) -> None:
        collection, tenant = self._of[operation.kind], operation.tenant
        if operation.verb == "put":
            collection.put(tenant, operation.points, retry=retry)
        elif operation.verb == "drop":
            collection.drop(tenant, operation.ids, retry=retry)
        else:
            collection.keep_only(tenant, operation.ids, retry=retry)

    def _check_once(self) -> None:
        if not self._is_checked:
            self._check()
            self._is_checked = True

    def _may_ask(self) -> bool:
        return self._server.clock() >= self._look_again_at

    def _is_away(self) -> None:
        self._look_again_at = self._server.clock() + next(self._waits_s)

    def _is_back(self) -> None:
        self._waits_s = self._server.patience.waits_s(self._server.patience.look_again_s)


def joined(waiting: Sequence[tuple[int, Operation]]) -> Iterator[tuple[Operation, int]]:
    """Neighbours that one request can carry as one operation, each with the number of its last.

    Puts and drops of one tenant and kind; ``keep_only`` stays alone, each one means something else.
    """
    held: tuple[Operation, int] | None = None
    for number, operation in waiting:
        if held and _join(held[0], operation):
            first = held[0]
            points, ids = first.points + operation.points, first.ids + operation.ids
            held = replace(first, points=points, ids=ids), number
            continue
        if held:
            yield held
        held = operation, number
    if held:
        yield held


def _join(one: Operation, other: Operation) -> bool:
    same = (one.kind, one.verb, one.tenant) == (other.kind, other.verb, other.tenant)
    return same and one.verb != "keep_only"
