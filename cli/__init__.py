"""The ``undercurrent`` command."""
