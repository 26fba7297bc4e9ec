"""Settings: from the environment alone, refused at the start with the variable's name."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.errors import WrongUsage
from settings import load_settings


def test_the_defaults_need_no_environment() -> None:
    settings = load_settings()
    assert (settings.tenant, settings.encoder, settings.review_below) == ("local", "auto", 0.7)


def test_a_variable_is_read_under_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERCURRENT_TENANT", "acme")
    monkeypatch.setenv("UNDERCURRENT_NO_SUCH_SETTING", "1")
    assert load_settings().tenant == "acme"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TENANT", "Acme/../x"),
        ("TENANT", ""),
        ("TENANT", "a" * 65),
        ("NAMES", "maybe"),
        ("REVIEW_BELOW", "1.5"),
        ("REVIEW_BELOW", "nan"),
        ("REVIEW_BELOW_TENANTS", '{"acme": 7}'),
        ("REVIEW_BELOW_TENANTS", "acme=0.8"),
        ("EPOCH_S", "0"),
        ("EPOCH_S", "soon"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"UNDERCURRENT_{name}", value)
    with pytest.raises(WrongUsage, match=f"^UNDERCURRENT_{name}: "):
        load_settings()


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError):
        load_settings().tenant = "other"  # type: ignore[misc]
