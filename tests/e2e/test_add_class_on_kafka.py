"""``undercurrent review add-class`` on Kafka: the labeller's questions offer the category, and its answers use it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.names import Naming
from contracts.registry import read_record
from contracts.stages import EnrichedItem
from tests.support.clerk import honest_entry, shown_in
from tests.support.commands import Told, undercurrent
from tests.support.concerns import reply
from tests.support.kafka_flow import KafkaFlow
from tests.support.model_vendors import Server, vendor
from tests.support.product import KEYWORDS
from tests.support.vendor_wire import Asked
from wiring.kafka.broker import Broker

ADD = (
    *("review", "add-class", "gift_cards", "--tenant", "local", "--author", "ann", "--area", "payments"),
    *("--description", "Gift cards that do not work.", "--example", "The gift card code is not accepted."),
)
OFFERED = "gift_cards [issue; payments]: Gift cards that do not work."
SAID: Mapping[str, Any] = {"category": "gift_cards", "sublabel": None, "product_area": "payments"}

LOCALLY = "The gift card code is not accepted again"
BY_MODEL = "My voucher is worth nothing since yesterday"
NEITHER = "The map tiles load slowly"
BEFORE = "The gift card code is not accepted, said in March"


def says(asked: Asked) -> str:
    """The new category where it fits, vouchers among them, which the local models do not know."""
    shown = shown_in(asked.user)
    return reply(
        *(honest_entry(one, **(SAID if one["text"] in (LOCALLY, BY_MODEL) else {})) for one in shown)
    )


@pytest.fixture
def server() -> Iterator[Server]:
    with vendor(says) as running:
        yield running


@pytest.fixture
def flow(broker: Broker, naming: Naming, tmp_path: Path) -> KafkaFlow:
    made = KafkaFlow(broker.cluster, naming, tmp_path / "data")
    made.make()
    return made


def give(flow: KafkaFlow, *argv: str | Path) -> Told:
    """A command of a person on this Kafka."""
    where = ("--data", flow.data, "--prefix", flow.naming.prefix, "--partitions", str(flow.partitions))
    told = undercurrent(*argv, *where, env={**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": flow.cluster.bootstrap})
    assert told.code == 0, told.err
    return told


def load(flow: KafkaFlow, *texts: str) -> None:
    source = flow.data.with_name(f"{len(texts)}.jsonl")
    rows = [{"text": text, "id": text, "author": f"a{n}"} for n, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    give(flow, "load", "--input", source)


def decided(flow: KafkaFlow) -> list[tuple[str, str | None, str | None]]:
    """Of each item in order its category, the model that said so, and the version of the taxonomy; as told last."""
    records = [read_record("enriched", value or b"") for value in flow.values("enriched")]
    last = {record.item_id: record for record in records if isinstance(record, EnrichedItem)}
    return [
        (item.concerns[0].decision.category, item.provenance.model, item.provenance.taxonomy)
        for item in last.values()
    ]


def test_the_labeller_offers_the_category_and_takes_it_for_an_answer(flow: KafkaFlow, server: Server) -> None:
    load(flow, BEFORE)
    assert give(flow, *ADD).out == "category gift_cards of local added\n"
    load(flow, LOCALLY, BY_MODEL, NEITHER)
    flow.run_to_end(["intake", "extract"])
    local = decided(flow)
    assert [name == "gift_cards" for name, _, _ in local] == [False, True, False, False]
    assert [(model, version) for _, model, version in local] == [(None, "2")] + [(None, "2+gift_cards")] * 3
    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    argv = [sys.executable, "-m", "cli", "labeller", "--until-end", "--prefix", flow.naming.prefix]
    where = ["--data", str(flow.data), "--partitions", str(flow.partitions)]
    env = flow.environment({**KEYWORDS, **own, "UNDERCURRENT_LLM_SURE": "1"})
    ended = subprocess.run([*argv, *where], env=env, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    assert all(OFFERED in asked.system for asked in server.asked)
    flow.run_to_end(["intake", "extract"])
    assert decided(flow) == [
        (local[0][0], "llama", "2+gift_cards"),
        ("gift_cards", "llama", "2+gift_cards"),
        ("gift_cards", "llama", "2+gift_cards"),
        (local[3][0], "llama", "2+gift_cards"),
    ]
