"""Mentions on social networks, through whatever service finds them: ``generic`` under the name of this source."""

from __future__ import annotations

from connectors.vendors.generic import Generic

VENDOR = Generic("social")
