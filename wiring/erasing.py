"""Forget a person: destroy the key of all that they wrote, then say so in the journal, for what was made of it.

In:    an author as their source names them, or an item that nobody signed.   Out: command ``erase``.
The key goes first: were the process to end between the two, nothing opens any more, and the same order again says so.
"""

from __future__ import annotations

from contracts.commands import Erase
from contracts.errors import WrongUsage
from wiring.appending import Given, Orders, signed
from wiring.journal import nobodys_subject


def erase_author(orders: Orders, by: str, tenant: str, author: str) -> bool:
    """Erase whoever the tenant's sources call ``author``, to the letter; False if their key was gone before.

    Raises ``WrongUsage`` where nobody of that name ever wrote.
    """
    what = "nothing was ever written by that author; name them to the letter as their source does"
    return _erase(orders, by, tenant, orders.vault.subject(tenant, author), what)


def erase_item(orders: Orders, by: str, tenant: str, item_id: str) -> bool:
    """As ``erase_author``, for an item that nobody signed. Raises ``WrongUsage`` where it is signed or unknown."""
    what = f"no item {item_id} without an author was ever kept; of one that is signed erase the author"
    return _erase(orders, by, tenant, nobodys_subject(orders.vault, tenant, item_id), what)


def _erase(orders: Orders, by: str, tenant: str, subject: str, unknown: str) -> bool:
    signed(by)  # before the key is gone
    there = orders.vault.destroy(tenant, subject)
    if not there and not orders.vault.was_destroyed(tenant, subject):
        raise WrongUsage(f"tenant {tenant}: {unknown}")
    orders.give(by, [Given(tenant, Erase(subject=subject))])
    return there
