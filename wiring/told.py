"""Files that people write: YAML that is checked against a shape, and secrets, each in a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from contracts.errors import WrongUsage
from contracts.unfit import first_unfit

T = TypeVar("T", bound=BaseModel)


def read_told(path: Path, shape: type[T]) -> T:
    """What a YAML file says. Raises ``WrongUsage`` naming file and field."""
    try:
        said = yaml.safe_load(path.read_text("utf-8")) or {}
        if not isinstance(said, dict):
            raise WrongUsage(f"{path}: write `name: value`; what stands there is one value or a list")
        return shape.model_validate(said)
    except OSError as exc:
        raise WrongUsage(f"{path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise WrongUsage(f"{path}: not UTF-8: {exc.reason} at {exc.start}") from None
    except yaml.YAMLError as exc:
        raise WrongUsage(f"{path}: not YAML: {getattr(exc, 'problem', exc)}") from exc
    except ValidationError as exc:
        raise WrongUsage(f"{path}: {first_unfit(exc).told('the file')}") from None


def read_secret(path: Path, whose: str) -> str:
    """A secret as it is now. Raises ``WrongUsage`` naming the file and ``whose`` it is."""
    try:
        secret = path.read_text("utf-8").strip()
    except OSError as exc:
        raise WrongUsage(f"{whose}: {path}: {exc.strerror}") from exc
    except UnicodeDecodeError:
        raise WrongUsage(f"{whose}: {path} is not UTF-8; write the secret into it as text") from None
    if not secret:
        raise WrongUsage(f"{whose}: {path} is empty; write the secret into it")
    return secret
