"""A tenant's own models as their events tell: versions, which one labels, and agreement with people and providers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.answers import Answer
from contracts.commands import Command, ConfirmConcern, CorrectConcern
from contracts.learning import ModelEvent
from contracts.stages import Decision
from models.learning.role import UNTRAINED
from wiring.views.topics import Records

CHANGES = ("promoted", "rolled_back")


@dataclass(frozen=True, slots=True)
class Model:
    """One role of one tenant: the version that labels, the newest that was told, and all events in order."""

    tenant: str
    role: str
    events: tuple[ModelEvent, ...]

    @property
    def labelling(self) -> str:
        """The version that labels now."""
        return next((one.version for one in reversed(self.events) if one.event in CHANGES), UNTRAINED)

    @property
    def before(self) -> str:
        """The version that labelled before; the untrained one where that was rolled back from."""
        last = next((one for one in reversed(self.events) if one.event in CHANGES), None)
        return last.before or UNTRAINED if last and last.event == "promoted" else UNTRAINED

    @property
    def pinned(self) -> bool:
        """Whether only a person changes it."""
        orders = [one.event for one in self.events if one.event in ("pinned", "unpinned")]
        return orders[-1:] == ["pinned"]

    def version(self, name: str) -> ModelEvent | None:
        """The last event about a version."""
        return next((one for one in reversed(self.events) if one.version == name), None)

    def stage(self, name: str) -> str:
        """What a version does now: ``champion``, ``former`` or ``challenger``."""
        if name == self.labelling:
            return "champion"
        was = any(one.version == name and one.event in CHANGES for one in self.events)
        return "former" if was or name == UNTRAINED else "challenger"


def models(topics: Records, tenant: str | None = None) -> list[Model]:
    """All models that anything was told of, by tenant and role."""
    found: dict[tuple[str, str], list[ModelEvent]] = {}
    for _, record in topics.records("model-events"):
        if isinstance(record, ModelEvent) and tenant in (None, record.tenant):
            found.setdefault((record.tenant, record.role), []).append(record)
    return [Model(*key, tuple(events)) for key, events in sorted(found.items())]


def agreement(topics: Records, tenant: str, role: str) -> dict[str, dict[str, Any]]:
    """How often what a person confirmed or corrected had been said right, by who had said it, language and segment.

    Each answer counts where it stands in the journal, under the label that the person saw; a correction only where it
    names that label's field.
    """
    seen: Counter[tuple[str, str, bool]] = Counter()
    by_model: dict[str, str] = {}
    for _, record in topics.records("journal"):
        if record.tenant != tenant:
            continue
        if isinstance(record, Answer):
            by_model[record.concern_id] = record.asking.provider if record.asking else record.model
        elif isinstance(record, Command) and isinstance(record.order, ConfirmConcern | CorrectConcern):
            for name, value, right in _said(record.order, role, by_model):
                seen[name, value, right] += 1
    told: dict[str, dict[str, Any]] = {}
    for name, value, _ in sorted(seen):
        many = seen[name, value, True] + seen[name, value, False]
        told.setdefault(name, {})[value] = {
            "answers": many,
            "agreed": round(seen[name, value, True] / many, 3),
        }
    return told


def _said(
    order: ConfirmConcern | CorrectConcern, role: str, by_model: dict[str, str]
) -> Iterator[tuple[str, str, bool]]:
    shown = [one.decision for one in order.item.concerns if one.concern_id == order.concern_id]
    gold = (
        getattr(order.correction if isinstance(order, CorrectConcern) else shown[0], role) if shown else None
    )
    if gold is None:
        return
    right = getattr(shown[0], role) == gold
    facts = order.item.facts
    yield "said by", _who(order, shown[0], by_model), right
    yield "language", order.item.language, right
    yield "tier", facts.tier, right
    yield "country", facts.country or "unknown", right


def _who(order: ConfirmConcern | CorrectConcern, shown: Decision, by_model: dict[str, str]) -> str:
    if shown.provisional:
        return "local"
    return order.item.provenance.provider or by_model.get(order.concern_id, "person")
