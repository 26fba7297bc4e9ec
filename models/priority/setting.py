"""Settings files of priority: YAML that is read and checked, and refused with its name, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.errors import WrongUsage
from contracts.unfit import first_unfit


class Setting(BaseModel):
    """A part of a settings file: frozen once read, and an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=Setting)


def read_setting(source: Path, kind: type[S]) -> S:
    """The settings of a file. Raises ``WrongUsage`` naming file, line and field."""
    try:
        text = source.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError) as exc:
        raise WrongUsage(f"{source}: cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc
    except yaml.YAMLError as exc:
        raise WrongUsage(f"{source}: not YAML: {exc}") from exc
    try:
        return kind.model_validate(data)
    except ValidationError as exc:
        unfit = first_unfit(exc)
        raise WrongUsage(f"{source}:{_line_of(tree, unfit.place)}: {unfit.told('(top level)')}") from exc


def _line_of(node: Any, path: tuple[int | str, ...]) -> int:
    """The line, from 1, of the deepest part of ``path`` that the file has."""
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(part)), node)
    return node.start_mark.line + 1 if node is not None else 1
