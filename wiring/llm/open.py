"""The providers of settings made one: metered, guarded, retried, one after the other.

For each: requests (``connectors.llm``) ← paid (``metered``) ← breaker and limit (``guarded``) ← tries (``retrying``);
over all of them ``failover``. Every attempt is paid and counted, whatever became of the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from connectors.llm.anthropic import AnthropicProvider
from connectors.llm.compatible import CompatibleProvider
from connectors.llm.config import Abilities
from connectors.llm.openai import OpenAIProvider
from connectors.llm.spend_store import SqliteSpendStore
from models.llm.breaker import Breaker
from models.llm.failover import FailoverProvider
from models.llm.guarded import GuardedProvider, Watcher
from models.llm.metered import MeteredProvider
from models.llm.prices import DOLLAR_MICRO, Prices
from models.llm.retrying import RetryingProvider, RetryPolicy
from models.llm.spending import Caps, Ledger
from settings import Settings
from wiring.llm.accounts import Named, accounts_in, notices_about, prices_for

SPENDING_FILE = "spending.sqlite3"


@dataclass(frozen=True)
class LanguageModels:
    """What a flow asks (``provider``), what it may spend (``ledger``), and what a person should know (``notices``)."""

    provider: FailoverProvider
    ledger: Ledger
    prices: Prices
    notices: tuple[str, ...]
    close: Callable[[], None]

    @property
    def any(self) -> bool:
        """Whether a provider is set up at all."""
        return bool(self.provider.tiers)


def open_language_models(
    directory: Path,
    settings: Settings,
    watcher: Watcher | None = None,
    retry: RetryPolicy | None = None,
) -> LanguageModels:
    """The providers that are set up, paid from the ledger in ``directory``. Raises ``PipelineError``.

    Nothing is asked yet, and no SDK is loaded. ``retry`` None: the usual tries, with the time-out of settings.
    """
    accounts = accounts_in(settings)
    prices = prices_for(settings, accounts)
    store = SqliteSpendStore(directory / SPENDING_FILE)
    ledger = Ledger(store, lambda _tenant: caps_of(settings))
    vendors = [_vendor(one, settings) for one in accounts]
    policy = retry or RetryPolicy(attempt_s=settings.llm_attempt_s)
    tiers = [
        RetryingProvider(_guarded(vendor, ledger, prices, settings, watcher), policy) for vendor in vendors
    ]

    def close() -> None:
        for vendor in vendors:
            vendor.close()
        store.close()

    return LanguageModels(FailoverProvider(tiers), ledger, prices, notices_about(accounts, prices), close)


def caps_of(settings: Settings) -> Caps:
    """What settings let a tenant spend."""
    daily = settings.llm_cap_daily_usd
    return Caps(
        monthly_micro=int(settings.llm_cap_monthly_usd * DOLLAR_MICRO),
        daily_micro=None if daily is None else int(daily * DOLLAR_MICRO),
    )


Vendor = OpenAIProvider | AnthropicProvider | CompatibleProvider


def _vendor(named: Named, settings: Settings) -> Vendor:
    if named.name == "openai":
        return OpenAIProvider(named.account)
    if named.name == "anthropic":
        return AnthropicProvider(named.account)
    return CompatibleProvider(named.account, Abilities(response_format=settings.compatible_format))


def _guarded(
    vendor: Vendor, ledger: Ledger, prices: Prices, settings: Settings, watcher: Watcher | None
) -> GuardedProvider:
    metered = MeteredProvider(vendor, ledger, prices)
    return GuardedProvider(metered, Breaker(), limit=settings.llm_concurrency, watcher=watcher)
