"""The connection file: which accounts at which vendors belong to which tenant, and where their secrets are.

YAML, one entry a connection::

    connections:
      - name: acme-intercom
        vendor: intercom
        tenant: acme
        signing_secret_files: [secrets/intercom-new, secrets/intercom-old]   # the newest first; two while rotating
        credential_files: {token: secrets/intercom-token}
        options: {app_version_attribute: version}

Paths are relative to the file. Secrets are read anew when they are needed, so a rotation needs no restart; none stands
in the file itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.vendors.port import Connection
from contracts.envelope import Tenant
from contracts.errors import WrongUsage
from wiring.told import read_secret, read_told

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConnectionEntry(_Strict):
    """One connection as it is written in the file."""

    name: Name
    vendor: Name
    tenant: Tenant
    signing_secret_files: tuple[Path, ...] = Field(default=(), max_length=2)
    credential_files: dict[Name, Path] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)


class ConnectionFile(_Strict):
    """The whole file."""

    connections: tuple[ConnectionEntry, ...]


def read_connections(path: Path) -> Mapping[str, Connection]:
    """The connections of a file by name. Raises ``WrongUsage`` naming entry and field; vendors check their options."""
    told = read_told(path, ConnectionFile)
    found: dict[str, Connection] = {}
    for entry in told.connections:
        if entry.name in found:
            raise WrongUsage(f"{path}: two connections are called {entry.name}; give each a name of its own")
        found[entry.name] = _connection(entry, path.parent)
    return found


def _connection(entry: ConnectionEntry, folder: Path) -> Connection:
    return Connection(
        name=entry.name,
        vendor=entry.vendor,
        tenant=entry.tenant,
        options=entry.options,
        signing_secrets=partial(_secrets, entry, folder),
        credential=partial(_credential, entry, folder),
    )


def _secrets(entry: ConnectionEntry, folder: Path) -> tuple[bytes, ...]:
    return tuple(
        read_secret(folder / path, f"connection {entry.name}").encode() for path in entry.signing_secret_files
    )


def _credential(entry: ConnectionEntry, folder: Path, which: str) -> str:
    if which not in entry.credential_files:
        raise WrongUsage(f"connection {entry.name}: credential_files names no {which}; add {which}: PATH")
    return read_secret(folder / entry.credential_files[which], f"connection {entry.name}")
