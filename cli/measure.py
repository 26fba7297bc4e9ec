"""``undercurrent eval``: all its measurements under one name."""

from __future__ import annotations

from cli.drift import eval_drift
from cli.evaluate import app
from cli.joins import joins

app.command("joins")(joins)
app.command("drift")(eval_drift)
