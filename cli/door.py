"""Where a command acts: a data directory, else the journal on Kafka; the same options for every command that has both.

``at_the_desk`` puts ``--dir``, ``--data``, ``--generation``, ``--prefix`` and ``--partitions`` in the place of a
command's parameter ``desk``, and opens what they name; ``at_a_desk`` leaves the opening to the command.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from pydantic import ValidationError

from cli.flow import Partitions, Prefix, SaidData
from cli.letters import Desk, open_desk
from connectors.kafka.names import PREFIX
from contracts.commands import Order
from contracts.errors import WrongUsage
from contracts.unfit import first_unfit

__all__ = ["Desk", "OpenDesk", "at_a_desk", "at_the_desk"]

OpenDesk = Callable[[], Desk]
"""Opens the desk that the options name; raises what ``open_desk`` raises."""

Where = Annotated[
    Path | None,
    typer.Option("--dir", help="Data directory of a run; else Kafka where KAFKA_BOOTSTRAP_SERVERS names it."),
]
Seen = Annotated[str | None, typer.Option(help="Which generation on Kafka; default: the active one.")]
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "directory": (Where, None),
    "data": (SaidData, None),
    "generation": (Seen, None),
    "prefix": (Prefix, PREFIX),
    "partitions": (Partitions, None),
}

_ORDERS = frozenset(model.__name__ for model in get_args(get_args(Order)[0]))
"""What people order; a field of one that does not fit is what was typed, not a fault of ours."""


def at_the_desk(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose ``desk`` is opened from the options; raises what ``open_desk`` raises."""
    return _with_options(command, lambda where: open_desk(**where))


def at_a_desk(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose ``desk`` is an ``OpenDesk``, for one that may not need it."""
    return _with_options(command, lambda where: partial(open_desk, **where))


def _with_options(
    command: Callable[..., None], opening: Callable[[dict[str, Any]], Any]
) -> Callable[..., None]:
    @wraps(command)
    def opened(**given: Any) -> None:
        where = {name: given.pop(name) for name in _OPTIONS}
        try:
            command(desk=opening(where), **given)
        except ValidationError as exc:
            if exc.title not in _ORDERS:
                raise
            raise WrongUsage(first_unfit(exc).told("order")) from None

    hints = get_type_hints(command, include_extras=True)
    own = [
        one.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in inspect.signature(command).parameters.items()
        if name != "desk"
    ]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=told)
        for name, (told, default) in _OPTIONS.items()
    ]
    opened.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
    opened.__annotations__ = {one.name: one.annotation for one in (*own, *options)}
    return opened
