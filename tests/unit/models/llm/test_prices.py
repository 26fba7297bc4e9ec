"""Costs are whole micro-dollars from a dated table; what is not known is never 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from models.llm.base import Usage
from models.llm.prices import SHIPPED, Prices, load_prices
from tests.support.llm import LABEL_SCHEMA, a_call, a_reply

SHIPPED_PRICES = load_prices()


def a_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    return path


def own_entry(model: str = "gpt-5-mini", **changed: object) -> str:
    entry = {
        "provider": "openai",
        "model": model,
        "input": 1,
        "cached_input": 1,
        "output": 1,
        "as_of": "2026-10-01",
    }
    told = ", ".join(f"{name}: {value}" for name, value in {**entry, **changed}.items())
    return f"prices:\n  - {{{told}}}\n"


@pytest.mark.parametrize(
    ("usage", "micro"),
    [
        # 0.25 a fresh input token, 0.025 a cached one, 2 an output token; rounded up.
        (Usage(1000, 0, 100), 450),
        (Usage(1000, 400, 100), 360),
        (Usage(1000, None, 100), 450),
        (Usage(1, 0, 0), 1),
        (Usage(0, 0, 0), 0),
        (Usage(100, 900, 0), 3),
    ],
)
def test_a_call_costs_what_its_tokens_cost(usage: Usage, micro: int) -> None:
    assert SHIPPED_PRICES.cost_micro("openai", "gpt-5-mini", usage) == micro


def test_a_batch_costs_its_share() -> None:
    assert SHIPPED_PRICES.cost_micro("openai", "gpt-5-mini", Usage(1000, 0, 100), batch=True) == 225


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("openai", "gpt-6-luna", Usage(1, 0, 1)),
        ("anthropic", "gpt-5-mini", Usage(1, 0, 1)),
        ("openai", "", Usage(1, 0, 1)),
        ("openai", "gpt-5-mini", Usage(None, None, 5)),
        ("openai", "gpt-5-mini", Usage(5, 0, None)),
    ],
)
def test_what_is_not_known_costs_none(provider: str, model: str, usage: Usage) -> None:
    assert SHIPPED_PRICES.cost_micro(provider, model, usage) is None


def test_a_dated_version_costs_what_its_name_costs() -> None:
    assert SHIPPED_PRICES.knows("openai", "gpt-5-mini-2026-03-01")
    assert SHIPPED_PRICES.knows("anthropic", "claude-haiku-4-5-20260101")
    assert not SHIPPED_PRICES.knows("openai", "gpt-5-mini-fast")


def test_an_answer_is_priced_by_its_author_and_not_by_whom_we_asked() -> None:
    reply = a_reply(model="gpt-5", asked_model="gpt-5-mini")
    assert SHIPPED_PRICES.reply_micro(reply) == 425
    assert SHIPPED_PRICES.reply_micro(a_reply(model="somebody", asked_model="gpt-5-mini")) is None


def test_a_server_of_ones_own_costs_nothing_and_is_known_to() -> None:
    prices = load_prices(own=["compatible"])
    assert prices.cost_micro("compatible", "llama", Usage()) == 0
    assert prices.knows("compatible", "llama")
    assert prices.most_micro("compatible", "llama", a_call()) == 0


def test_the_most_that_a_call_may_cost_is_never_less_than_it_costs() -> None:
    call = a_call(user="😀" * 500, max_output_tokens=100)
    # An emoji is at most four tokens, one a byte.
    used = Usage(4 * 500 + len(str(LABEL_SCHEMA)), 0, 100)
    cost = SHIPPED_PRICES.cost_micro("openai", "gpt-5-mini", used)
    assert cost is not None
    assert SHIPPED_PRICES.most_micro("openai", "gpt-5-mini", call) >= cost


def test_a_model_without_a_price_may_cost_as_much_as_the_dearest() -> None:
    dearest = SHIPPED_PRICES.most_micro("anthropic", "claude-opus-4-5", a_call())
    assert SHIPPED_PRICES.most_micro("openai", "gpt-6-luna", a_call()) == dearest


def test_a_file_of_ones_own_replaces_and_adds(tmp_path: Path) -> None:
    prices = load_prices(a_file(tmp_path, own_entry() + own_entry("gpt-6-luna").partition("\n")[2]))
    assert prices.cost_micro("openai", "gpt-5-mini", Usage(10, 0, 10)) == 20
    assert prices.knows("openai", "gpt-6-luna")
    assert prices.knows("openai", "gpt-5")
    assert prices.version != SHIPPED_PRICES.version == load_prices().version


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (own_entry(input=-1), "prices.0.input"),
        (own_entry(output="free"), "prices.0.output"),
        (own_entry(batch_factor=0), "prices.0.batch_factor"),
        (own_entry(discount=1), "prices.0.discount"),
        (own_entry().replace(", as_of: 2026-10-01", ""), "prices.0.as_of"),
        ("prices: [", "YAML"),
        ("[]", "the file"),
    ],
)
def test_a_wrong_file_is_refused_by_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=rf"prices\.yaml: .*{told}"):
        load_prices(a_file(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="cannot be read"):
        load_prices(tmp_path / "none.yaml")


def test_every_shipped_price_has_a_day_and_an_order() -> None:
    assert SHIPPED.exists()
    assert isinstance(SHIPPED_PRICES, Prices)
    for price in SHIPPED_PRICES.of.values():
        assert price.cached_input <= price.input <= price.output
        assert price.as_of.year >= 2026
