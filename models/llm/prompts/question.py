"""What is asked about, and what people decided before: the texts, redacted, with what is known beside them."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.stages import Decision

NEEDS_NO_TRANSLATION = ("en", "und")


@dataclass(frozen=True, slots=True)
class Example:
    """A concern of the same tenant that a person confirmed or corrected, and what stood at the end."""

    text: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Question:
    """One concern. ``text`` is its redacted text whole, so that spans of an answer are spans of it.

    ``language`` is an ISO 639-1 code or ``und``; ``rating`` 1 to 5 stars, if known. ``local`` is what the local
    labeller decided: the model never sees it, its answer is held against it. ``near`` is what people decided about the
    concerns most like it, the nearest first.
    """

    text: str
    language: str
    local: Decision
    rating: float | None = None
    near: tuple[Example, ...] = ()

    @property
    def foreign(self) -> bool:
        """Whether a translation is wanted."""
        return self.language not in NEEDS_NO_TRANSLATION
