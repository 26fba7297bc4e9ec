"""New keys are made before the first stage runs, and never beside stages that have others; on a real broker."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.load import load
from cli.upload import open_lane
from connectors.kafka.names import Naming
from connectors.keys.vault import LocalVault, fingerprint
from contracts.errors import RecoveryRefused, WrongUsage
from tests.support.broker import make_topics
from wiring.appending import kafka_orders
from wiring.edge.opening import kafka_gate
from wiring.edge.quotas import Quota
from wiring.kafka.broker import Broker
from wiring.kafka.positions import commit_positions, position_group
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages

REFUSED = "no keys are there, and the stages that ran"


@pytest.fixture
def site(broker: Broker, naming: Naming, tmp_path: Path) -> Site:
    """A folder without keys, and a journal that intake has read somewhere else."""
    make_topics(broker.cluster, [naming.journal, naming.topic("bulk")], 1)
    commit_positions(broker.cluster, position_group(naming, "intake"), {(naming.journal, 0): 5})
    return Site(broker.cluster, naming, tmp_path / "data", 1)


def test_new_keys_are_refused_where_stages_have_others(site: Site) -> None:
    with pytest.raises(WrongUsage, match=REFUSED):
        refuse_unlike_stages(site)
    LocalVault(site.keys).close()
    refuse_unlike_stages(site)


def test_other_keys_than_those_of_the_stages_are_refused(site: Site, tmp_path: Path) -> None:
    for folder in (site.keys, tmp_path / "theirs"):
        LocalVault(folder).close()
    group, place = position_group(site.naming, "intake"), (site.naming.journal, 0)
    commit_positions(site.cluster, group, {place: 6}, keys=fingerprint(tmp_path / "theirs"))
    with pytest.raises(WrongUsage, match="not those of the stages"):
        refuse_unlike_stages(site)
    commit_positions(site.cluster, group, {place: 7}, keys=fingerprint(site.keys))
    refuse_unlike_stages(site)


def test_another_number_of_partitions_than_the_journals_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", site.cluster.bootstrap)
    other = replace(site, partitions=2)
    calls = [
        lambda: kafka_orders(other, lambda: datetime.now(UTC)).__enter__(),
        lambda: kafka_gate(other, Quota(1, 1)).__enter__(),
        lambda: load(tmp_path / "a.csv", site.data, prefix=site.naming.prefix, partitions=2),
        lambda: open_lane("acme", site.data, site.naming.prefix, 2, 0),
    ]
    for call in calls:
        with pytest.raises(RecoveryRefused, match="has 1 partitions, 2 are asked for"):
            call()


def test_before_the_first_stage_ran_keys_may_be_made(site: Site) -> None:
    refuse_unlike_stages(replace(site, naming=replace(site.naming, generation="g9")))


def test_whoever_writes_to_the_journal_makes_no_keys_beside_those_of_the_stages(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", site.cluster.bootstrap)
    file = tmp_path / "a.csv"
    file.write_text("text\nIt crashes\n")
    calls = [
        lambda: kafka_orders(site, lambda: datetime.now(UTC)).__enter__(),
        lambda: kafka_gate(site, Quota(1, 1)).__enter__(),
        lambda: load(file, site.data, prefix=site.naming.prefix, partitions=1),
        lambda: open_lane("acme", site.data, site.naming.prefix, 1, 0),
    ]
    for call in calls:
        with pytest.raises(WrongUsage, match=REFUSED):
            call()
    assert not site.data.exists()


def test_who_only_reads_makes_no_keys(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no keys are there"):
        LocalVault(tmp_path / "keys", make=False)
    assert not (tmp_path / "keys").exists()
    with closing(LocalVault(tmp_path / "keys")), closing(LocalVault(tmp_path / "keys", make=False)):
        pass
