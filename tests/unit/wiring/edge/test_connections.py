"""The connection file: who is connected, for whom, and where the secrets are."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from wiring.edge.connections import read_connections

ONE = """
connections:
  - name: acme-intercom
    vendor: intercom
    tenant: acme
    signing_secret_files: [new, old]
    credential_files: {token: token}
"""


def written(folder: Path, content: str) -> Path:
    (folder / "new").write_text("n\n")
    (folder / "old").write_text("o\n")
    (folder / "token").write_text("t0\n")
    file = folder / "connections.yaml"
    file.write_text(content)
    return file


def test_secrets_are_read_anew_each_time(tmp_path: Path) -> None:
    one = read_connections(written(tmp_path, ONE))["acme-intercom"]
    assert (one.tenant, one.signing_secrets(), one.credential("token")) == ("acme", (b"n", b"o"), "t0")
    (tmp_path / "token").write_text("t1")
    assert one.credential("token") == "t1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("connections: [{name: a, vendor: intercom}]", "connections.0.tenant"),
        ("connections: [{name: a, vendor: x, tenant: t, secret: s}]", "connections.0.secret"),
        (ONE + ONE.partition("connections:")[2], "two connections are called acme-intercom"),
        ("connections: [", "not YAML"),
        ("connections", "write `name: value`"),
        ("- acme", "write `name: value`"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        read_connections(written(tmp_path, content))


def test_a_secret_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    one = read_connections(written(tmp_path, ONE))["acme-intercom"]
    with pytest.raises(WrongUsage, match="names no secret"):
        one.credential("secret")
    (tmp_path / "token").write_text(" \n")
    with pytest.raises(WrongUsage, match="token is empty"):
        one.credential("token")
    (tmp_path / "old").unlink()
    with pytest.raises(WrongUsage, match="No such file"):
        one.signing_secrets()
