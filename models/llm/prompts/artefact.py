"""A prompt as a versioned file with its schema: filled in, hashed, turned into calls.

In:    a file ``NAME.md`` of sections and ``NAME.schema.json`` beside it; a tenant's taxonomy; concerns; examples.
Out:   ``Call``s. Instructions hold nothing that a stranger wrote; data holds nothing else.
Law:   the same prompt, taxonomy and concerns give the same call, byte by byte; another prompt or taxonomy, another id.
Elsewhere: how data is laid out (``fence``), whether an answer is any good (``models.llm.verify``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from contracts.errors import WrongUsage
from models.labellers.taxonomy import Choice, Label, Taxonomy
from models.llm.base import Call
from models.llm.prompts.fence import MAX_SHOWN, fence_for, one_line
from models.llm.prompts.question import Example, Question

FOLDER: Final = Path(__file__).parent
SECTIONS: Final = ("system", "examples", "data", "repair")
MAX_EXAMPLES: Final = 8
EXAMPLE_CHARS: Final = 300
FILLED: Final = 512
"""Taxonomies for which a prompt is kept filled in, some 20 KB each: as many tenants may have one of their own."""

# A whole entry of the answer is some 200 tokens; a translation is at most as long as its text.
_TOKENS_PER_CALL: Final = 100
_TOKENS_PER_ANSWER: Final = 420
_SECTION: Final = re.compile(r"^## (\w+)\n", re.MULTILINE)
_SLOT: Final = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class _Filled:
    """A prompt with a taxonomy in it."""

    id: str
    canary: str
    system: str
    schema: Mapping[str, Any]


class Prompt:
    """One version of what a model is told; immutable. ``files_hash`` is the SHA-256 of its two files."""

    def __init__(self, name: str, text: str, schema: str) -> None:
        """Raises ``WrongUsage`` where a section is missing or the schema is no JSON."""
        self.name = name
        self.files_hash: Final = sha256(f"{len(text)}\x00{text}\x00{schema}".encode()).hexdigest()
        self._parts = _sections(name, text)
        try:
            self._schema = json.loads(schema)
        except ValueError as exc:
            raise WrongUsage(f"prompt {name}: its schema is not JSON: {exc}") from exc
        self._fill = lru_cache(maxsize=FILLED)(self._filled)

    def id(self, taxonomy: Taxonomy) -> str:
        """``name@hash``: 16 hex digits of SHA-256 over the files, what was filled in, and the schema."""
        return self._fill(taxonomy).id

    def canary(self, taxonomy: Taxonomy) -> str:
        """A word that stands in the instructions alone: an answer that holds it has leaked them."""
        return self._fill(taxonomy).canary

    def system(self, taxonomy: Taxonomy) -> str:
        """The instructions as the model gets them; the same for every call, so that vendors can cache them."""
        return self._fill(taxonomy).system

    def schema(self, taxonomy: Taxonomy) -> Mapping[str, Any]:
        """The JSON schema of an answer, its lists closed by the taxonomy; clean for strict modes."""
        return self._fill(taxonomy).schema

    @property
    def instructions(self) -> str:
        """The file's own words, without anything of a taxonomy."""
        return _SLOT.sub(" ", self._parts["system"])

    def call(
        self,
        questions: Sequence[Question],
        taxonomy: Taxonomy,
        *,
        examples: Sequence[Example] = (),
        temperature: float | None = None,
        deadline_s: float = 120.0,
        safety_tag: str = "",
    ) -> Call:
        """Ask about ``questions``, numbered from 1 in order; ``examples`` are confirmed ones, the nearest first."""
        return Call(
            system=self.system(taxonomy),
            user=self._data(questions, examples[:MAX_EXAMPLES], self.id(taxonomy)),
            schema=self.schema(taxonomy),
            schema_name=self.name.replace("-", "_"),
            max_output_tokens=_tokens(questions),
            temperature=temperature,
            deadline_s=deadline_s,
            safety_tag=safety_tag,
        )

    def repair(
        self,
        questions: Sequence[Question],
        broken: Sequence[str],
        taxonomy: Taxonomy,
        *,
        examples: Sequence[Example] = (),
        temperature: float | None = None,
        deadline_s: float = 120.0,
        safety_tag: str = "",
    ) -> Call:
        """Ask again about those whose answers broke rules; ``broken`` are our sentences, never the model's words."""
        asked = self.call(
            questions,
            taxonomy,
            examples=examples,
            temperature=temperature,
            deadline_s=deadline_s,
            safety_tag=safety_tag,
        )
        rules = "\n".join(f"- {rule}" for rule in dict.fromkeys(broken))
        return replace(asked, user=_fill(self._parts["repair"], data=asked.user, rules=rules))

    def _data(self, questions: Sequence[Question], examples: Sequence[Example], salt: str) -> str:
        shown = "\n".join(_shown(number, question) for number, question in enumerate(questions, start=1))
        shots = "\n".join(_shot(example) for example in examples)
        fence = fence_for(f"{shown}\n{shots}", salt)
        if shots:
            shots = _fill(self._parts["examples"], examples=f"{fence}\n{shots}\n{fence}") + "\n\n"
        numbers = f"1 to {len(questions)}" if len(questions) > 1 else "1"
        return _fill(
            self._parts["data"],
            fence=fence,
            examples=shots,
            count=str(len(questions)),
            concerns=shown,
            numbers=numbers,
        )

    def _filled(self, taxonomy: Taxonomy) -> _Filled:
        schema = _closed(self._schema, _choices(taxonomy))
        slots = {
            "labels": "\n".join(_label(label) for label in taxonomy.labels),
            "areas": _listed(taxonomy.areas),
            "intents": _listed(taxonomy.intents),
            "other": next(label.name for label in taxonomy.labels if label.role == "other"),
        }
        filled = json.dumps([self.files_hash, slots, schema], ensure_ascii=False, sort_keys=True)
        digest = sha256(filled.encode()).hexdigest()
        canary = f"uc-{digest[16:30]}"
        system = _fill(self._parts["system"], **slots, canary=canary)
        return _Filled(f"{self.name}@{digest[:16]}", canary, system, schema)


