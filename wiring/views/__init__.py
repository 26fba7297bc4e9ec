"""A data directory as a person looks at it: ``read_run`` gives everything a report or a table shows."""

from wiring.views.model import (
    ItemView,
    LanguageView,
    QuoteView,
    RejectView,
    ReviewSample,
    ReviewsView,
    RunView,
    ThemeView,
)
from wiring.views.read import read_run, read_runs

__all__ = [
    "ItemView",
    "LanguageView",
    "QuoteView",
    "RejectView",
    "ReviewSample",
    "ReviewsView",
    "RunView",
    "ThemeView",
    "read_run",
    "read_runs",
]
