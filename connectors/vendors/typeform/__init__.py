"""Typeform: responses by webhook and by a walk from new to old."""

from connectors.vendors.typeform.vendor import Typeform

VENDOR = Typeform()

__all__ = ["VENDOR"]
