"""Settings name the providers; what is half set up is refused by the name of its variable, and no key is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import WrongUsage
from settings import Settings, load_settings
from wiring.llm.accounts import accounts_in, is_own_server, notices_about, prices_for


def settings(**changed: Any) -> Settings:
    return Settings(**changed)


def test_without_keys_there_are_none() -> None:
    assert accounts_in(settings()) == ()
    assert accounts_in(settings(openai_api_key="  ")) == ()


def test_they_come_in_the_order_of_the_setting() -> None:
    chosen = settings(
        openai_api_key="k1",
        anthropic_api_key="k2",
        compatible_url="http://127.0.0.1:11434/v1",
        compatible_model="m",
        llm_order="compatible,openai",
    )
    assert [one.name for one in accounts_in(chosen)] == ["compatible", "openai"]


def test_a_key_in_a_file_is_read_again_after_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("old\n")
    (one,) = accounts_in(settings(openai_api_key_file=file))
    file.write_text("new\n")
    assert one.account.key() == "new"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"openai_api_key": "k", "openai_api_key_file": "k"},
            "UNDERCURRENT_OPENAI_API_KEY_FILE are both set",
        ),
        (
            {"anthropic_api_key_file": "/no/such"},
            "UNDERCURRENT_ANTHROPIC_API_KEY_FILE: /no/such cannot be read",
        ),
        ({"compatible_url": "http://localhost:1/v1"}, "UNDERCURRENT_COMPATIBLE_MODEL"),
    ],
)
def test_what_is_half_set_up_is_refused_by_name(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(WrongUsage, match=told):
        accounts_in(settings(**changed))


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    with pytest.raises(WrongUsage, match="is empty"):
        accounts_in(settings(openai_api_key_file=tmp_path / "key"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_ORDER", "openai;gemini"),
        ("COMPATIBLE_URL", "127.0.0.1:11434"),
        ("OPENAI_URL", "http://me:secret@host/v1"),
        ("LLM_CAP_MONTHLY_USD", "-1"),
        ("LLM_CAP_DAILY_USD", "much"),
        ("LLM_CONCURRENCY", "0"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"UNDERCURRENT_{name}", value)
    with pytest.raises(WrongUsage, match=f"UNDERCURRENT_{name}"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://ollama:11434/v1", True),
        ("https://gpu.example.internal/v1", True),
        ("https://gateway.example.com/v1", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_a_server_in_ones_own_network_is_known(url: str, own: bool) -> None:
    assert is_own_server(url) is own


def test_a_paid_gateway_and_a_new_model_have_no_known_price() -> None:
    chosen = settings(
        openai_api_key="k",
        openai_model="gpt-6-luna",
        openai_url="http://127.0.0.1:1/v1",
        compatible_url="https://gateway.example.com/v1",
        compatible_model="m",
    )
    accounts = accounts_in(chosen)
    told = notices_about(accounts, prices_for(chosen, accounts))
    known = ["no price is known for gpt-6-luna of openai", "no price is known for m of compatible"]
    assert [note.split(":")[0] for note in told] == known
    assert all("UNDERCURRENT_LLM_PRICES" in note for note in told)


def test_a_server_of_ones_own_needs_no_price() -> None:
    chosen = settings(compatible_url="http://ollama:11434/v1", compatible_model="m")
    accounts = accounts_in(chosen)
    assert notices_about(accounts, prices_for(chosen, accounts)) == ()


def test_no_key_is_in_what_is_printed() -> None:
    chosen = settings(openai_api_key="sk-secret", compatible_url="http://x/v1", compatible_model="m")
    assert "sk-secret" not in repr(chosen) + repr(accounts_in(chosen))
