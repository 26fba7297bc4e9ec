"""A concern on its way from its item into the themes: as the engine, the messages and the index take it.

In:    items with their concerns, each with its vector.   Out: points, and what an assignment says of its concern.
State: none.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from contracts.feedback import Sealed
from contracts.stages import AssignmentFacts, Concern, EnrichedItem
from contracts.vectors import ItemPoint
from models.drift.wording import Ints, fold
from models.themes.changes import Point
from models.themes.keywords import terms
from operators.ports import Vault

MAIN_LANGUAGE = "en"
"""The group of texts too short to tell their language."""


class Arrived(NamedTuple):
    """A concern on its way into the engine."""

    point: Point
    folded: Ints
    """Its vector as drift detectors take it."""
    item_id: str
    person: str
    subject: str
    about: AssignmentFacts
    words: list[str]
    """The terms of what it says."""
    shown: ItemPoint
    """As the index keeps it."""
    sequence: int = 0
    """How often it had changed when it was taken out of the themes; 0 when it comes for the first time."""


def arriving(concerns: Sequence[tuple[EnrichedItem, Concern]], vault: Vault) -> list[Arrived]:
    """Concerns, each with its item, in their order; ``vault`` opens the items' words, and seals a part of them.

    All that follows from the records alone is worked out here, for many together: between what the themes do with
    each it would take several times as long.
    """
    points = [point_of(item, concern) for item, concern in concerns]
    folded = fold(np.stack([point.vector for point in points])) if points else ()
    items = {id(item): item for item, _ in concerns}
    texts = {name: (vault.open(item.tenant, item.text) or b"").decode() for name, item in items.items()}
    return [
        Arrived(
            point,
            fold_of,
            item.item_id,
            person_of(item),
            item.text.subject,
            _about(item, concern, texts[id(item)], vault),
            terms(texts[id(item)][concern.start : concern.end], item.language),
            item_point(item, concern, point),
        )
        for (item, concern), point, fold_of in zip(concerns, points, folded, strict=True)
    ]


def _about(item: EnrichedItem, concern: Concern, text: str, vault: Vault) -> AssignmentFacts:
    return AssignmentFacts.made(
        facts=item.facts,
        language=item.language,
        decision=concern.decision,
        happened_at=item.event_time,
        quote=_quote(item, concern, text, vault) if item.coverage == "full" else None,
    )


def _quote(item: EnrichedItem, concern: Concern, text: str, vault: Vault) -> Sealed | None:
    quote = text[concern.start : concern.end]
    if not quote:
        return None
    if quote == text:  # the same text seals to the same bytes, and it was opened just now
        return item.text
    return vault.seal(item.tenant, item.text.subject, quote.encode())


def point_of(item: EnrichedItem, concern: Concern) -> Point:
    """A concern as the engine takes it in."""
    if concern.vector is None:
        raise AssertionError("extract gives every concern a vector")
    vector = np.frombuffer(a2b_base64(concern.vector.data), dtype="<i2")
    return Point(concern.concern_id, vector, group_of(item.language), int(item.event_time.timestamp()))


def group_of(language: str) -> str:
    """The group in which concerns of a language form themes."""
    return MAIN_LANGUAGE if language == "und" else language


def person_of(item: EnrichedItem) -> str:
    """Whom an item counts for: its account, else its author, else itself."""
    return item.facts.account or item.facts.author or item.item_id


def item_point(item: EnrichedItem, concern: Concern, point: Point) -> ItemPoint:
    """A concern as the index keeps it: its vector, and what a search can ask for."""
    facts, decision = item.facts, concern.decision
    return ItemPoint(
        concern.concern_id,
        item.item_id,
        point.vector,
        {
            "label": decision.category,
            "category": decision.category,
            "bug": decision.bug,
            "feature_request": decision.feature_request,
            "severity": decision.severity,
            "sentiment": decision.sentiment,
            "source": facts.source,
            "language": item.language,
            "locale": facts.locale,
            "country": facts.country,
            "app_version": facts.app_version,
            "resolution": facts.resolution,
            "account": facts.account,
            "tier": facts.tier,
            "at_s": point.at_s,
        },
    )
