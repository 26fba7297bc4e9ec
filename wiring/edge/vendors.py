"""The vendors that this installation has: every module of ``connectors.vendors`` that says ``VENDOR``."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

import connectors.vendors
from connectors.vendors.port import Connection, Vendor
from contracts.errors import WrongUsage


@cache
def vendors() -> Mapping[str, Vendor]:
    """Vendors by name."""
    found: dict[str, Vendor] = {}
    for module in pkgutil.iter_modules(connectors.vendors.__path__):
        vendor = getattr(import_module(f"connectors.vendors.{module.name}"), "VENDOR", None)
        if vendor is not None:
            found[vendor.name] = vendor
    return found


def vendor_of(connection: Connection) -> Vendor:
    """The vendor of a connection whose options it has checked. Raises ``WrongUsage`` saying what to change."""
    vendor = vendors().get(connection.vendor)
    if vendor is None:
        known = ", ".join(sorted(vendors())) or "none"
        raise WrongUsage(
            f"connection {connection.name}: no vendor is called {connection.vendor}; known: {known}"
        )
    vendor.check(connection)
    return vendor
