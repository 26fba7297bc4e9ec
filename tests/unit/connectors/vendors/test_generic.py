"""The generic poller: its worked example, every style of pages, and options that are checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from structlog.testing import capture_logs

from connectors.vendors.errors import VendorAway
from connectors.vendors.generic import VENDOR, GenericOptions, taken_of
from connectors.vendors.port import Unreadable, Utterance
from connectors.vendors.social import VENDOR as SOCIAL
from connectors.vendors.values import moment
from contracts.feedback import FeedbackBody
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import Drained, polled
from tests.support.vendors.server import Asked, Said
from tests.support.vendors.social import OPTIONS, SimulatedSocial, mention

TOKEN = {"token": "test-token"}
PLAIN: dict[str, Any] = {"records": "items", "fields": {"id": "id", "text": "text"}}
MANY = [{"id": n, "text": f"Report {n}", "rating": n % 11, "at": 1_767_225_600 + n} for n in range(25)]


def drained(answer: Any, **options: Any) -> Drained:
    return polled(VENDOR, answer, PLAIN | options, TOKEN)[0]


def test_the_worked_example_reads_mentions() -> None:
    told = [mention(1, NOW - timedelta(days=1)), mention(2, NOW - timedelta(days=1), status="removed")]
    got, asked = polled(SOCIAL, SimulatedSocial(told), OPTIONS, TOKEN)
    body = FeedbackBody.model_validate(got.said["m1"])
    assert (body.author, body.section, body.product, body.language) == ("@ada1", "mastodon", "Acme", "en")
    assert (got.gone, asked[0].query["query"]) == (["m2"], "acme")


def test_the_worked_example_of_the_docs_is_the_one_that_runs() -> None:
    page = Path("docs/polled-sources.md").read_text()
    example = page.split("<!-- social example -->", 1)[1].split("```yaml", 1)[1].split("```", 1)[0]
    told = yaml.safe_load(example)["connections"][0]
    GenericOptions.model_validate(told["options"])
    assert {name: value for name, value in told["options"].items() if name not in ("url", "start")} == {
        name: value for name, value in OPTIONS.items() if name != "start"
    }


def test_the_next_poll_asks_from_an_overlap_before_the_newest_change() -> None:
    social = SimulatedSocial([mention(n, NOW - timedelta(minutes=n * 10)) for n in range(1, 30)])
    first = polled(SOCIAL, social, OPTIONS, TOKEN)[0]
    second = polled(SOCIAL, social, OPTIONS, TOKEN, first.cursor)[0]
    assert (len(first.said), len(second.said)) == (29, 7)


def by_number(asked: Asked) -> Said:
    number, size = int(asked.query["page"]), 10
    return Said({"items": MANY[(number - 1) * size : number * size]})


def by_offset(asked: Asked) -> Said:
    at = int(asked.query["from"])
    return Said({"items": MANY[at : at + int(asked.query["limit"])]})


def by_link(asked: Asked) -> Said:
    at = int(asked.query.get("at", "0"))
    link = f"{asked.path}?at={at + 10}" if at + 10 < len(MANY) else None
    return Said({"items": MANY[at : at + 10], "links": {"next": link}})


@pytest.mark.parametrize(
    ("answer", "pages"),
    [
        (by_number, {"style": "number"}),
        (by_offset, {"style": "offset", "param": "from", "first": 0, "size_param": "limit", "size": 10}),
        (by_link, {"style": "link", "next": "links.next"}),
        (lambda _asked: Said({"items": MANY}), {"style": "none"}),
    ],
    ids=["number", "offset", "link", "none"],
)
def test_every_style_of_pages_is_read_to_its_end(answer: Any, pages: Mapping[str, Any]) -> None:
    assert len(drained(answer, pages=pages).said) == 25


@pytest.mark.parametrize(("form", "sent"), [("epoch_s", "1767225600"), ("epoch_ms", "1767225600000")])
def test_since_is_written_as_the_source_wants_it(form: str, sent: str) -> None:
    options = PLAIN | {"params": {"s": "{since}"}, "since": {"format": form}, "start": "2026-01-01"}
    _, asked = polled(VENDOR, lambda _asked: Said({"items": []}), options, TOKEN)
    assert asked[0].query["s"] == sent


def test_ratings_are_brought_to_five() -> None:
    fields = {"id": "id", "text": "text", "rating": "rating", "created_at": "at"}
    said = drained(lambda _asked: Said({"items": MANY}), fields=fields, rating_scale=10).said
    assert [said[str(n)].get("rating") for n in (0, 5, 10)] == [1.0, 2.5, 5.0]


@pytest.mark.parametrize("record", [{"text": "x"}, {"id": "1"}, {"id": "1", "text": "  "}, "words", None])
def test_a_record_that_lacks_what_it_needs_goes_to_dead_letters(record: Any) -> None:
    options = GenericOptions.model_validate({"url": "https://x.example", **PLAIN})
    assert isinstance(taken_of(record, options, NOW), Unreadable)


def test_a_record_without_a_time_happened_now() -> None:
    options = GenericOptions.model_validate({"url": "https://x.example", **PLAIN})
    made = taken_of({"id": 7, "text": "x"}, options, NOW)
    assert isinstance(made, Utterance)
    assert (made.happened_at, made.record_id) == (NOW, "7")


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-08T10:00:00Z",
        "2026-01-08 10:00:00 UTC",
        "Thu, 08 Jan 2026 10:00:00 GMT",
        "Thu Jan 08 11:00:00 +0100 2026",
        "8 Jan 2026 05:00:00 -0500",
        1_767_866_400,
        "1767866400",
        "1767866400.000",
        "1767866400000",
    ],
)
def test_times_are_read_as_sources_write_them(written: Any) -> None:
    assert moment(written) == datetime(2026, 1, 8, 10, tzinfo=UTC)


def test_a_date_of_eight_digits_is_no_second_of_1970() -> None:
    assert (moment("20260108"), moment(20_260_108)) == (
        datetime(2026, 1, 8, tzinfo=UTC),
        datetime(1970, 8, 23, 11, 48, 28, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "odd", ["", "08/01/2026", "yesterday", ",", "Thu,", "nan", "9" * 400, True, None, {}]
)
def test_what_is_no_time_is_none_and_no_error(odd: Any) -> None:
    assert moment(odd) in (None, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))


def test_times_that_nobody_can_read_are_told() -> None:
    fields = {"id": "id", "text": "text", "created_at": "at"}
    rows = [{"id": n, "text": "x", "at": "08.01.2026" if n else "2026-01-08"} for n in range(3)]
    with capture_logs() as told:
        drained(lambda _asked: Said({"items": rows}), fields=fields)
    assert [(one["event"], one["records"]) for one in told] == [("generic_times_unreadable", 2)]


@pytest.mark.parametrize("style", ["token", "link"])
def test_empty_pages_that_lead_on_for_ever_are_given_up(style: str) -> None:
    def same(_asked: Asked) -> Said:
        return Said({"items": [], "next": "/again"})

    with pytest.raises(VendorAway, match="again and again"):
        drained(same, pages={"style": style, "next": "next"})


def test_empty_pages_that_lead_to_others_for_ever_are_counted_by_who_drains() -> None:
    number = count(1)

    def other(_asked: Asked) -> Said:
        return Said({"items": [], "next": f"token {next(number)}"})

    options = PLAIN | {"pages": {"style": "token", "next": "next"}}
    got, asked = polled(VENDOR, other, options, TOKEN, pages=30)
    assert (len(got.pages), len(asked), got.cursor) == (30, 30, None)
