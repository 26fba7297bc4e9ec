"""Which providers of language models settings describe; opens nothing and shows no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.llm.config import ANTHROPIC_URL, OPENAI_URL, Account
from contracts.errors import WrongUsage
from models.llm.prices import Prices, load_prices
from settings import Settings

NO_KEY = "none"
"""What a server that wants no key is sent: an SDK wants one."""


@dataclass(frozen=True, slots=True)
class Named:
    """One provider that is set up; ``is_own``: a server in one's own network, whose calls cost nothing.

    A vendor behind an address in one's own network is a gateway: its calls still cost.
    """

    name: str
    account: Account
    is_own: bool = False


def accounts_in(settings: Settings) -> tuple[Named, ...]:
    """The providers that are set up, in the order to ask them. Raises ``WrongUsage`` for one that is half set up."""
    found = {one.name: one for one in _all(settings)}
    order = dict.fromkeys(settings.llm_order.split(","))
    return tuple(found[name] for name in order if name in found)


def prices_for(settings: Settings, accounts: tuple[Named, ...]) -> Prices:
    """The table of prices that holds for these providers. Raises ``WrongUsage``."""
    return load_prices(settings.llm_prices, (one.name for one in accounts if one.is_own))


def notices_about(accounts: tuple[Named, ...], prices: Prices) -> tuple[str, ...]:
    """What a person should know: models whose price is not known."""
    return tuple(
        f"no price is known for {one.account.model} of {one.name}: its cost is told as unknown and counts"
        " towards caps as the dearest model's; put it into the file of UNDERCURRENT_LLM_PRICES"
        for one in accounts
        if not prices.knows(one.name, one.account.model)
    )


def _all(settings: Settings) -> Iterator[Named]:
    vendors = (
        (
            "openai",
            settings.openai_api_key,
            settings.openai_api_key_file,
            settings.openai_url or OPENAI_URL,
            settings.openai_model,
            settings.openai_effort,
        ),
        (
            "anthropic",
            settings.anthropic_api_key,
            settings.anthropic_api_key_file,
            settings.anthropic_url or ANTHROPIC_URL,
            settings.anthropic_model,
            settings.anthropic_effort,
        ),
    )
    for name, key, file, url, model, effort in vendors:
        read = _key(name, key, file)
        if read is not None:
            account = Account(
                url, model, read, effort, settings.llm_proxy, settings.llm_ca_file, _variables(name)
            )
            yield Named(name, account)
    yield from _compatible(settings)


def _compatible(settings: Settings) -> Iterator[Named]:
    url, model = settings.compatible_url, settings.compatible_model
    if not url:
        return
    if not model:
        raise WrongUsage(
            "UNDERCURRENT_COMPATIBLE_MODEL: name the model to ask for at UNDERCURRENT_COMPATIBLE_URL"
        )
    read = _key("compatible", settings.compatible_api_key, settings.compatible_api_key_file)
    own = is_own_server(url)
    proxy = "" if own else settings.llm_proxy
    ca_file, variables = settings.llm_ca_file, _variables("compatible")
    yield Named("compatible", Account(url, model, read or _no_key, "", proxy, ca_file, variables), own)


def _no_key() -> str:
    return NO_KEY


def _variables(name: str) -> str:
    return f"UNDERCURRENT_{name.upper()}"


def _key(name: str, key: SecretStr | None, file: Path | None) -> Callable[[], str] | None:
    variable = f"{_variables(name)}_API_KEY"
    if key is not None and file is not None:
        raise WrongUsage(f"{variable} and {variable}_FILE are both set; keep one")
    if file is not None:
        read_key(file, variable)
        return lambda: read_key(file, variable)
    if key is None or not key.get_secret_value().strip():
        return None
    return lambda: key.get_secret_value().strip()


def read_key(file: Path, variable: str) -> str:
    """The key in ``file``. Raises ``WrongUsage`` that names the variable and the file, and nothing from it."""
    try:
        found = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not plain text"
        raise WrongUsage(f"{variable}_FILE: {file} cannot be read: {reason}") from None
    if not found:
        raise WrongUsage(f"{variable}_FILE: {file} is empty")
    return found


def is_own_server(url: str) -> bool:
    """Whether an address is in one's own network: loopback, a private address, or a name without a domain."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return address.is_private
