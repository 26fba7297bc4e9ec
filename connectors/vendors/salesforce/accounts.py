"""Accounts: what is known of each, and which one a record belongs to, also through its case, contact or opportunity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.vendors.port import CustomerSeen, Json
from connectors.vendors.salesforce.options import SalesforceOptions
from connectors.vendors.salesforce.session import Session
from connectors.vendors.salesforce.soql import by_ids, is_id
from connectors.vendors.values import dig, said
from connectors.vendors.values import without_none as known

# The first three characters of an id say of what it is.
ACCOUNT: Final = "001"
_THROUGH: Final[Mapping[str, str]] = {"500": "Case", "003": "Contact", "006": "Opportunity"}
MONTHS_DIGITS: Final = 2


def account_fields(options: SalesforceOptions) -> tuple[str, ...]:
    """The fields of an account that are asked for."""
    return tuple(name for name in ("Id", options.account_key, options.tier, options.mrr) if name)


def customer_of(row: Json, options: SalesforceOptions) -> CustomerSeen | None:
    """What an account's row says; None where the field that names accounts is empty."""
    name = said(dig(row, options.account_key))
    if name is None:
        return None
    told = said(dig(row, options.tier)) if options.tier else None
    tier = options.tiers.get(told, told.strip().lower()) if told else "unknown"
    return CustomerSeen(name, tier, _mrr(row, options))


def _mrr(row: Json, options: SalesforceOptions) -> float | None:
    value = dig(row, options.mrr) if options.mrr else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return round(value / options.mrr_months, MONTHS_DIGITS)


@dataclass
class Accounts:
    """Of one page: look everything up first (``look_up``), then ask for each record."""

    session: Session
    _seen: dict[str, CustomerSeen] = field(default_factory=dict)
    _owner: dict[str, str] = field(default_factory=dict)

    async def look_up(self, ids: Iterable[Json]) -> None:
        """Find the accounts of these records (accounts, cases, contacts, opportunities), a query for each kind."""
        wanted = {one for one in ids if is_id(one)}
        for prefix, name in _THROUGH.items():
            there = {one for one in wanted if one.startswith(prefix)}
            if there and await self.session.present(name, ("AccountId",)):
                for soql in by_ids(name, ("Id", "AccountId"), "Id", there):
                    async for rows in self.session.query(soql):
                        self._owner |= {
                            row["Id"]: row["AccountId"] for row in rows if is_id(dig(row, "AccountId"))
                        }
        owners = {one for one in wanted if one.startswith(ACCOUNT)} | set(self._owner.values())
        fields = await self.session.present("Account", account_fields(self.session.options))
        for soql in by_ids("Account", fields, "Id", owners) if "Id" in fields else ():
            async for rows in self.session.query(soql):
                for row in rows:
                    seen = customer_of(row, self.session.options)
                    if seen is not None:
                        self._seen[str(dig(row, "Id"))] = seen

    def facts(self, record: Json) -> dict[str, Any]:
        """The account, its tier and MRR, as fields of a body; empty where it is not known."""
        seen = self._seen.get(self._owner.get(str(record), str(record)))
        return {} if seen is None else known({"account": seen.account, "tier": seen.tier, "mrr": seen.mrr})
