"""Intercom: conversations by webhook and by search, deleted ones by their list (REST API 2.16)."""

from connectors.vendors.intercom.vendor import Intercom

VENDOR = Intercom()

__all__ = ["VENDOR"]
