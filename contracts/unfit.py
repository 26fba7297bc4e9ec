"""What pydantic says of a value that does not fit its shape, as one line: the field and what it must be.

Neither holds the value itself: it may be somebody's words, and what is said here stands in logs, answers and records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Unfit:
    """One thing that does not fit: ``place`` is the way to it from the outside in, empty for the whole value."""

    place: tuple[int | str, ...]
    why: str

    @property
    def field(self) -> str:
        """The place with dots, ``concerns.0.severity``; empty for the whole value."""
        return ".".join(map(str, self.place))

    def told(self, whole: str) -> str:
        """``field: why``; ``whole`` is what the value is called where no field of it is to blame.

        >>> Unfit(("prices", 0, "model"), "Field required").told("the file")
        'prices.0.model: Field required'
        >>> Unfit((), "Input should be a valid dictionary").told("the file")
        'the file: Input should be a valid dictionary'
        """
        return f"{self.field or whole}: {self.why}"


def first_unfit(exc: ValidationError) -> Unfit:
    """The first thing that does not fit."""
    return next(iter(every_unfit(exc)))


def every_unfit(exc: ValidationError) -> Iterable[Unfit]:
    """All that does not fit, in the order of the shape's fields; at least one."""
    for each in exc.errors(include_input=False, include_url=False, include_context=False):
        yield Unfit(each["loc"], each["msg"])
