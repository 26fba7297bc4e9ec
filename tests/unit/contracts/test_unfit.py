"""What does not fit a shape is told by its field, and never with what stood there."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from contracts.unfit import Unfit, every_unfit, first_unfit


class Price(BaseModel):
    model: str = Field(max_length=3)
    cents: int


class Table(BaseModel):
    prices: list[Price]


def unfit(value: object) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Table.model_validate(value)
    return raised.value


def test_the_first_thing_is_told_with_its_place() -> None:
    told = first_unfit(unfit({"prices": [{"model": "a", "cents": 1}, {"model": "secret", "cents": "x"}]}))
    assert told.place == ("prices", 1, "model")
    assert told.field == "prices.1.model"
    assert told.told("the file") == "prices.1.model: String should have at most 3 characters"


def test_the_whole_is_called_what_the_caller_calls_it() -> None:
    told = first_unfit(unfit([]))
    assert (told.field, told.told("the file")) == ("", f"the file: {told.why}")


def test_all_that_does_not_fit_is_told_in_order_and_without_its_value() -> None:
    found = list(every_unfit(unfit({"prices": [{"model": "secret", "cents": "hidden"}]})))
    assert [one.field for one in found] == ["prices.0.model", "prices.0.cents"]
    assert not any(word in one.why for one in found for word in ("secret", "hidden"))


def test_a_value_without_a_field_is_the_whole() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(int).validate_python("x")
    assert isinstance(first_unfit(raised.value), Unfit)
    assert first_unfit(raised.value).told("ordinal").startswith("ordinal: ")
