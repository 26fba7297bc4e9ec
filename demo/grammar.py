"""Texts from patterns: ``{a|b}`` becomes one of its branches, branches may nest, an empty one is allowed.

The words live in ``demo/phrases/*.yaml`` and are written without looking at the pipeline's own lists.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml


def stream(seed: int, purpose: str) -> random.Random:
    """A generator of its own for each purpose, so that a change to one leaves the others as they were.

    >>> stream(1, "people").random() == stream(1, "people").random()
    True
    """
    return random.Random(f"undercurrent-demo/{seed}/{purpose}")  # noqa: S311 - a sample, not a secret


def expand(pattern: str, rng: random.Random) -> str:
    """One text of a pattern; raises ``ValueError`` where its braces do not match.

    >>> expand("{Hi|Hi}, {all{| }|all}.", random.Random(1)).startswith("Hi, all")
    True
    """
    text, rest = _branches(pattern, rng, top=True)
    if rest:
        raise ValueError(f"unmatched brace in pattern: {pattern}")
    return text


def _branches(pattern: str, rng: random.Random, *, top: bool) -> tuple[str, str]:
    """Read up to the closing brace (or the end, at the top); return a chosen branch and what follows."""
    options = [""]
    while pattern:
        head, pattern = pattern[0], pattern[1:]
        if head == "{":
            inner, pattern = _branches(pattern, rng, top=False)
            options[-1] += inner
        elif head == "}" and not top:
            return rng.choice(options), pattern
        elif head == "|" and not top:
            options.append("")
        elif head == "}":
            return options[0], "}"
        else:
            options[-1] += head
    if not top:
        raise ValueError("a pattern ends inside a brace")
    return options[0], ""


class Bag:
    """Patterns drawn without repeats until all were used, then again: variety in small samples."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        self._left: list[str] = []

    def draw(self, rng: random.Random) -> str:
        """The next pattern, expanded."""
        if not self._left:
            self._left = list(self._patterns)
            rng.shuffle(self._left)
        return expand(self._left.pop(), rng)


@dataclass(frozen=True, slots=True)
class Topic:
    """What can be said about one subject: patterns by language, how often, in which mood."""

    name: str
    mood: str
    say: Mapping[str, tuple[str, ...]]
    more: tuple[str, ...] = ()
    rage: tuple[str, ...] = ()
    volumes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phrases:
    """All words of the sample: topics and stories by name, chatter by language, tone by part, abuse."""

    topics: Mapping[str, Topic]
    stories: Mapping[str, Topic]
    chatter: Mapping[str, tuple[str, ...]]
    tone: Mapping[str, tuple[str, ...]]
    toxic: tuple[str, ...]


def load_phrases() -> Phrases:
    """Read the phrase files that are part of this package."""
    everyday = [topic for part in ("app", "documents", "work") for topic in _topics(f"everyday_{part}")]
    return Phrases(
        topics={topic.name: topic for topic in everyday},
        stories={topic.name: topic for topic in _topics("stories")},
        chatter={lang: _lines(block) for lang, block in _read("chatter").items()},
        tone={part: _lines(block) for part, block in _read("tone").items()},
        toxic=tuple(_read("toxic")),
    )


def read_words(name: str) -> Mapping[str, tuple[str, ...]]:
    """Lists of single words by name, from a file of this package."""
    return {part: tuple(words.split()) for part, words in _read(name).items()}


def _read(name: str) -> Any:
    return yaml.safe_load((files("demo") / "phrases" / f"{name}.yaml").read_text(encoding="utf-8"))


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line for line in block.splitlines() if line)


def _topics(name: str) -> list[Topic]:
    return [
        Topic(
            name=raw["name"],
            mood=raw["mood"],
            say={lang: _lines(raw[part]) for lang, part in _PARTS.items() if part in raw},
            more=_lines(raw.get("more", "")),
            rage=_lines(raw.get("rage", "")),
            volumes={lang: raw[key] for lang, key in _VOLUMES.items() if key in raw},
        )
        for raw in _read(name)
    ]


_PARTS = {"en": "say", "de": "de", "es": "es"}
_VOLUMES = {"en": "n", "de": "n_de", "es": "n_es"}
