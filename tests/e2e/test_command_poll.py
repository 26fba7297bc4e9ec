"""``undercurrent poll`` as a person gives it: from a simulated vendor into a run, once and again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from contracts.feedback import FeedbackReceived
from contracts.registry import read_record
from tests.conformance.vendors.intercom.case import CASE
from tests.e2e.conftest import Ran
from tests.support.commands import Told, undercurrent
from tests.support.crash import ROOT
from tests.support.product import KEYWORDS
from tests.support.vendors.case import TOKEN
from tests.support.vendors.server import VendorServer, limited, script, vendor_server
from tests.support.vendors.world import Lies, World
from wiring.datadir import DataDir
from wiring.views.topics import Topics


@dataclass
class Account:
    """A simulated account, a run, and the file that connects them."""

    world: World
    server: VendorServer
    out: Path
    env: dict[str, str]

    def poll(self, *argv: str) -> Told:
        return undercurrent("poll", "--dir", self.out, *argv, env=self.env)

    def delivered(self) -> list[FeedbackReceived]:
        """What the journal took from the vendor."""
        records = [
            read_record("journal", line) for _place, line in Topics(DataDir(self.out).logs).lines("journal")
        ]
        return [one for one in records if isinstance(one, FeedbackReceived) and one.tenant == "acme"]


@pytest.fixture
def account(ran: Ran, tmp_path: Path) -> Iterator[Account]:
    out = tmp_path / "out"
    shutil.copytree(ran.out, out)
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
        yield Account(world, server, out, {**KEYWORDS, "UNDERCURRENT_CONNECTIONS": str(file)})


def test_what_a_vendor_said_since_a_day_comes_into_the_run(account: Account) -> None:
    told = account.poll("acme-intercom", "--since", "2026-02-01", "--json")
    assert told.code == 0, told.err
    assert len({one.item_id for one in account.delivered()}) == len(account.delivered()) == 12


def test_a_vendor_that_is_away_is_told_and_ends_with_1(account: Account) -> None:
    account.server.answer = script(limited("3600"))
    told = account.poll()
    assert told.code == 1
    assert "quota" in told.out
    assert TOKEN not in told.out + told.err


def test_usage_that_cannot_be_meant_is_refused(account: Account) -> None:
    assert account.poll("--every", "5", "--once").code == 2
    assert account.poll("nobody").code == 2


def test_polling_for_ever_ends_at_a_signal(account: Account) -> None:
    command = [sys.executable, "-m", "cli", "poll", "--dir", str(account.out), "--every", "1"]
    env = {**account.env, "PATH": ""}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
