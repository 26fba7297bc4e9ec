"""People's word on a real broker: themes are steered, concerns reviewed, themes named, as in a data directory."""

from __future__ import annotations

import shutil

import orjson
import pytest

from tests.support.broker import fresh_naming
from tests.support.commands import Told, undercurrent
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import KEYWORDS, OUTAGE_DAY, load_sample
from wiring.kafka.broker import Broker

UP_TO_THEMES = ("intake", "extract", "themes")


@pytest.fixture(scope="module")
def flow(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaFlow:
    """A slice of the sample, through the stages up to themes."""
    root = tmp_path_factory.mktemp("steer")
    load_sample(root / "loaded", OUTAGE_DAY)
    made = KafkaFlow(broker.cluster, fresh_naming(), root / "data")
    made.take_keys(root / "loaded" / "keys")
    made.make()
    made.copy_journal(root / "loaded")
    made.run_to_end(UP_TO_THEMES)
    return made


def give(flow: KafkaFlow, *argv: str) -> Told:
    """A command on this flow's cluster; its options come after the command's name."""
    where = ("--data", str(flow.data), "--prefix", flow.naming.prefix, "--partitions", "1")
    env = {**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": flow.cluster.bootstrap}
    return undercurrent(*argv, *where, env=env)


def ledger(flow: KafkaFlow) -> list[dict[str, str]]:
    return [orjson.loads(value or b"{}") for value in flow.values("theme-events")]


def alive(flow: KafkaFlow) -> list[str]:
    """Themes that were never merged away."""
    gone = {one["theme_id"] for one in ledger(flow) if one["event"] == "merged"}
    return [one["theme_id"] for one in ledger(flow) if one["event"] == "born" and one["theme_id"] not in gone]


def test_the_ranked_themes_of_the_stages_are_listed_without_words(flow: KafkaFlow) -> None:
    told = give(flow, "themes", "--json")
    assert {row["theme_id"] for row in told.json} <= set(alive(flow))
    assert told.json[0]["concerns"] > 0
    assert give(flow, "themes", "--tenant", "nobody").code == 2


def test_what_people_order_is_acted_on_by_the_stages(flow: KafkaFlow) -> None:
    theme = alive(flow)[0]
    who = ("--author", "ann", "--reason", "on the roadmap")
    for order in (("pin", theme), ("mark", theme[:8], "--critical"), ("rename", theme, "Ours")):
        told = give(flow, "themes", *order, *who, "--json")
        assert (told.code, told.json["told"]) == (0, [])
    case = next(one for one in give(flow, "review", "ls", "--json").json if one["kind"] == "concern")
    assert give(flow, "review", "assign", case["id"], theme, "--author", "ann").code == 0
    assert case["id"] not in give(flow, "review", "ls").out
    new = next(one["id"] for one in give(flow, "review", "ls", "--json").json if one["kind"] == "theme")
    assert give(flow, "review", "rename", new, "Theirs", "--author", "ann").code == 0
    assert new not in give(flow, "review", "ls").out
    flow.run_to_end(UP_TO_THEMES)
    told_of = [one["event"] for one in ledger(flow) if one.get("author") == "ann"]
    assert told_of == ["pinned", "marked", "renamed", "moved", "renamed"]
    assert "“Ours”" in give(flow, "themes", "history", theme).out


def test_a_category_that_is_added_is_known_to_the_next_command(flow: KafkaFlow) -> None:
    case = next(one for one in give(flow, "review", "ls", "--json").json if one["kind"] == "concern")
    said = ("--description", "Parcels.", "--area", "accounts", "--example", "My parcel never came.")
    add = ("review", "add-class", "shipping", *said, "--author", "ann", "--tenant", case["tenant"], "--json")
    correct = ("review", "correct", case["id"], "--category", "shipping", "--author", "ann", "--dry-run")
    assert give(flow, *correct).code == 2
    assert give(flow, *add).json["replaces"] is False
    assert give(flow, *add, "--dry-run").json["replaces"] is True
    assert give(flow, *correct).code == 0


def test_the_index_of_what_waits_may_be_damaged_or_deleted(flow: KafkaFlow) -> None:
    waiting = give(flow, "review", "ls", "--json").json
    (index,) = (flow.data / "review").glob("*.sqlite3")
    index.write_bytes(b"no index any more")
    assert give(flow, "review", "ls", "--json").json == waiting != []
    shutil.rmtree(index.parent)
    assert give(flow, "review", "ls", "--json").json == waiting


def test_an_order_that_contradicts_an_earlier_one_is_refused_at_the_door(flow: KafkaFlow) -> None:
    pinned = next(one["theme_id"] for one in ledger(flow) if one["event"] == "pinned")
    other = next(
        one["theme_id"] for one in ledger(flow) if one["event"] == "born" and one["theme_id"] != pinned
    )
    told = give(flow, "themes", "merge", pinned, other, "--author", "bob", "--reason", "one defect")
    assert (told.code, "is pinned" in told.err) == (4, True)


def test_themes_are_named_there_too(flow: KafkaFlow) -> None:
    told = give(flow, "name-themes", "--json")
    assert told.code == 0
    assert set(told.json) == {"answers", "failed"}
