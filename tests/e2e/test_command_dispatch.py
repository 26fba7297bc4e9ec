"""``undercurrent dispatch`` and ``outbox``: from decided records to issues, with a person in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jsonl.layout import publish
from connectors.kafka.messages import Origin, message_of
from connectors.kafka.names import Naming
from contracts.envelope import Envelope
from contracts.priority import LinearIssue
from contracts.registry import write_record
from tests.support.broker import make_topics
from tests.support.commands import undercurrent
from tests.support.dispatching import ACT, Site, issue_record
from tests.support.kafka_parts import put
from tests.support.trackers.linear import LinearSite, linear
from tests.support.withdrawing import ANN, quoting, taken_back
from wiring.datadir import DataDir
from wiring.kafka.broker import Broker


@pytest.fixture
def there() -> LinearSite:
    return LinearSite()


@pytest.fixture
def site(tmp_path: Path, there: LinearSite) -> Iterator[Site]:
    DataDir(tmp_path).journal.mkdir(parents=True)
    with linear(there).running() as server:
        yield Site(tmp_path).linear(server.url, autonomy={})


def decided(site: Site, *records: Envelope) -> None:
    """Records in the topic ``linear`` of the data directory, as a flow writes them."""
    path = DataDir(site.folder).logs / "linear" / "p0000.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.writelines(write_record(record) + b"\n" for record in records)
    publish(path, path.stat().st_size)


def now_record(n: int) -> LinearIssue:
    now = datetime.now(UTC)
    return issue_record(n, event_time=now, ingested_at=now)


def call(site: Site, *argv: str | Path) -> object:
    env = {"UNDERCURRENT_DESTINATIONS": str(site.file)}
    told = undercurrent(*argv, "--dir", site.folder, "--json", env=env)
    assert told.code == 0, told.err
    return told.json


def test_a_dry_run_shows_the_exact_issue_and_sends_nothing(site: Site, there: LinearSite) -> None:
    decided(site, now_record(1))
    (shown,) = call(site, "dispatch", "--dry-run")  # type: ignore[misc]
    sent = shown["would_send"]["issueCreate"]
    assert (sent["id"], sent["title"], sent["priority"]) == (issue_record().issue_id, issue_record().title, 2)
    assert "> It hurts" in sent["description"]
    assert call(site, "outbox", "ls") == []
    assert there.creates == []


def test_a_person_sees_approves_and_the_issue_is_made_as_it_was_shown(site: Site, there: LinearSite) -> None:
    decided(site, now_record(1), now_record(2))
    assert call(site, "dispatch", "--until-end") == {"taken": 2}
    first, second = call(site, "outbox", "ls")  # type: ignore[misc]
    shown = call(site, "outbox", "show", first["id"])["would_send"]["issueCreate"]  # type: ignore[index]
    call(site, "outbox", "approve", first["id"], "--author", "ann")
    call(site, "outbox", "reject", second["id"], "--author", "ann", "--why", "known")
    assert call(site, "dispatch", "--until-end") == {"created": 1}
    (made,) = there.issues.values()
    assert (made["title"], made["description"]) == (shown["title"], shown["description"])
    assert there.creates == [first["about"]]


def test_what_was_read_is_not_read_again(site: Site) -> None:
    decided(site, now_record(1))
    call(site, "dispatch", "--until-end")
    decided(site, now_record(2))
    assert call(site, "dispatch", "--until-end") == {"taken": 1}


def test_an_issue_made_by_hand_is_known_from_then_on(site: Site, there: LinearSite) -> None:
    decided(site, now_record(1))
    call(site, "dispatch", "--until-end")
    (row,) = call(site, "outbox", "ls")  # type: ignore[misc]
    call(site, "outbox", "resolve", row["id"], "--author", "ann", "--external-id", "hers", "--key", "ENG-7")
    assert call(site, "outbox", "show", row["id"])["issue"]["external_id"] == "hers"  # type: ignore[index]
    assert call(site, "dispatch", "--until-end") == {}
    assert there.creates == []


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (["--external-id", "hers"], "is recur, which makes no issue"),
        (["--key", "ENG-7"], "--key and --url go with --external-id"),
    ],
)
def test_the_id_of_an_issue_is_not_taken_where_it_would_be_forgotten(
    site: Site, told: list[str], why: str
) -> None:
    decided(site, now_record(1).model_copy(update={"change": "recur"}))
    call(site, "dispatch", "--until-end")
    (row,) = call(site, "outbox", "ls")  # type: ignore[misc]
    resolve = ("outbox", "resolve", row["id"], "--author", "ann", "--dir", site.folder)
    refused = undercurrent(*resolve, *told)
    assert (refused.code, why in refused.err) == (2, True), refused.err
    assert [one["state"] for one in call(site, "outbox", "ls")] == ["proposed"]  # type: ignore[attr-defined]
    assert undercurrent(*resolve).code == 0


def test_what_happened_already_cannot_be_approved(site: Site) -> None:
    decided(site, now_record(1))
    call(site, "dispatch", "--until-end")
    (row,) = call(site, "outbox", "ls")  # type: ignore[misc]
    call(site, "outbox", "reject", row["id"], "--author", "ann")
    told = undercurrent("outbox", "approve", row["id"], "--author", "bob", "--dir", site.folder)
    assert told.code == 4
    assert "is cancelled, not proposed" in told.err


def test_without_a_destination_file_it_says_which_setting_names_one(site: Site) -> None:
    told = undercurrent("dispatch", "--dir", site.folder)
    assert told.code == 2
    assert "UNDERCURRENT_DESTINATIONS" in told.err


def test_an_outbox_on_kafka_is_decided_about_without_a_broker(site: Site) -> None:
    decided(site, now_record(1))
    call(site, "dispatch", "--until-end")
    (row,) = call(site, "outbox", "ls")  # type: ignore[misc]
    told = undercurrent("outbox", "ls", "--data", site.folder, "--json")
    assert [one["id"] for one in told.json] == [row["id"]], told.err
    shown = undercurrent(
        *("outbox", "show", row["id"], "--data", site.folder, "--json"),
        env={"UNDERCURRENT_DESTINATIONS": str(site.file)},
    )
    assert shown.json["id"] == row["id"]
    assert undercurrent("outbox", "reject", row["id"], "--author", "ann", "--data", site.folder).code == 0
    assert undercurrent("outbox", "ls", "--data", site.folder, "--json").json == []


def test_a_data_folder_without_an_outbox_is_refused_and_left_alone(tmp_path: Path) -> None:
    told = undercurrent("outbox", "ls", "--data", tmp_path / "none")
    assert (told.code, (tmp_path / "none").exists()) == (2, False)
    assert "no outbox here" in told.err


@pytest.mark.parametrize("argv", [("dispatch", "--until-end"), ("dlq", "ls"), ("issues",)])
def test_what_needs_kafka_does_not_take_the_demo_for_the_data_folder_that_was_named(
    site: Site, argv: tuple[str, ...]
) -> None:
    told = undercurrent(*argv, "--data", site.folder, env={"UNDERCURRENT_DESTINATIONS": str(site.file)})
    assert told.code == 2
    assert str(site.folder) in told.err
    assert "KAFKA_BOOTSTRAP_SERVERS" in told.err


def test_on_kafka_the_public_topics_are_dispatched_once(
    broker: Broker, naming: Naming, site: Site, there: LinearSite
) -> None:
    site.tenant(**{**site.tenants.pop(), "autonomy": ACT})
    make_topics(broker.cluster, [naming.public("linear"), naming.public("alerts")], 2)
    record = now_record(1)
    origin = Origin("linear", "issue_id", "g1", "priority", 1)
    messages = [message_of(origin, n, record, write_record(record)) for n in range(2)]
    put(broker.cluster, naming.public("linear"), 1, messages)
    env = {"UNDERCURRENT_DESTINATIONS": str(site.file), "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap}
    where = ("--data", site.folder, "--prefix", naming.prefix, "--partitions", "2")
    argv = ("dispatch", "--until-end", "--json", *where)
    assert undercurrent(*argv, env=env).json == {"created": 1, "taken": 1}
    assert undercurrent(*argv, env=env).json == {}
    assert len(there.issues) == 1


def test_what_was_taken_back_is_listed_with_what_cannot_be(site: Site, there: LinearSite) -> None:
    now = datetime.now(UTC)
    site.linear(site.tenants[0]["tracker"]["url"], "globex", autonomy=ACT)
    order = taken_back(subject=ANN).model_copy(update={"tenant": "globex"})
    decided(site, quoting(tenant="globex", event_time=now, ingested_at=now), order)
    call(site, "dispatch", "--until-end")
    (told,) = call(site, "outbox", "withdrawn")  # type: ignore[misc]
    assert (told["state"], told["issue"], told["said_before"]) == ("done", "ENG-1", [])
    (issue,) = there.issues.values()
    assert "Ann" not in issue["description"]
