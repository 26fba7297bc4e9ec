"""Dataflows: which steps there are, in the order in which a record meets them."""
