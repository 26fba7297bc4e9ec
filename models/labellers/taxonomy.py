"""The taxonomy as configuration: a YAML file, checked, frozen, with its patterns compiled.

Promise: a wrong file is refused naming file and field; a label that someone must act on but that has no
owner or action is accepted with a warning. Every label's patterns become one regular expression over folded
text (lower case, straight apostrophes), tried at word starts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from contracts.errors import WrongUsage
from contracts.unfit import first_unfit

DEFAULT_FILE = Path(__file__).with_name("taxonomy.yaml")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Role = Literal["issue", "bug", "feature_request", "praise", "other"]


class _Frozen(BaseModel):
    """Unknown fields are mistakes, and nothing changes after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sublabel(_Frozen):
    """A finer kind within a label, told by patterns alone."""

    name: Name
    description: str
    cues: tuple[str, ...] = ()

    @field_validator("cues")
    @classmethod
    def _compilable(cls, cues: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(cues)


class Label(_Frozen):
    """One category: what it means, how it is recognised, who acts and how.

    A cue inside a match of ``unless`` is none: "no crash so far" is not the word of somebody with a crash.
    """

    name: Name
    description: str
    role: Role = "issue"
    product_area: str
    owner: str | None = None
    action: str | None = None
    exemplars: tuple[str, ...] = Field(min_length=1)
    cues: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    sublabels: tuple[Sublabel, ...] = ()

    @field_validator("cues", "unless")
    @classmethod
    def _compilable(cls, cues: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(cues)

    @property
    def actionable(self) -> bool:
        """Whether somebody has to act on a concern with this label."""
        return self.role not in ("praise", "other")


class Choice(_Frozen):
    """One value of a closed list, and what it means to whoever chooses."""

    name: Name
    description: str


INTENTS = (
    Choice(name="complaint", description="Something is wrong and they say so."),
    Choice(name="request", description="They want something to be made or changed."),
    Choice(name="question", description="They want to know something."),
    Choice(name="praise", description="They like something and say so."),
    Choice(name="statement", description="They report and want nothing."),
)
"""What the local labeller can say; a taxonomy may list more."""


class Taxonomy(_Frozen):
    """All labels, in the order that settles ties, and sentences that are no concern.

    ``product_areas`` and ``intents`` close two lists that a remote model chooses from; without the first, the areas
    that labels name are all there are.
    """

    version: str
    labels: tuple[Label, ...] = Field(min_length=2)
    chatter: tuple[str, ...] = Field(min_length=1)
    product_areas: tuple[Choice, ...] = ()
    intents: tuple[Choice, ...] = INTENTS

    @property
    def areas(self) -> tuple[Choice, ...]:
        """The product areas: those listed, else those of the labels in their order."""
        named = dict.fromkeys(label.product_area for label in self.labels)
        return self.product_areas or tuple(
            Choice.model_construct(name=name, description="") for name in named
        )

    def label(self, name: str) -> Label | None:
        """The label of that name."""
        return next((label for label in self.labels if label.name == name), None)

    @model_validator(mode="after")
    def _consistent(self) -> Taxonomy:
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError("labels: two labels have the same name")
        if "other" not in {label.role for label in self.labels}:
            raise ValueError("labels: one label must have the role 'other', for what fits none")
        _closed("intents", self.intents, [choice.name for choice in INTENTS])
        if self.product_areas:
            _closed("product_areas", self.product_areas, [label.product_area for label in self.labels])
        return self

    def warnings(self) -> list[str]:
        """Labels that somebody should act on without saying who or how."""
        return [
            f"label {label.name!r} has no {field}: its concerns will have nobody to go to"
            for label in self.labels
            if label.actionable
            for field in ("owner", "action")
            if not getattr(label, field)
        ]


def load_taxonomy(file: Path | None = None) -> tuple[Taxonomy, list[str]]:
    """The taxonomy of a YAML file (default: ours) and its warnings; ``WrongUsage`` names file and field."""
    path = DEFAULT_FILE if file is None else file
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise WrongUsage(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise WrongUsage(f"{path}: is not YAML in UTF-8: {exc}") from exc
    try:
        taxonomy = Taxonomy.model_validate(content)
    except ValidationError as exc:
        more = f" ({exc.error_count() - 1} more)" if exc.error_count() > 1 else ""
        raise WrongUsage(f"{path}: {first_unfit(exc).told('the file')}{more}") from exc
    return taxonomy, taxonomy.warnings()


def fold(text: str) -> str:
    """Lower case and straight apostrophes, character for character, so that places stay the same.

    >>> fold("Can’t Log In")
    "can't log in"
    """
    folded = text.lower()
    if len(folded) != len(text):
        folded = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return folded.replace("’", "'")


def one_pattern(cues: Sequence[str]) -> re.Pattern[str] | None:
    """All cues as one expression that matches at word starts; None when there are none."""
    return re.compile(r"\b(?:" + "|".join(cues) + ")") if cues else None


def _closed(field: str, choices: Sequence[Choice], needed: Sequence[str]) -> None:
    """Raise ``ValueError`` where a closed list repeats a name or lacks one that is in use."""
    names = [choice.name for choice in choices]
    if len(set(names)) != len(names):
        raise ValueError(f"{field}: two entries have the same name")
    missing = [name for name in needed if name not in names]
    if missing:
        raise ValueError(f"{field}: {missing[0]!r} is in use and not listed")


def _checked(cues: tuple[str, ...]) -> tuple[str, ...]:
    for cue in cues:
        try:
            if re.compile(cue).match(""):
                raise ValueError(f"pattern {cue!r} matches the empty text")
        except re.error as exc:
            raise ValueError(f"pattern {cue!r} is not a regular expression: {exc}") from exc
    return cues
