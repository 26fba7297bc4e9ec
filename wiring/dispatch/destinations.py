"""The destination file: where each tenant's issues and alerts go, and what may happen without a person.

YAML, one entry a tenant::

    tenants:
      - tenant: acme
        autonomy: {open: suggest, alert: act}     # observe, suggest (a person approves), act
        issues_per_month: 100
        tracker: {name: acme-linear, kind: linear, token_file: secrets/linear, team: 9cfb…}
        alerts:
          - {name: acme-slack, kind: slack, url_file: secrets/slack, severities: [page, warn]}

Paths are relative to the file. Secrets are read anew when they are needed, so a rotation needs no restart; none stands
in the file itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.alerting.pagerduty import URL as PAGERDUTY_URL
from connectors.store.outbox import Autonomy
from connectors.trackers.linear import URL as LINEAR_URL
from contracts.envelope import Tenant
from contracts.errors import WrongUsage
from wiring.told import read_secret, read_told

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s@]+$")]
Severity = Literal["page", "warn", "info"]
Action = Literal["open", "comment", "reopen", "relink", "alert"]

EVERY: tuple[Severity, ...] = ("page", "warn", "info")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LinearEntry(_Strict):
    """A team at Linear. ``authorization``: personal keys go without Bearer; ``auto`` tells by their prefix."""

    kind: Literal["linear"]
    name: Name
    token_file: Path
    team: str = Field(min_length=1)
    project: str | None = None
    assignee: str | None = None
    template: str | None = None
    authorization: Literal["auto", "key", "bearer"] = "auto"
    url: Address = LINEAR_URL


class JiraEntry(_Strict):
    """A project at Jira Cloud. With ``email`` the token is an API token, without it OAuth's."""

    kind: Literal["jira"]
    name: Name
    token_file: Path
    url: Address
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]+$")
    email: str | None = None
    issue_type: str = "Bug"
    priorities: tuple[str, str, str, str] = ("Highest", "High", "Medium", "Low")
    fields: dict[str, Any] = Field(default_factory=dict)
    settle_s: float = Field(default=20.0, ge=0, le=600)


class SlackEntry(_Strict):
    """An incoming webhook; its address is a secret. ``together_s``: at most one message in so long; 0 joins none."""

    kind: Literal["slack"]
    name: Name
    url_file: Path
    severities: tuple[Severity, ...] = EVERY
    together_s: float = Field(default=60.0, ge=0, le=3600)


class PagerDutyEntry(_Strict):
    """A service with an Events v2 integration."""

    kind: Literal["pagerduty"]
    name: Name
    routing_key_file: Path
    url: Address = PAGERDUTY_URL
    severities: tuple[Severity, ...] = ("page",)


class WebhookEntry(_Strict):
    """Any address; ``private`` allows one in your own network."""

    kind: Literal["webhook"]
    name: Name
    url: Address
    secret_file: Path
    private: bool = False
    severities: tuple[Severity, ...] = EVERY


SinkEntry = Annotated[SlackEntry | PagerDutyEntry | WebhookEntry, Field(discriminator="kind")]
TrackerEntry = Annotated[LinearEntry | JiraEntry, Field(discriminator="kind")]


class TenantEntry(_Strict):
    """What happens for one tenant.

    ``evidence_url``: where an item can be seen, with ``{item_id}``; for quotes whose source has no address.
    ``history``: what to do with issues of history that was loaded. ``escalate_after_h``: from when on the alert sinks
    are told of proposals that wait; after ``expire_after_h`` a proposal is withdrawn.
    """

    tenant: Tenant
    tracker: TrackerEntry | None = None
    alerts: tuple[SinkEntry, ...] = ()
    autonomy: dict[Action, Autonomy] = Field(default_factory=dict)
    issues_per_month: int = Field(default=200, ge=0)
    evidence_url: str | None = Field(default=None, pattern=r"^https?://\S*\{item_id\}\S*$")
    history: Literal["off", "suggest"] = "off"
    escalate_after_h: float = Field(default=24.0, gt=0)
    expire_after_h: float = Field(default=120.0, gt=0, le=160)

    def names(self) -> list[str]:
        """Of all its destinations."""
        return [one.name for one in (*([self.tracker] if self.tracker else ()), *self.alerts)]

    def allowed(self, action: Action) -> Autonomy:
        """What may happen by itself: alerts do unless it says otherwise, everything else is proposed."""
        return self.autonomy.get(action, "act" if action == "alert" else "suggest")


class DestinationFile(_Strict):
    """The whole file."""

    tenants: tuple[TenantEntry, ...]


@dataclass(frozen=True, slots=True)
class Destinations:
    """What the file says, and how its secrets are read."""

    tenants: Mapping[str, TenantEntry]
    folder: Path

    def secret(self, name: str, path: Path) -> Callable[[], str]:
        """Reads a secret of destination ``name``; raises ``WrongUsage`` where there is none."""
        return partial(read_secret, self.folder / path, f"destination {name}")

    def entries(self) -> dict[str, tuple[TenantEntry, LinearEntry | JiraEntry | SinkEntry]]:
        """Every destination by name, with its tenant."""
        found: dict[str, tuple[TenantEntry, Any]] = {}
        for tenant in self.tenants.values():
            for one in (*([tenant.tracker] if tenant.tracker else ()), *tenant.alerts):
                found[one.name] = tenant, one
        return found


def read_destinations(path: Path) -> Destinations:
    """The destinations of a file. Raises ``WrongUsage`` naming entry and field."""
    told = read_told(path, DestinationFile)
    names = [one.tenant for one in told.tenants]
    for tenant in told.tenants:
        names += tenant.names()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongUsage(f"{path}: {twice[0]} stands there twice; give each tenant and destination one name")
    return Destinations({one.tenant: one for one in told.tenants}, path.parent)
