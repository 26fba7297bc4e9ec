"""The examples that a model is shown beside a concern: what people of the tenant decided about the most similar ones.

In:    a concern with its vector; what people decided, from the labeller's memory.   Out: examples, the nearest first.
An erased person's words open no more: the example is gone, and forgotten. Words in which names may be do not leave, and
a text that gives instructions is no example.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable

import numpy as np

from connectors.labelling.store import LabellingStore
from contracts.registry import read_record
from contracts.stages import Concern, EnrichedItem
from contracts.vectors import GridVector
from models.labelling.precedents import NEAREST, Precedent, nearest
from models.llm.prompts import Example
from models.llm.verify.suspicion import suspicion
from operators.ports import Vault


class Examples:
    """What people decided, as it is at the start of a turn."""

    def __init__(
        self, store: LabellingStore, vault: Vault, may_be_shown: Callable[[EnrichedItem], bool]
    ) -> None:
        self._store = store
        self._vault = vault
        self._may_be_shown = may_be_shown
        self._known: dict[str, list[Precedent]] = {}
        self._opened: dict[int, Example | None] = {}

    def refresh(self) -> None:
        """Forget what was read in the turn before: people go on deciding, and erasing."""
        self._known.clear()
        self._opened.clear()

    def near(self, item: EnrichedItem, concern: Concern) -> tuple[Example, ...]:
        """What people decided about the concerns nearest to this one."""
        if concern.vector is None:
            return ()
        vector, among = _grid(a2b_base64(concern.vector.data)), self._of(item.tenant)
        found: list[Example] = []
        # Some of the nearest may not be shown; twice as many are looked at, so that one turn stays cheap.
        for one in nearest(vector, concern.vector.model, item.language, among, 2 * NEAREST):
            example = self._example(item.tenant, one.number)
            if example is not None and len(found) < NEAREST:
                found.append(example)
        return tuple(found)

    def _of(self, tenant: str) -> list[Precedent]:
        if tenant not in self._known:
            rows = self._store.decided(tenant)
            self._known[tenant] = [Precedent(r.number, r.language, r.encoder, _grid(r.vector)) for r in rows]
        return self._known[tenant]

    def _example(self, tenant: str, number: int) -> Example | None:
        if number not in self._opened:
            self._opened[number] = self._open(tenant, number)
        return self._opened[number]

    def _open(self, tenant: str, number: int) -> Example | None:
        item = read_record("enriched", self._store.decided_record(number))
        assert isinstance(item, EnrichedItem)
        opened = self._vault.open(tenant, item.text)
        if opened is None:
            self._store.forget_decided([number])
            return None
        (concern,) = item.concerns
        text = opened.decode()[concern.start : concern.end]
        shown = self._may_be_shown(item) and not suspicion(text).instruction_like
        return Example(text, concern.decision) if shown else None


def _grid(data: bytes) -> GridVector:
    return np.frombuffer(data, dtype="<i2").astype(np.int16)
