"""Declarations of the topics, as data."""
