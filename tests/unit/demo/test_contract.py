import json

from pydantic import ValidationError

from contracts.feedback import FeedbackBody
from demo.records import Delivery, Sample


def culprit(delivery: Delivery) -> str | None:
    """The field that the contract refuses, None where it accepts all."""
    try:
        FeedbackBody.model_validate(json.loads(delivery.raw))
    except ValidationError as error:
        return str(error.errors()[0]["loc"][0])
    return None


def test_the_contract_accepts_every_line_that_is_not_planted_as_broken(sample: Sample) -> None:
    assert not [d.line for d in sample.deliveries if d.breakage is None and culprit(d) is not None]


def test_the_contract_refuses_the_planted_field_of_every_readable_broken_line(sample: Sample) -> None:
    readable = [d for d in sample.rejects if d.breakage and d.breakage.field]
    assert [culprit(d) for d in readable] == [d.breakage.field for d in readable if d.breakage]
