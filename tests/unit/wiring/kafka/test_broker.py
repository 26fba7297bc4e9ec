"""Which broker is chosen and how it is set up; the real one starts, dies and comes back."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from connectors.kafka.cluster import read_properties
from contracts.errors import RecoveryRefused, StopWorker
from settings import Settings
from wiring.kafka import docker, server
from wiring.kafka.broker import Broker, NamedBroker, open_broker
from wiring.kafka.properties import as_environment, broker_properties, free_port, free_ports, hold, is_free
from wiring.kafka.server import LocalBroker

pytestmark = pytest.mark.lengthy


def settings(bootstrap: str) -> Settings:
    return Settings(KAFKA_BOOTSTRAP_SERVERS=bootstrap)


def test_a_named_cluster_comes_first_and_outlives_us(broker: Broker) -> None:
    named = open_broker(settings(broker.bootstrap))
    named.stop()
    assert isinstance(named, NamedBroker)
    assert server.answers(broker.cluster)


def test_a_named_cluster_that_is_away_is_no_reason_to_take_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiring.kafka.broker._REACHED_WITHIN_S", 0.2)
    with pytest.raises(StopWorker, match=r"KAFKA_BOOTSTRAP_SERVERS=127\.0\.0\.1:1 does not answer"):
        open_broker(settings("127.0.0.1:1"))


def test_the_broker_makes_no_topic_by_itself(broker: Broker) -> None:
    broker.cluster.admin().list_topics("never-made", timeout=5)
    assert "never-made" not in broker.cluster.admin().list_topics(timeout=5).topics


def test_a_broker_that_cannot_start_says_what_it_said(tmp_path: Path) -> None:
    refused = LocalBroker(tmp_path / "kafka")
    with (tmp_path / "kafka" / "server.properties").open("a") as written:
        written.write("process.roles=nothing\n")
    with pytest.raises(StopWorker, match=r"ended at its start.*process\.roles"):
        refused.start()
    assert refused.pid is None


def test_a_second_broker_in_a_directory_is_refused_and_leaves_the_first_one_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiring.kafka.server.LEFT_WITHIN_S", 0.2)
    first = LocalBroker(tmp_path / "kafka")
    said = (tmp_path / "kafka" / "server.properties").read_bytes()
    with pytest.raises(RecoveryRefused, match=f"in use by process {os.getpid()}; end that one first"):
        LocalBroker(tmp_path / "kafka")
    assert (tmp_path / "kafka" / "server.properties").read_bytes() == said
    first.stop()
    assert LocalBroker(tmp_path / "kafka").port == first.port


def test_it_listens_on_this_machine_alone() -> None:
    listeners = broker_properties("127.0.0.1", 1, 2, "127.0.0.1:1", "log")["listeners"].split(",")
    assert all("//127.0.0.1:" in listener for listener in listeners)


def test_a_container_tells_clients_to_come_to_this_machine() -> None:
    told = docker.environment(20_000)
    assert told["KAFKA_ADVERTISED_LISTENERS"] == "BROKER://127.0.0.1:20000"
    assert "KAFKA_LOG_DIRS" not in told


def test_settings_reach_the_image_as_variables() -> None:
    assert as_environment({"auto.create.topics.enable": "false"}) == {
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false"
    }


def test_a_free_port_is_one_that_no_outgoing_connection_gets() -> None:
    port = free_port()
    assert port < 32_768
    assert is_free(port)


def test_nobody_else_is_given_the_ports_of_a_broker_that_is_not_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = free_ports(4)
    # Everybody looks in this order.
    monkeypatch.setattr("wiring.supervising.plan.random.sample", lambda *_: told)
    broker = LocalBroker(tmp_path / "kafka")
    listeners = read_properties(broker.directory / "server.properties")["listeners"].split(",")
    assert [int(one.rpartition(":")[2]) for one in listeners] == list(told[:2])
    assert free_port() == told[2]


def test_a_port_that_is_kept_is_its_servers() -> None:
    port = free_port()
    kept = hold(port)
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(server.getsockname()):
        assert not is_free(port)
    if kept is not None:
        assert hold(port) is None
        os.close(kept)
