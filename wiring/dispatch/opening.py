"""Make a dispatcher of settings: its store, its keys, and a client for each destination of the file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from connectors.alerting.pagerduty import PagerDutySink
from connectors.alerting.port import AlertSink
from connectors.alerting.slack import SlackSink
from connectors.alerting.webhook import WebhookSink
from connectors.keys.vault import LocalVault
from connectors.outgoing import REQUEST_S, Clients
from connectors.trackers.jira import JiraPlace, JiraTracker
from connectors.trackers.linear import LinearPlace, LinearTracker
from connectors.trackers.port import Tracker
from contracts.errors import WrongUsage
from settings import Settings
from wiring.dispatch.destinations import (
    Destinations,
    JiraEntry,
    LinearEntry,
    PagerDutyEntry,
    SlackEntry,
    WebhookEntry,
    read_destinations,
)
from wiring.dispatch.dispatcher import LEASE_S, Dispatcher, Opened
from wiring.dispatch.metrics import DispatchMetrics
from wiring.dispatch.sealing import Envelopes
from wiring.dispatch.stores import Stores


def told_destinations(settings: Settings) -> Destinations:
    """The destinations that the settings name. Raises ``WrongUsage`` where they name none."""
    if settings.destinations is None:
        raise WrongUsage("UNDERCURRENT_DESTINATIONS names no file; docs/dispatch.md shows one")
    return read_destinations(settings.destinations)


def opened_destinations(told: Destinations, clients: Clients) -> Opened:
    """A tracker or sink for each destination; nothing is asked of them yet."""
    trackers: dict[str, Tracker] = {}
    sinks: dict[str, AlertSink] = {}
    for name, (_tenant, entry) in told.entries().items():
        if isinstance(entry, LinearEntry | JiraEntry):
            trackers[name] = _tracker(told, entry, clients)
        else:
            sinks[name] = _sink(told, entry, clients)
    return Opened(told, trackers, sinks)


@asynccontextmanager
async def open_dispatcher(
    told: Destinations,
    store: Engine,
    keys: Path,
    registry: CollectorRegistry,
    *,
    lease_s: float = LEASE_S,
    within_s: float = REQUEST_S,
) -> AsyncIterator[Dispatcher]:
    """A dispatcher for the length of a ``with``; the store stays the caller's."""
    with closing(LocalVault(keys)) as vault:
        clients = Clients(within_s)
        stores = Stores.on(store, Envelopes(vault))
        try:
            yield Dispatcher(
                opened_destinations(told, clients), stores, DispatchMetrics(registry), lease_s=lease_s
            )
        finally:
            await clients.aclose()


def _tracker(told: Destinations, entry: LinearEntry | JiraEntry, clients: Clients) -> Tracker:
    token, sender = told.secret(entry.name, entry.token_file), clients.sender(entry.name)
    if isinstance(entry, LinearEntry):
        place = LinearPlace(entry.team, entry.project, entry.assignee, entry.template, entry.url)
        return LinearTracker(sender, place, token, entry.authorization)
    jira = JiraPlace(entry.url, entry.project, entry.issue_type, entry.email, entry.priorities, entry.fields)
    return JiraTracker(sender, jira, token, entry.settle_s)


def _sink(
    told: Destinations, entry: SlackEntry | PagerDutyEntry | WebhookEntry, clients: Clients
) -> AlertSink:
    sender = clients.sender(entry.name)
    match entry:
        case SlackEntry():
            return SlackSink(sender, told.secret(entry.name, entry.url_file), entry.together_s)
        case PagerDutyEntry():
            return PagerDutySink(sender, told.secret(entry.name, entry.routing_key_file), entry.url)
        case WebhookEntry():
            return WebhookSink(sender, entry.url, told.secret(entry.name, entry.secret_file), entry.private)
