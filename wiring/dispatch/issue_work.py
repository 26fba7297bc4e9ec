"""Carry out one effect at a tracker, so that doing it again after any interruption changes nothing.

An issue: looked for if an earlier attempt may have made it, else made; its place at the tracker is durable before
evidence and customers are added. What people did counts: what they deleted is not made again, what they cancelled is
not reopened, and a field is rewritten only while it is as we last wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.outgoing import Gone, Limited, NotReached, Refused, Unauthorised
from connectors.store.engine import micros, moment_of
from connectors.store.issues import Tracked
from connectors.store.outbox import Effect
from connectors.trackers.port import OPEN_AGAIN, Draft, Issue, Tracker, v4_shaped
from contracts.priority import LinearIssue
from wiring.dispatch.destinations import TenantEntry
from wiring.dispatch.marking import bare, without
from wiring.dispatch.stores import Later, LeaseLost, Stores, aside
from wiring.dispatch.taking import effect_id
from wiring.dispatch.withdrawing import Withdrawing
from wiring.dispatch.words import draft_of

SWEEP_AFTER = timedelta(minutes=10)
"""When to look for an issue that a doubtful create made twice: no search misses it for so long."""

BEHIND_ALL = 1 << 62
"""The place of a sweep: it holds up nothing else about its issue."""

MONTH_USED = "the month's issues are used up"

QUOTA_AGAIN = timedelta(hours=1)
"""How soon an issue above the month's quota asks again: a person may have raised it."""


