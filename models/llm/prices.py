"""What calls cost: a dated table of prices, and arithmetic in whole millionths of a US dollar.

A price of x dollars per million tokens is x micro-dollars per token. Amounts are rounded up. What is not known (a model
without a price, usage that was not told) costs None, which is not 0. Providers in ``own`` are servers of one's own:
their calls cost 0 and are known to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.errors import WrongUsage
from contracts.unfit import first_unfit
from models.llm.base import Call, Reply, Usage

SHIPPED = Path(__file__).with_name("prices.yaml")
"""The table that holds when nobody says otherwise."""

DOLLAR_MICRO = 1_000_000

# What a vendor adds around instructions, data and schema; far above the few dozen tokens that any is known to.
WRAPPING_TOKENS = 500

_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}\Z")

Dollars = Annotated[Decimal, Field(ge=0, le=100_000)]


class Price(BaseModel):
    """Dollars per million tokens of one model, as of a day."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    provider: str
    model: str
    input: Dollars
    cached_input: Dollars
    output: Dollars
    batch_factor: Annotated[Decimal, Field(gt=0, le=1)] = Decimal(1)
    as_of: date

    def micro(self, usage: Usage, *, batch: bool = False) -> int | None:
        """What ``usage`` costs, rounded up; None if input or output is unknown."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
        exact = (
            (usage.input_tokens - cached) * self.input
            + cached * self.cached_input
            + usage.output_tokens * self.output
        )
        return math.ceil(exact * (self.batch_factor if batch else 1))


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: list[Price]


@dataclass(frozen=True)
class Prices:
    """A table; ``version`` tells two tables apart."""

    of: Mapping[tuple[str, str], Price]
    own: frozenset[str] = frozenset()

    @property
    def version(self) -> str:
        """12 hex digits over every price."""
        told = "\n".join(self.of[key].model_dump_json() for key in sorted(self.of))
        return sha256(told.encode()).hexdigest()[:12]

    def find(self, provider: str, model: str) -> Price | None:
        """The model's price, or that of the model whose dated version it is."""
        return self.of.get((provider, model)) or self.of.get((provider, _DATED.sub("", model)))

    def knows(self, provider: str, model: str) -> bool:
        """Whether calls of this model have a known price."""
        return provider in self.own or self.find(provider, model) is not None

    def cost_micro(self, provider: str, model: str, usage: Usage, *, batch: bool = False) -> int | None:
        """What a call cost, None if the model's price or the usage is unknown."""
        if provider in self.own:
            return 0
        price = self.find(provider, model)
        return price.micro(usage, batch=batch) if price else None

    def reply_micro(self, reply: Reply) -> int | None:
        """What the answering attempt of ``reply`` cost, by the model that the provider names as its author."""
        return self.cost_micro(reply.provider, reply.model, reply.usage)

    def most_micro(self, provider: str, model: str, call: Call) -> int:
        """What ``call`` may cost at most; a model without a price is taken for the dearest there is."""
        if provider in self.own:
            return 0
        price = self.find(provider, model)
        most = Usage(most_input_tokens(call), 0, call.max_output_tokens)
        return max(one.micro(most) or 0 for one in ([price] if price else self.of.values()))


def most_input_tokens(call: Call) -> int:
    """A bound on the tokens of a call's input: no tokeniser makes more than one of a byte.

    The schema counts twice: some providers get it in the instructions too.
    """
    schema = len(str(dict(call.schema)).encode())
    return len(call.system.encode()) + len(call.user.encode()) + 2 * schema + WRAPPING_TOKENS


def load_prices(own_file: Path | None = None, own: Iterable[str] = ()) -> Prices:
    """The shipped table with the entries of ``own_file`` instead of and beside it. Raises ``WrongUsage``."""
    table = {(one.provider, one.model): one for one in _read(SHIPPED)}
    if own_file is not None:
        table |= {(one.provider, one.model): one for one in _read(own_file)}
    return Prices(table, frozenset(own))


def _read(path: Path) -> list[Price]:
    try:
        return _Table.model_validate(yaml.safe_load(path.read_text("utf-8"))).prices
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise WrongUsage(f"{path}: cannot be read as YAML ({exc})") from exc
    except ValidationError as exc:
        raise WrongUsage(f"{path}: {first_unfit(exc).told('the file')}") from None
