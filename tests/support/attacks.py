"""The attack corpus and the clean texts beside it, as questions that the labeller's flow would ask."""

from __future__ import annotations

import base64
import codecs
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from models.llm.prompts import Question
from tests.support.concerns import question

FOLDER = Path(__file__).with_name("injections")
_LOOK_ALIKE = str.maketrans("aceopxyi", "асеорхуі")
_LEET = str.maketrans("oieast", "01345" + "7")

_ENCODINGS = {
    "base64": lambda said: base64.b64encode(said.encode()).decode(),
    "hex": lambda said: said.encode().hex(),
    "rot13": lambda said: codecs.encode(said, "rot13"),
    "tags": lambda said: "".join(chr(0xE0000 + ord(char)) for char in said),
    "homoglyph": lambda said: said.translate(_LOOK_ALIKE),
    "zero_width": lambda said: "\u200b".join(said),
    "spaced": lambda said: "  ".join(" ".join(word) for word in said.split()),
    "reversed": lambda said: said[::-1],
    "leet": lambda said: said.translate(_LEET),
    "percent": lambda said: quote(said),
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One text of the corpus. ``kind`` is its section of the file."""

    name: str
    kind: str
    question: Question


@lru_cache(maxsize=1)
def attacks() -> tuple[Attack, ...]:
    """All attacks, in the order of the file."""
    return _attacks("attacks")


@lru_cache(maxsize=1)
def unseen() -> tuple[Attack, ...]:
    """Attacks that no pattern was made for."""
    return _attacks("unseen")


@lru_cache(maxsize=1)
def clean() -> tuple[Question, ...]:
    """All clean texts, in the order of the file."""
    return tuple(question(text, language) for language, texts in _read("clean").items() for text in texts)


def _attacks(name: str) -> tuple[Attack, ...]:
    content: dict[str, list[dict[str, Any]]] = _read(name)
    return tuple(
        Attack(f"{kind}-{n}", kind, question(_text(one), one["language"]))
        for kind, listed in content.items()
        for n, one in enumerate(listed, start=1)
    )


def _text(one: dict[str, Any]) -> str:
    if "encode" not in one:
        return str(one["text"])
    return str(one["text"]).replace("{}", _ENCODINGS[one["encode"]](one["payload"]))


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
