"""The identity ledger, and the themes as they were at some time; both from topics alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.commands import Command
from contracts.envelope import EVERYONE, Envelope
from contracts.feedback import Tick
from contracts.identity import cause_of
from contracts.themes import ThemeEvent, ThemeOrdered
from wiring.comparing.standing import Fold
from wiring.views.topics import Records


@dataclass(frozen=True, slots=True)
class ThemeThen:
    """A theme as it was: its members are those of all that was read as it."""

    theme_id: str
    label: str
    members: tuple[str, ...]


def history(
    topics: Records, tenant: str | None, themes: frozenset[str] | None
) -> Iterator[ThemeEvent | ThemeOrdered]:
    """What happened to the themes, in order; of some ``themes`` alone, if these are named."""
    for _, record in topics.records("theme-events"):
        if not isinstance(record, ThemeEvent | ThemeOrdered) or tenant not in (None, record.tenant):
            continue
        if themes is None or themes & {record.theme_id, record.other_theme}:
            yield record


def as_of(topics: Records, tenant: str, at: datetime) -> list[ThemeThen]:
    """A tenant's themes at a time, largest first: after all that came before the first later tick or command."""
    fold = Fold(None, tenant).take_all(_until(topics, tenant, at))
    standing = fold.standing(tenant)
    members: dict[str, list[str]] = {}
    for concern, theme in standing.members().items():
        members.setdefault(theme, []).append(concern)
    found = [
        ThemeThen(theme, standing.label(theme), tuple(sorted(names))) for theme, names in members.items()
    ]
    return sorted(found, key=lambda one: (-len(one.members), one.theme_id))


def _until(topics: Records, tenant: str, at: datetime) -> Iterator[Envelope]:
    """The records before that tick or command. What follows from it comes before it, under the same cause."""
    pending: dict[int, list[Envelope]] = {}
    over: set[int] = set()
    for place, record in topics.records("assignments"):
        part = place.part
        if part in over or record.tenant not in (tenant, EVERYONE):
            continue
        waiting = pending.setdefault(part, [])
        if waiting and cause_of(waiting[0].id) != cause_of(record.id):
            yield from waiting
            waiting.clear()
        waiting.append(record)
        if isinstance(record, Tick | Command) and record.event_time > at:
            over.add(part)
            waiting.clear()
    for waiting in pending.values():
        yield from waiting


def ids_of(events: Iterable[ThemeEvent | ThemeOrdered], theme: str) -> frozenset[str]:
    """A theme, and all that was merged into it or came of it."""
    found = {theme}
    for event in events:
        if event.event == "merged" and event.other_theme in found and event.theme_id:
            found.add(event.theme_id)
    return frozenset(found)