@lru_cache(maxsize=8)
def load_prompt(name: str, folder: Path = FOLDER) -> Prompt:
    """The prompt of that name, such as ``decide-1``; ``WrongUsage`` says which there are."""
    file, schema = folder / f"{name}.md", folder / f"{name}.schema.json"
    try:
        return Prompt(name, file.read_text(encoding="utf-8"), schema.read_text(encoding="utf-8"))
    except OSError as exc:
        known = ", ".join(sorted(found.stem for found in folder.glob("*.md"))) or "none"
        raise WrongUsage(f"prompt {name!r} cannot be read from {folder}; there are: {known}") from exc


def _sections(name: str, text: str) -> dict[str, str]:
    pieces = _SECTION.split(text)
    parts = {title: body.strip("\n") for title, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    if tuple(parts) != SECTIONS:
        raise WrongUsage(f"prompt {name}: its sections must be {', '.join(SECTIONS)}, in this order")
    return parts


def _fill(template: str, **slots: str) -> str:
    """``template`` with its slots filled in one pass: what is filled in is never read as a slot."""
    return _SLOT.sub(lambda slot: slots[slot[1]], template)


def _tokens(questions: Sequence[Question]) -> int:
    translated = sum(min(len(one.text), MAX_SHOWN) for one in questions if one.foreign)
    return _TOKENS_PER_CALL + _TOKENS_PER_ANSWER * len(questions) + translated


def _shown(number: int, question: Question) -> str:
    known: dict[str, object] = {"number": number, "language": question.language}
    if question.rating is not None:
        known["stars"] = round(question.rating)
    return one_line({**known, "text": question.text[:MAX_SHOWN]})


def labels_shown(example: Example) -> dict[str, str | None]:
    """What a model is told of an example beside its text."""
    said = example.decision
    return {
        "category": said.category,
        "sublabel": said.sublabel,
        "severity": said.severity,
        "sentiment": said.sentiment,
    }


def _shot(example: Example) -> str:
    return one_line({**labels_shown(example), "text": example.text[:EXAMPLE_CHARS]})


def _label(label: Label) -> str:
    about = "; ".join(word for word in (label.role, label.product_area, label.owner) if word)
    subs = "".join(f"\n  - {sub.name}: {sub.description}" for sub in label.sublabels)
    return f"- {label.name} [{about}]: {label.description}{subs}"


def _listed(choices: Sequence[Choice]) -> str:
    return "\n".join(f"- {one.name}: {one.description}".removesuffix(": ") for one in choices)


def _choices(taxonomy: Taxonomy) -> dict[str, list[str]]:
    subs = dict.fromkeys(sub.name for label in taxonomy.labels for sub in label.sublabels)
    return {
        "@categories": [label.name for label in taxonomy.labels],
        "@sublabels": list(subs) or ["none"],
        "@areas": [choice.name for choice in taxonomy.areas],
        "@intents": [choice.name for choice in taxonomy.intents],
    }


def _closed(part: Any, choices: Mapping[str, list[str]]) -> Any:
    """The schema with each ``["@name"]`` replaced by the list of that name."""
    if isinstance(part, dict):
        return {key: _closed(value, choices) for key, value in part.items()}
    if isinstance(part, list):
        if len(part) == 1 and isinstance(part[0], str) and part[0].startswith("@"):
            return list(choices[part[0]])
        return [_closed(value, choices) for value in part]
    return part
