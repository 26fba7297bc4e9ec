"""What every client of a cluster is told, and where that comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.kafka.cluster import Cluster, kafka_errors, read_properties
from contracts.errors import StopWorker, WrongUsage


def test_properties_overrule_our_defaults_and_a_caller_overrules_them() -> None:
    cluster = Cluster(
        "127.0.0.1:1", {"linger.ms": "50", "compression.type": "lz4", "security.protocol": "plaintext"}
    )
    told = cluster._config({"linger.ms": 5, "compression.type": "zstd", "acks": "all"}, {"linger_ms": 1})
    assert (told["linger.ms"], told["compression.type"], told["acks"]) == (1, "lz4", "all")
    assert (told["security.protocol"], told["bootstrap.servers"]) == ("plaintext", "127.0.0.1:1")


def test_clients_take_tls_and_sasl_as_the_library_names_them() -> None:
    secure = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "u",
        "sasl.password": "p",
    }
    Cluster("127.0.0.1:1", secure).consumer().close()


def test_a_property_that_the_library_does_not_know_is_told() -> None:
    with pytest.raises(StopWorker, match=r"making a producer: .*no\.such"), kafka_errors("making a producer"):
        Cluster("127.0.0.1:1", {"no.such": "1"}).producer()


def test_a_properties_file_is_names_and_values_with_comments(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text("# ours\n\nsasl.password = a=b \n! also a comment\nssl.ca.location=/etc/ca.pem\n")
    assert read_properties(path) == {"sasl.password": "a=b", "ssl.ca.location": "/etc/ca.pem"}


def test_a_line_that_is_none_is_named_and_its_content_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text("a=1\nsecret\n")
    with pytest.raises(WrongUsage, match="line 2: not of the form name=value") as told:
        read_properties(path)
    assert "secret" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="No such file"):
        read_properties(tmp_path / "none")
