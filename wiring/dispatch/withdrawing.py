"""Take what was withdrawn out of one issue at its tracker; doing it again after any interruption changes nothing.

In:    marks of the issue.   Out: its text, our comments, links and customers' needs without what they mark.
Only what is ours is cut, and found by its hash, wherever people moved it. What is about to be cut is noted before the
tracker is asked, so that a block that is missing afterwards was cut by us; else people changed it, and a person looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.outgoing import Gone as Deleted
from connectors.outgoing import Refused
from connectors.store.evidence import Mark
from connectors.store.issues import Tracked
from connectors.store.outbox import Effect
from connectors.trackers.cutting import Ours, cut
from connectors.trackers.port import Json, Standing, Tracker, v4_shaped
from wiring.dispatch.marking import ours_of
from wiring.dispatch.stores import Stores, aside

ARCHIVED = "it is archived or in the bin, and takes no change: restore it, then retry this"
"""What stands there can be read yet, and so is to go; to restore it is for people to decide."""

Remember = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gone:
    """The marks of an issue: all that is to go, that of its own text, and what others still stand for."""

    every: Sequence[Mark]
    told: Sequence[Mark]
    links: frozenset[str]
    spoken: frozenset[str]
    """Words that others said too, and which stand."""

    @classmethod
    def of(cls, marks: Sequence[Mark], opener: str) -> Gone:
        """``opener`` is the effect that made the issue; what never went out is nowhere."""
        out = [mark for mark in marks if mark.is_out]
        every = [mark for mark in out if mark.withdrawn_at is not None]
        stands = [mark for mark in out if mark.withdrawn_at is None]
        shown = {mark.url for mark in stands}
        links = frozenset(mark.url for mark in every if mark.url and mark.url not in shown)
        told = [mark for mark in every if mark.effect_id == opener]
        return cls(every, told, links, frozenset(mark.words for mark in stands if mark.words))


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """One effect's work; ``remember`` keeps its memo, durable when it returns."""

    tracker: Tracker
    stores: Stores
    remember: Remember

    async def do(self, effect: Effect, now: datetime) -> str:
        """Take it out. Raises ``Refused`` where people changed what was to be cut, and what the tracker raises."""
        marks = await aside(self.stores.evidence.of_issue, effect.destination, effect.about)
        opener = await aside(self._opener, effect, marks)
        gone = Gone.of(marks, opener)
        if not gone.every:
            return "nothing"
        known = await aside(self.stores.issues.of, effect.destination, effect.about)
        places = [known.external_id] if known else []
        places = list(dict.fromkeys([*places, *await self.tracker.copies(effect.about)]))
        memo: dict[str, list[str]] = {**effect.memo.get("cut", {})}
        left = [one for place in places for one in await self._place(effect, place, gone, known, memo, now)]
        if left:
            key = known.external_key if known else effect.about
            raise Refused(
                f"{key}: {'; '.join(sorted(set(left)))}: look, take it out, resolve this", reason="edited"
            )
        return "withdrawn"

    def _opener(self, effect: Effect, marks: Sequence[Mark]) -> str:
        """The effect that opened the issue: the one of the marks' that is no comment."""
        found = (self.stores.outbox.find(name) for name in {mark.effect_id for mark in marks})
        return next((rows[0].id for rows in found if rows and rows[0].verb == "open"), effect.id)

    async def _place(
        self,
        effect: Effect,
        place: str,
        gone: Gone,
        known: Tracked | None,
        memo: dict[str, list[str]],
        now: datetime,
    ) -> list[str]:
        """Take it out of one issue of the tracker's; what a person has to look at."""
        commented = sorted({mark.effect_id for mark in gone.every})
        ids = [*(v4_shaped("comment", name) for name in commented), v4_shaped("customers", effect.about)]
        there = await self.tracker.standing(place, ids)
        if there is None:
            return []
        ours = ours_of(effect.tenant, gone.every, self.stores.envelopes)
        text = cut(there.text, ours)
        comments = {name: cut(piece.about, ours) for name, piece in there.comments.items()}
        memo[place] = sorted({*memo.get(place, ()), *ours.found})
        await self.remember({"cut": memo})
        told = known if known and known.external_id == place else None
        as_written = await self._is_as_written(told, there)
        try:
            if text != there.text:
                await self._rewrite(place, text, told if as_written else None, now)
            for name, piece in there.comments.items():
                if comments[name] != piece.about:
                    await self.tracker.put_comment(place, piece.id, comments[name])
            await self._drop(place, there, gone, ours)
        except Deleted:
            return [ARCHIVED]
        return self._left(gone, memo[place], ours.altered, as_written=as_written)

    async def _is_as_written(self, known: Tracked | None, there: Standing) -> bool:
        """Whether nobody changed the text since we wrote it."""
        if known is None:
            return False
        fields = {"description": there.issue.fields.get("description")}
        now = await aside(self.stores.envelopes.hashes, known.tenant, fields)
        return now.get("description") == known.written.get("description")

    async def _rewrite(self, place: str, text: Json, known: Tracked | None, now: datetime) -> None:
        after = await self.tracker.put_text(place, text)
        if known is not None:
            fields = {"description": after.fields.get("description")}
            wrote = await aside(self.stores.envelopes.hashes, known.tenant, fields)
            tracked = replace(known, written={**known.written, **wrote})
            await aside(self.stores.issues.track, tracked, now)

    async def _drop(self, place: str, there: Standing, gone: Gone, ours: Ours) -> None:
        for link in there.links:
            if ours.digest(link.about) in gone.links:
                await self.tracker.drop_link(place, link.id)
        for need in there.needs:
            if ours.is_name(need.about):
                await self.tracker.drop_need(place, need.id)

    @staticmethod
    def _left(gone: Gone, cut_here: Sequence[str], altered: set[str], *, as_written: bool) -> list[str]:
        """What stands there changed, or may: its words without its source, or nothing of it in a text people edited."""
        altered = altered - gone.spoken
        left = [
            f"item {mark.item_id} is quoted in other words than ours"
            for mark in gone.every
            if mark.words in altered
        ]
        if not as_written:
            lost = [mark for mark in gone.told if mark.block and mark.block not in cut_here]
            left += [
                f"people edited it, and the quote of item {mark.item_id} is not as we wrote it"
                for mark in lost
            ]
        return left
