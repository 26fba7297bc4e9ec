"""Where issues go: one module for each tracker, behind ``port.Tracker``."""
