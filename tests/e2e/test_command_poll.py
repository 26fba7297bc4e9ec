"""``undercurrent poll`` as a person gives it: from a simulated vendor into a run, once and again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from cli.worker import PARTITIONS
from connectors.jsonl.log import JsonlLog
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, held
from contracts.feedback import FeedbackReceived
from contracts.registry import read_record
from tests.conformance.vendors.intercom.case import CASE
from tests.e2e.conftest import Ran
from tests.support.broker import make_topics
from tests.support.commands import Told, undercurrent
from tests.support.crash import ROOT
from tests.support.product import KEYWORDS
from tests.support.vendors.case import TOKEN
from tests.support.vendors.server import Asked, Said, VendorServer, limited, script, vendor_server
from tests.support.vendors.world import Lies, World
from wiring.datadir import DataDir
from wiring.kafka.broker import Broker
from wiring.views.topics import Topics


@dataclass
class Account:
    """A simulated account, and the connection file that names it."""

    world: World
    server: VendorServer
    env: dict[str, str]

    def poll(self, *argv: str | Path, **env: str) -> Told:
        return undercurrent("poll", *argv, env={**self.env, **env})


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    (tmp_path / "token").write_text(TOKEN)
    world = World()
    world.say(12)
    with vendor_server(CASE.simulate(world, Lies())) as server:
        entry = {
            "name": "acme-intercom",
            "vendor": "intercom",
            "tenant": "acme",
            "credential_files": {"token": "token"},
            "options": {**CASE.options(server.url), "allow_private_hosts": ["127.0.0.1"]},
        }
        file = tmp_path / "connections.yaml"
        file.write_text(yaml.safe_dump({"connections": [entry]}))
        yield Account(world, server, {**KEYWORDS, "UNDERCURRENT_CONNECTIONS": str(file)})


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A data directory in which nothing happened yet."""
    with JsonlLog(DataDir(tmp_path / "bare").journal, PARTITIONS):
        return tmp_path / "bare"


def items(lines: Iterable[bytes]) -> list[str]:
    """The items of the tenant that the journal took."""
    records = [read_record("journal", line) for line in lines]
    return [one.item_id for one in records if isinstance(one, FeedbackReceived) and one.tenant == "acme"]


def on_kafka(broker: Broker, topic: str) -> list[str]:
    places = held(broker.cluster.admin(), [(topic, n) for n in range(2)])
    return items(
        message.value() or b""
        for (_, n), there in places.items()
        for message in between(broker.cluster, topic, n, there.first, there.end)
    )


def test_what_a_vendor_said_comes_into_a_run_and_acts(account: Account, ran: Ran, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(ran.out, out)
    told = account.poll("--dir", out, "--json")
    assert told.code == 0, told.err
    journal = items(line for _place, line in Topics(DataDir(out).logs).lines("journal"))
    assert len(set(journal)) == len(journal) == 12
    receipts = [line for _place, line in Topics(DataDir(out).logs).lines("redacted")]
    assert sum(b'"tenant":"acme"' in line for line in receipts) == 12


def test_on_kafka_history_takes_the_bulk_lane_and_news_the_journal(
    account: Account, broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    journal, bulk = naming.topic("journal"), naming.topic("bulk")
    make_topics(broker.cluster, [journal, bulk])
    where = ("--prefix", naming.prefix, "--partitions", "2", "--data", str(tmp_path / "data"))
    env = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap}
    assert account.poll("acme-intercom", "--since", "2026-02-01", *where, **env).code == 0
    assert (len(on_kafka(broker, bulk)), on_kafka(broker, journal)) == (12, [])
    assert account.poll(*where, **env).code == 0
    assert sorted(on_kafka(broker, journal)) == sorted(on_kafka(broker, bulk))


def test_a_vendor_that_is_away_is_told_and_ends_with_1(account: Account, bare: Path) -> None:
    account.server.answer = script(limited("3600"))
    told = account.poll("--dir", bare)
    assert told.code == 1
    assert "quota" in told.out
    assert TOKEN not in told.out + told.err


def test_usage_that_cannot_be_meant_is_refused(account: Account, bare: Path) -> None:
    assert account.poll("--every", "5", "--once", "--dir", bare).code == 2
    assert account.poll("nobody", "--dir", bare).code == 2


def test_polling_for_ever_ends_at_a_signal(account: Account, bare: Path) -> None:
    command = [sys.executable, "-m", "cli", "poll", "--dir", str(bare), "--every", "1"]
    env = {**account.env, "PATH": ""}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_what_nobody_can_read_comes_once_however_often_it_is_polled(tmp_path: Path, bare: Path) -> None:
    polls = 0

    def answer(_asked: Asked) -> Said:
        nonlocal polls
        polls += 1
        return Said({"items": [{"id": 1}, {"id": 2, "text": "It fails."}]})

    with vendor_server(answer) as server:
        told = {"url": server.url, "allow_private_hosts": ["127.0.0.1"], "records": "items"}
        options = told | {"fields": {"id": "id", "text": "text"}}
        entry = {"name": "acme-g", "vendor": "generic", "tenant": "acme", "options": options}
        file = tmp_path / "connections.yaml"
        file.write_text(yaml.safe_dump({"connections": [entry]}))
        command = [sys.executable, "-m", "cli", "poll", "--dir", str(bare), "--every", "1"]
        env = {**KEYWORDS, "UNDERCURRENT_CONNECTIONS": str(file), "PATH": ""}
        with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + 60
            while polls < 3 and time.monotonic() < until:
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert polls >= 3
    assert len(items(line for _place, line in Topics(DataDir(bare).logs).lines("journal"))) == 2
