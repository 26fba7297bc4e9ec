"""Ask models about many items at once, so that one item they cannot bear never takes its neighbours along.

In:    items, and a function that answers about a batch; the answers depend on each item alone.
Out:   an answer per item, or ``Poisoned`` with the class of what was raised.
Elsewhere: how many poisoned items are too many (``operators.budget``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from contracts.errors import PipelineError, RejectItem

T = TypeVar("T")
R = TypeVar("R")

POISON = "poison"
"""The reason of a dead letter whose item made a model raise what nobody expected."""


@dataclass(frozen=True, slots=True)
class Poisoned:
    """What came of one item: ``exception`` was raised. Only its class is kept, for its message may quote the item."""

    exception: str

    def rejection(self, doing: str) -> RejectItem:
        """Why the item goes to the dead letters."""
        return RejectItem(f"{self.exception} while {doing}", reason=POISON)


def each_apart(ask: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R | Poisoned]:
    """``ask`` about all items; where that raises, about each alone. Raises ``PipelineError`` as it comes.

    >>> each_apart(lambda items: [1 // item for item in items], [1, 0])
    [1, Poisoned(exception='ZeroDivisionError')]
    """
    if not items:
        return []
    try:
        return list(ask(items))
    except PipelineError:
        raise
    except Exception as exc:  # noqa: BLE001 - models are foreign libraries and may raise anything on one item
        if len(items) == 1:
            return [Poisoned(type(exc).__name__)]
        return [one for item in items for one in each_apart(ask, [item])]
