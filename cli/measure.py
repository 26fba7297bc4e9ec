"""``undercurrent eval``: all its measurements under one name."""

from __future__ import annotations

from cli.drift import eval_drift
from cli.evaluate import app
from cli.joins import joins
from cli.language import language

app.command("joins")(joins)
app.command("drift")(eval_drift)
app.command("language")(language)
