"""Builds the parts a flow runs on; the only place that knows files, stores and models at once."""
