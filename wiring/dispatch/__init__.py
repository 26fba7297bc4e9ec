"""Dispatch: what is decided becomes issues and alerts outside, once, by way of the outbox. ``docs/dispatch.md``."""
