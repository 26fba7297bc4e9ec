"""Records whose own request fails while the same request about others is answered: the stream goes on, they stay owed.

In:    names of records and how one is read.   Out: what was read; of what is given up, a record that nobody can read.
State: in the cursor: what is owed, since when and how often it was tried; and a few records that were read lately.

A failure counts only where another record was answered beside it, one of those that were read lately if need be: where
none is, the vendor is away, the failure is raised, and the stream waits as it does for any outage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from connectors.vendors.errors import VendorAway, VendorGarbled, VendorLimited, VendorRefused
from connectors.vendors.http import Patience, VendorHttp
from connectors.vendors.port import Cursor, Taken, Unreadable
from connectors.vendors.wire import write_json

log = structlog.get_logger()

Read = Callable[[VendorHttp, str], Awaitable[Sequence[Taken] | None]]
"""What a record is now; None where the vendor knows it no more."""

GiveUp = Callable[[str, str], Awaitable[Sequence[Taken]]]
"""What becomes of a record that cannot be read, and why it cannot."""

MOST_OWED = 100
"""Of one stream. So many at once are no bad records: the stream waits as it does while its vendor is away."""

FIRST_S, LONGEST_S = 300, 7_200
"""The wait before a record is tried again: it doubles from five minutes up to two hours."""

GIVE_UP_S, LEAST_TRIES = 86_400, 5
"""A record is given up when it failed for a day, and so often: who polls once a day has not tried it before."""

BRIEF = Patience(tries=2, attempt_s=30.0, deadline_s=60.0)
"""For what is owed, and for asking whether the vendor is there: the stream behind it waits for that."""

MOST_WITNESSES = 3

OF_THE_CONNECTION = frozenset({0, 401})
"""Refusals that are about no record: a certificate that is not trusted, a credential that ended."""

Failure = VendorAway | VendorRefused | VendorGarbled


@dataclass(frozen=True, slots=True)
class Debt:
    """One record; seconds since 1970. ``tries`` that failed while others were answered."""

    since: int
    tries: int
    again_at: int


@dataclass(frozen=True, slots=True)
class _Failed:
    why: Failure


@dataclass
class Owed:
    """What one stream owes, as one poll sees it; ``vendor`` is named to people."""

    vendor: str
    http: VendorHttp
    _debts: dict[str, Debt] = field(default_factory=dict)
    _witnesses: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, vendor: str, since: Cursor | None, http: VendorHttp) -> Owed:
        """As the last cursor says."""
        kept = since.state.get("owed") if since else None
        debts = {name: Debt(*debt) for name, debt in kept["debts"].items()} if kept else {}
        return cls(vendor, http, debts, list(kept["read"]) if kept else [])

    def __len__(self) -> int:
        """How many records are owed."""
        return len(self._debts)

    def __contains__(self, name: str) -> bool:
        """Whether a record is owed."""
        return name in self._debts

    def state(self) -> Mapping[str, Any]:
        """For a cursor's state; nothing where no record was ever read, for then none can be owed."""
        debts = {name: [debt.since, debt.tries, debt.again_at] for name, debt in self._debts.items()}
        return {"owed": {"debts": debts, "read": list(self._witnesses)}} if self._witnesses else {}

    async def taken(self, names: Sequence[str], read: Read, at_once: int = 1) -> list[Taken]:
        """What these records say, but for those that are owed from now on; ``at_once`` are asked for together.

        One that is owed already is left to ``again``: an overlap may name it at every poll. Raises what ``read``
        raised where no other record is answered, and where too many are owed.
        """
        found: list[Taken] = []
        names = [one for one in names if one not in self._debts]
        for start in range(0, len(names), at_once):
            answers = await self._together(names[start : start + at_once], read)
            failed = {one: told.why for one, told in answers.items() if isinstance(told, _Failed)}
            for one, told in answers.items():
                if not isinstance(told, _Failed):
                    self._paid(one, told)
                    found += told or ()
            if failed and len(failed) == len(answers) and not await self._is_there(names, failed, read):
                raise next(iter(failed.values()))
            for one, why in failed.items():
                self._owe(one, why)
        return found

    async def again(self, read: Read, give_up: GiveUp | None = None) -> list[Taken]:
        """What records that are owed and due say now, and what becomes of those that are given up.

        A vendor that is away raises nothing here, and no try counts: what is asked next will tell.
        """
        found: list[Taken] = []
        is_there = False
        for name in [name for name, debt in self._debts.items() if debt.again_at <= self._now()]:
            told = await self._tried(self._brief, name, read)
            if not isinstance(told, _Failed):
                is_there = is_there or told is not None
                self._paid(name, told)
                found += told or ()
                continue
            is_there = is_there or await self._is_there((), {name}, read)
            if not is_there:
                break
            self._owe(name, told.why)
            debt = self._debts[name]
            if debt.tries >= LEAST_TRIES and self._now() - debt.since >= GIVE_UP_S:
                found += await self._given_up(name, debt, told.why, give_up or _unreadable)
        return found

    @property
    def _brief(self) -> VendorHttp:
        return replace(self.http, patience=BRIEF)

    def _now(self) -> int:
        return int(self.http.now().timestamp())

    async def _together(
        self, names: Sequence[str], read: Read
    ) -> Mapping[str, Sequence[Taken] | _Failed | None]:
        """``_tried`` of each. Whoever fails, the others are waited for: nothing goes on asking behind the poll."""
        tries = (self._tried(self.http, one, read) for one in names)
        found: dict[str, Sequence[Taken] | _Failed | None] = {}
        for one, told in zip(names, await asyncio.gather(*tries, return_exceptions=True), strict=True):
            if isinstance(told, BaseException):
                raise told
            found[one] = told
        return found

    async def _tried(self, http: VendorHttp, name: str, read: Read) -> Sequence[Taken] | _Failed | None:
        """What a record says, or the failure that may be its own. Raises what is not."""
        try:
            return await read(http, name)
        except (VendorAway, VendorRefused, VendorGarbled) as exc:
            if is_of_the_connection(exc):
                raise
            return _Failed(exc)

    async def _is_there(self, names: Iterable[str], failed: Collection[str], read: Read) -> bool:
        """Whether the same request about another record is answered."""
        others = [one for one in dict.fromkeys((*self._witnesses, *names)) if one not in failed]
        for one in [one for one in others if one not in self._debts][:MOST_WITNESSES]:
            told = await self._tried(self._brief, one, read)
            if told is not None and not isinstance(told, _Failed):
                self._remember(one)
                return True
        return False

    def _paid(self, name: str, told: Sequence[Taken] | None) -> None:
        self._debts.pop(name, None)
        if told is not None:
            self._remember(name)

    def _remember(self, name: str) -> None:
        kept = [name, *(one for one in self._witnesses if one != name)]
        self._witnesses = kept[:MOST_WITNESSES]

    def _owe(self, name: str, why: Failure) -> None:
        before = self._debts.get(name)
        if before is None and len(self._debts) >= MOST_OWED:
            raise why
        since, tries = (before.since, before.tries + 1) if before else (self._now(), 1)
        wait_s = min(FIRST_S * 2 ** (tries - 1), LONGEST_S)
        self._debts[name] = Debt(since, tries, self._now() + wait_s)
        log.warning("record_owed", vendor=self.vendor, record=name, tries=tries, wait_s=wait_s, why=str(why))

    async def _given_up(self, name: str, debt: Debt, why: Failure, give_up: GiveUp) -> Sequence[Taken]:
        hours = (self._now() - debt.since) // 3600
        how_often = f"tried {debt.tries} times in {hours} hours, others were answered"
        told = await give_up(name, f"record {name}: {why}; {how_often}")
        del self._debts[name]
        log.error("record_given_up", vendor=self.vendor, record=name, tries=debt.tries, why=str(why))
        return told


def is_of_the_connection(failure: Failure) -> bool:
    """Whether it is about no record: the quota, the credential, the certificate, or a host that redirects."""
    if isinstance(failure, VendorRefused):
        return failure.status in OF_THE_CONNECTION or 300 <= failure.status < 400
    return isinstance(failure, VendorLimited)


async def _unreadable(name: str, why: str) -> Sequence[Taken]:
    """The same bytes each time, so that a record which is given up twice is one dead letter."""
    return [Unreadable(name, write_json({"record": name}), why)]
