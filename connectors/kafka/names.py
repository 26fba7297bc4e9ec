"""What topics are called: one function builds every name, so that two programs cannot differ.

``Naming(prefix="undercurrent", generation="g1")`` has ``.journal``, ``.topic(short)`` (the journal and bulk are shared;
any other short name is the generation's own), ``.public(short)`` (what the publisher alone writes) and
``.state(stage)`` (the log of a stage's bulk state). Tests take a prefix of their own and so share one broker.

A name is a storage format: changing one orphans what was written under it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts.errors import WrongUsage

PREFIX = "undercurrent"
GENERATION = "g1"
"""The first generation; a replay makes the next."""

MAJOR = "v1"
SHARED = frozenset({"journal", "bulk"})
"""The inputs: every generation reads the same."""

# Kafka takes 249 characters of these; no underscore, because its metric names hold dots and underscores alike.
_PART = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,59}")


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one generation's topics. Raises ``WrongUsage`` for a part that no topic name can hold."""

    prefix: str = PREFIX
    generation: str = GENERATION

    def __post_init__(self) -> None:
        _checked("prefix", self.prefix)
        _checked("generation", self.generation)

    @property
    def journal(self) -> str:
        """The one ordered input."""
        return self.topic("journal")

    def topic(self, short: str) -> str:
        """``undercurrent.g1.redacted.v1`` for ``redacted``; ``undercurrent.journal.v1`` for ``journal``."""
        if short in SHARED:
            return self.public(short)
        return f"{self.prefix}.{self.generation}.{_checked('topic', short)}.{MAJOR}"

    def public(self, short: str) -> str:
        """``undercurrent.themes.v1``: what subscribers read, whichever generation is active."""
        return f"{self.prefix}.{_checked('topic', short)}.{MAJOR}"

    def state(self, stage: str) -> str:
        """``undercurrent.g1.state-themes.v1``: the log of a stage's bulk state."""
        return self.topic(f"state-{stage}")


def topic_name(short: str, generation: str | None = None) -> str:
    """The name of a topic: the generation's own, or without one the public or shared one."""
    if generation is None:
        return Naming().public(short)
    return Naming(generation=generation).topic(short)


def _checked(what: str, part: str) -> str:
    if not _PART.fullmatch(part):
        raise WrongUsage(f"{what} {part!r}: letters, digits and hyphens are allowed, at most 60")
    return part
