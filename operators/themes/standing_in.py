"""Keyword themes for concerns that came while the encoder was away, and their way into the themes by meaning.

In:    a tenant's themes, and those that stand in for them, in a space of their own.   Out: records, told as of one.
       A concern whose vectors come at last leaves the keyword theme and arrives among the others: one record,
       ``moved`` from there where it joins at once, so whoever counts it takes it out and puts it in.
State: none of its own; both are ``TenantThemes``.
Themes that stand in are marked by ``encoder`` of their records; they are not watched for drift, models do not name
them, and the vector index has neither them nor their concerns: vectors of two encoders never meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.envelope import Envelope
from contracts.naming import ThemeQuestion
from contracts.stages import Assignment
from contracts.themes import DriftEvent
from models.encoders.hashing import KeywordEncoder
from operators.themes.arrivals import Arrived
from operators.themes.records import Teller
from operators.themes.tenant import TenantThemes

STANDS_IN = KeywordEncoder().version
"""The encoder of vectors that stand in."""


def stood_in(records: Iterable[Envelope]) -> Iterator[Envelope]:
    """Of what themes say that stand in, what is told."""
    return (record for record in records if not isinstance(record, DriftEvent | ThemeQuestion))


def arrive(spare: TenantThemes, arrived: Arrived, tell: Teller) -> Iterator[Envelope]:
    """A concern with a vector that stands in: it joins, founds or waits among its like, or is decided anew there."""
    known = spare.knows(arrived.point.concern_id)
    yield from stood_in(spare.relabel(arrived, tell) if known else spare.add(arrived, tell))
    spare.take_stale_centroids()


def leave(
    spare: TenantThemes, themes: TenantThemes, concern: str, item_id: str, tell: Teller, why: str
) -> Iterator[Envelope]:
    """A concern is taken out of a keyword theme; one that may come back (``why``) does so among ``themes``."""
    sequence = spare.known(concern, item_id).sequence
    yield from stood_in(spare.remove(concern, item_id, tell, why))
    spare.forget(concern)
    if why:
        themes.expect_back(concern, sequence + 1)


def move_over(
    spare: TenantThemes, themes: TenantThemes, arrived: Arrived, tell: Teller
) -> Iterator[Envelope]:
    """The concern has its own vector now: out of its keyword theme, into ``themes``, with the labels of now."""
    concern = arrived.point.concern_id
    before = spare.known(concern, arrived.item_id)
    for record in stood_in(spare.remove(concern, arrived.item_id, tell)):
        if not _is_about(record, concern):  # what becomes of it is told below
            yield record
    themes.expect_back(concern, before.sequence)
    is_told = False
    for record in themes.add(arrived, tell):
        if isinstance(record, Assignment) and not is_told and _is_about(record, concern):
            is_told = True
            moved = record.change == "assigned" and before.theme is not None
            change = "moved" if moved else record.change
            yield record.model_copy(update={"change": change, "from_theme": before.theme, "about": None})
        else:
            yield record
    yield from themes.relabel(arrived, tell)


def _is_about(record: Envelope, concern: str) -> bool:
    return isinstance(record, Assignment) and record.concern_id == concern
