"""Zendesk Support: tickets by event webhook and by the incremental export, ratings by their list."""

from connectors.vendors.zendesk.vendor import Zendesk

VENDOR = Zendesk()

__all__ = ["VENDOR"]
