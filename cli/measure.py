"""``undercurrent eval``: all its measurements under one name."""

from __future__ import annotations

from cli.drift import eval_drift
from cli.evaluate import app
from cli.joins import joins
from cli.language import language
from cli.learning import learning

app.command("joins")(joins)
app.command("drift")(eval_drift)
app.command("language")(language)
app.command("learning")(learning)