@dataclass(frozen=True, slots=True)
class IssueWork:
    """One tenant's tracker. ``do`` says in a word what came of it, for the metric."""

    tenant: TenantEntry
    tracker: Tracker
    stores: Stores

    async def do(self, effect: Effect, now: datetime) -> str:
        """Carry it out. Raises ``Later``, ``LeaseLost``, and what the tracker raises."""
        if effect.verb == "withdraw":
            remember = partial(self._remember, effect, now=now)
            return await Withdrawing(self.tracker, self.stores, remember).do(effect, now)
        record = await aside(self._published, effect)
        draft = draft_of(record, self.tenant.evidence_url)
        if effect.verb == "open":
            return await self._open(effect, record, draft, now)
        known = await self._known(effect, now)
        if effect.verb == "sweep":
            return "swept" if await self.tracker.sweep(draft, known.external_id) else "single"
        return await self._change(effect, record, draft, known, now)

    def _published(self, effect: Effect) -> LinearIssue:
        """What an effect carries, without what was withdrawn meanwhile; the rest counts as published from now on."""
        record = self.stores.envelopes.issue(effect)
        wordless = bool(record.quotes) and not any(quote.text for quote in record.quotes)
        gone = self.stores.evidence.publishing(effect.id, wordless=wordless)
        return without(record, gone, self.stores.envelopes) if gone else record

    async def _open(self, effect: Effect, record: LinearIssue, draft: Draft, now: datetime) -> str:
        known = await aside(self.stores.issues.of, effect.destination, record.issue_id)
        outcome = "enriched"
        if known is None:
            issue, outcome = await self._made(effect, record, draft, now)
            known = await self._track(effect, record, draft, issue, outcome, now)
        elif known.is_deleted:
            raise Gone
        await self.tracker.enrich(_issue(known), draft)
        return outcome

    async def _made(
        self, effect: Effect, record: LinearIssue, draft: Draft, now: datetime
    ) -> tuple[Issue, str]:
        memo = dict(effect.memo)
        if "posted_at" in memo:
            found = await self._look(effect, draft, memo, now)
        else:
            found = await self._before(draft)
        if found is not None:
            return found, "adopted"
        month = f"{now.astimezone(UTC):%Y-%m}"
        if not await aside(self.stores.outbox.charge, effect, month, self.tenant.issues_per_month):
            raise Later(MONTH_USED, min(_next_month(now), now + QUOTA_AGAIN))
        before = {"posts": memo.get("posts", 0)}
        await self._remember(effect, {"posted_at": micros(now), "posts": before["posts"] + 1}, now)
        try:
            issue = await self.tracker.create(draft)
        except (NotReached, Limited, Unauthorised, Refused):
            await self._remember(effect, before, now)  # nothing was made, and that is known
            raise
        if before["posts"]:
            await self._sweep_later(effect, record, now)
        return issue, "adopted" if issue.is_adopted else "created"

    async def _before(self, draft: Draft) -> Issue | None:
        """What was made before this store knew of it: one that was restored from a backup has forgotten attempts."""
        found = None if self.tracker.takes_our_ids else await self.tracker.find(draft)
        if found is not None and found.is_gone:
            raise Gone
        return found

    async def _look(self, effect: Effect, draft: Draft, memo: dict[str, Any], now: datetime) -> Issue | None:
        """What an earlier attempt made; None once it was looked for often enough."""
        looked = int(memo.get("looked", 0))
        due = moment_of(memo["posted_at"]) + timedelta(seconds=self.tracker.settle_s * (looked + 1))
        if now < due:
            raise Later("it may have been made: waiting until a search would show it", due)
        found = await self.tracker.find(draft)
        if found is not None and found.is_gone:
            raise Gone
        if found is None and looked + 1 < self.tracker.looks:
            await self._remember(effect, {**memo, "looked": looked + 1}, now)
            raise Later(
                "it may have been made: looking once more", due + (due - moment_of(memo["posted_at"]))
            )
        return found

    async def _track(
        self, effect: Effect, record: LinearIssue, draft: Draft, issue: Issue, outcome: str, now: datetime
    ) -> Tracked:
        fields = issue.fields
        if outcome == "created" and not fields:
            there = await self.tracker.read(issue.id)
            fields = {} if there is None else there.fields
        if outcome != "created":  # people may have changed it since; only what is as we wrote it is ours
            ours = self.tracker.written(draft)
            fields = {n: v for n, v in fields.items() if v == ours.get(n)}
        tracked = Tracked(
            destination=effect.destination,
            issue_id=record.issue_id,
            tenant=record.tenant,
            theme_id=record.theme_id,
            external_id=issue.id,
            external_key=issue.key,
            external_url=issue.url,
            written=await aside(self.stores.envelopes.hashes, record.tenant, fields),
        )
        await aside(self.stores.issues.track, tracked, now)
        return tracked

    async def _known(self, effect: Effect, now: datetime) -> Tracked:  # noqa: ARG002
        known = await aside(self.stores.issues.of, effect.destination, effect.about)
        if known is None:
            raise Refused("no issue was made of it, so nothing is to be changed", reason="no_issue")
        if known.is_deleted:
            raise Gone
        return known

    async def _change(
        self, effect: Effect, record: LinearIssue, draft: Draft, known: Tracked, now: datetime
    ) -> str:
        issue = await self.tracker.read(known.external_id)
        if issue is None:
            raise Gone
        reopens = effect.verb == "reopen" and issue.state in OPEN_AGAIN
        if reopens:
            reopens = await self.tracker.reopen(issue.id)
        related = effect.verb == "relink" and await self._relate(effect, record, issue)
        if effect.verb != "relink":
            await self.tracker.enrich(issue, draft)
            await self._refresh(record, known, issue, now)
        await self.tracker.comment(issue.id, v4_shaped("comment", effect.id), record.description)
        return "reopened" if reopens else "related" if related else "commented"

    async def _relate(self, effect: Effect, record: LinearIssue, issue: Issue) -> bool:
        into = record.into_issue_id
        other = await aside(self.stores.issues.of, effect.destination, into) if into else None
        if other is None or other.is_deleted:
            return False
        try:
            await self.tracker.relate(issue.id, other.external_id)
        except Gone:  # the other one was deleted: this one was read a moment ago
            return False
        return True

    async def _refresh(self, record: LinearIssue, known: Tracked, issue: Issue, now: datetime) -> None:
        """Title and priority as they are now, where nobody has changed what we wrote; labels are only added."""
        there = await aside(self.stores.envelopes.hashes, known.tenant, issue.fields)
        ours = {name for name, digest in there.items() if known.written.get(name) == digest}
        changes: dict[str, Any] = {}
        if "title" in ours and issue.fields.get("title") != record.title:
            changes["title"] = record.title
        if "priority" in ours and not record.priority_by_people and self._is_urgent(issue, record):
            changes["priority"] = record.priority
        if changes:
            after = await self.tracker.rewrite(issue.id, changes)
            fields = {name: after.fields.get(name) for name in changes}
            wrote = await aside(self.stores.envelopes.hashes, known.tenant, fields)
            known = replace(known, written={**known.written, **wrote})
            await aside(self.stores.issues.track, known, now)
        await self.tracker.add_labels(issue, record.labels)

    def _is_urgent(self, issue: Issue, record: LinearIssue) -> bool:
        """Whether the record's priority is above the issue's, in the tracker's own words for both."""
        rank = self.tracker.rank(issue)
        return rank is not None and record.priority < rank

    async def _remember(self, effect: Effect, memo: Mapping[str, Any], now: datetime) -> None:
        told = {"memo": dict(memo), "goes_on": True}
        if not await aside(lambda: self.stores.outbox.settle(effect, now, **told)):
            raise LeaseLost(effect.id)

    async def _sweep_later(self, effect: Effect, record: LinearIssue, now: datetime) -> None:
        at = micros(now)
        sweep = replace(
            effect, id=effect_id(effect.destination, "sweep", effect.about), verb="sweep", state="pending",
            place=BEHIND_ALL, next_at=micros(now + SWEEP_AFTER), lease=None, lease_until=None, attempts=0,
            is_charged=False, memo={}, taken_at=at, changed_at=at, reason="", has_quotes=False,
            payload=self.stores.envelopes.of_issue(bare(record)),
        )  # fmt: skip
        if self.tracker.settle_s:
            await aside(self.stores.outbox.add, [sweep])


def _issue(known: Tracked) -> Issue:
    return Issue(known.external_id, known.external_key, known.external_url)


def _next_month(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
