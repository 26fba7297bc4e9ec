"""What became of a tenant's own models: learned, promoted, rolled back, and when somebody should look at them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.commands import ModelRole
from contracts.envelope import Envelope, UtcTime

ModelAct = Literal["trained", "promoted", "rolled_back", "pinned", "unpinned", "refused", "retrain_candidate"]
"""``refused``: a person ordered what cannot be; everything that labels stays as it was."""


class ModelEvent(Envelope):
    """Topic ``model-events``: the registry of models is what these records say.

    ``version`` is the model that the event is about, as major.minor.patch: the form of the model, how often it was
    promoted, corrections learned by then; ``2.0.0`` is the untrained one. ``before`` is what labelled until now.
    ``since`` and ``until`` are the event times of the first and last of the ``corrections`` that it learned from.
    ``metrics`` are whole numbers: counts, and shares in thousandths where the name ends with ``_milli``.
    ``order_id`` is the place in the journal of the order that this came of.
    """

    kind: Literal["model_event"] = "model_event"
    event: ModelAct
    role: ModelRole
    version: str
    before: str | None = None
    git_commit: str
    corrections: int = Field(default=0, ge=0)
    since: UtcTime | None = None
    until: UtcTime | None = None
    metrics: dict[str, int] = Field(default_factory=dict)
    author: str
    reason: str
    order_id: str | None = None
