"""F20, F22, F25 on a real broker: headers, orders and limits of dead letters; a key or a value that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.cluster import LARGEST_RECORD
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.messages import KafkaMessage
from connectors.kafka.reading import between, headers_of, held
from connectors.keys.vault import LocalVault
from contracts.errors import WrongUsage
from contracts.feedback import Coordinates
from tests.support.broker import fresh_naming, make_topics
from tests.support.commands import Told, undercurrent
from tests.support.kafka_flow import KafkaFlow
from tests.support.kafka_parts import put
from tests.support.product import KEYWORDS
from tests.support.steps import NOON
from wiring.journal import Arrival, RecordMaker
from wiring.kafka.broker import Broker

GOOD = {"text": "The export to CSV is broken for large boards."}
BAD = {"text": "The login page never opens.", "rating": 9}


@pytest.fixture(scope="module")
def flow(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaFlow:
    """Intake has met, in this order: a good item, a bad one, no value, no key, neither, a good item."""
    made = KafkaFlow(broker.cluster, fresh_naming(), tmp_path_factory.mktemp("dead") / "data")
    made.make()
    lines = feedback(made.data, [GOOD, BAD, GOOD | {"author": "ann"}, GOOD])
    key = b"acme"
    messages = [
        (key, lines[0]),
        (key, lines[1]),
        (key, None),
        (None, lines[2]),
        (None, None),
        (key, lines[3]),
    ]
    put(broker.cluster, made.naming.journal, 0, [KafkaMessage(k, value, (), 0) for k, value in messages])
    made.run_to_end(["intake"])
    return made


def feedback(data: Path, bodies: list[dict[str, Any]]) -> list[bytes]:
    vault = LocalVault(data / "keys")
    found = Coordinates(origin="f.jsonl", line=1)
    arrivals = [Arrival(NOON, NOON, "tickets", f"r{n}", body, found) for n, body in enumerate(bodies)]
    lines = RecordMaker("acme", vault, NOON).feedback(arrivals)
    vault.close()
    return lines


def headers(flow: KafkaFlow, topic: str) -> list[dict[str, str]]:
    name = flow.naming.topic(topic)
    there = held(flow.cluster.admin(), [(name, 0)])[name, 0]
    messages = between(flow.cluster, name, 0, *there)
    return [{key: value.decode() for key, value in headers_of(message)} for message in messages]


def dlq(flow: KafkaFlow, *argv: str) -> Told:
    """``undercurrent dlq`` on this flow's cluster."""
    where = ("--data", str(flow.data), "--prefix", flow.naming.prefix, "--partitions", "1")
    env = {**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": flow.cluster.bootstrap}
    return undercurrent("dlq", argv[0], *where, *argv[1:], env=env)


def test_what_has_no_key_or_no_value_is_a_dead_letter_and_neighbours_pass(flow: KafkaFlow) -> None:
    told = headers(flow, "dead-letters")
    assert [one["dlq.reason"] for one in told] == ["invalid", "schema", "no_key", "no_key"]
    assert [one["ce_id"][:3] for one in headers(flow, "redacted")][:2] == ["0-0", "0-5"]


def test_a_letter_says_where_and_why_in_its_headers_and_nothing_of_what_came(flow: KafkaFlow) -> None:
    told = headers(flow, "dead-letters")[0]
    why = {name: value for name, value in told.items() if name.startswith(("__connect", "dlq."))}
    assert why.pop("dlq.pipeline_version")
    assert why == {
        "__connect.errors.topic": flow.naming.journal,
        "__connect.errors.partition": "0",
        "__connect.errors.offset": "1",
        "__connect.errors.stage": "intake",
        "__connect.errors.class.name": "undercurrent.intake",
        "__connect.errors.exception.class.name": "RejectItem",
        "__connect.errors.exception.message": "rating: Input should be less than or equal to 5",
        "dlq.reason": "invalid",
        "dlq.attempt": "1",
        "dlq.first_failed_at": "2026-03-01T12:00:00Z",
    }
    assert all(b"login" not in (value or b"") for value in flow.values("dead-letters"))


def test_letters_are_listed_shown_redriven_and_dropped(flow: KafkaFlow, tmp_path: Path) -> None:
    listed = dlq(flow, "ls", "--json").json
    assert listed["counts"] == {"no_key": 2, "invalid": 1, "schema": 1}
    by_place = {row["id"]: row for row in listed["letters"]}
    shown = dlq(
        flow, "show", "0-1-intake-0", "--reveal", "--author", "ann", "--reason-text", "why", "--json"
    ).json
    assert (orjson.loads(shown["content"]), by_place["0-1-intake-0"]["readable"]) == (BAD, True)
    (tmp_path / "fixed.json").write_bytes(orjson.dumps(BAD | {"rating": 5}))
    fixed = ("--fixed", str(tmp_path / "fixed.json"))
    assert dlq(flow, "redrive", "0-1-intake-0", *fixed, "--author", "ann").code == 0
    keyed = dlq(flow, "redrive", "--reason", "no_key", "--author", "ann", "--rate", "50/s", "--json")
    assert (keyed.code, keyed.json["redriven"], len(keyed.json["skipped"])) == (3, ["0-3-intake-0"], 1)
    assert dlq(flow, "drop", "0-2-intake-0", "0-4-intake-0", "--author", "ann", "--why", "empty").code == 0
    assert dlq(flow, "ls", "--json").json["letters"] == []
    flow.run_to_end(["intake"])
    places = [one["ce_id"].split("-")[1] for one in headers(flow, "redacted") if "feedback" in one["ce_type"]]
    assert places == ["0", "5", "6", "7"]


def test_the_journal_takes_records_up_to_its_limit_and_none_beyond(broker: Broker, flow: KafkaFlow) -> None:
    naming, limit = fresh_naming(), LARGEST_RECORD - 4_096
    make_topics(broker.cluster, [naming.journal], 1)
    line = feedback(flow.data, [GOOD])[0]
    padded = [
        line[:-1] + b', "pad": "' + b"x" * (limit + over - len(line) - 11) + b'"}' for over in (-1, 0, 1)
    ]
    assert [len(one) - limit for one in padded] == [-1, 0, 1]
    with KafkaJournal(broker.cluster, naming.journal, 1, "test") as journal:
        journal.append(0, padded[:2])
        with pytest.raises(WrongUsage, match="shorten the text"):
            journal.append(0, padded[2:])
        assert journal.count(0) == 2
