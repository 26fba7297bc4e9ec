"""Tables for the terminal: what a run found, in the order in which it matters.

Rich makes them plain where the output is no terminal. Texts from outside are never read as markup.
"""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from cli.words import OUTCOMES, PRIORITIES, count, day, moment, spoken, tiers
from wiring.views import RunView

_TRENDS = {"rising": "▲ rising", "new": "● new", "fading": "▽ fading", "steady": "– steady"}
_STYLES = {"rising": "yellow", "new": "cyan", "fading": "dim", "steady": ""}


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False)


def themes_table(view: RunView, limit: int = 10) -> Table:
    """The first ``limit`` themes with impact, trend, volume, accounts and negative share."""
    table = _table(f"Themes by impact ({min(limit, len(view.themes))} of {len(view.themes)})")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Theme", ratio=1, min_width=12)
    table.add_column("Impact", justify="right", no_wrap=True)
    table.add_column("Trend", no_wrap=True)
    table.add_column("Said", justify="right", no_wrap=True)
    table.add_column("Accounts", justify="right", no_wrap=True)
    table.add_column("Negative", justify="right", no_wrap=True)
    for theme in view.themes[:limit]:
        share = theme.negative
        table.add_row(
            str(theme.rank),
            Text(theme.label),
            f"{theme.effective_impact:.0f}",
            Text(_TRENDS[theme.trend], _STYLES[theme.trend]),
            count(theme.concerns),
            count(theme.accounts),
            f"{100 * share.count / share.of:.0f} %" if share.of else "–",
        )
    return table


def issues_table(view: RunView, limit: int = 20) -> Table:
    """The issues that were emitted, by event time."""
    table = _table(f"Issues ready for Linear ({min(limit, len(view.issues))} of {len(view.issues)})")
    table.add_column("When", no_wrap=True)
    table.add_column("Priority", no_wrap=True)
    table.add_column("Title", ratio=1, min_width=12)
    table.add_column("Rule", no_wrap=True)
    table.add_column("Accounts", justify="right", no_wrap=True)
    table.add_column("Tiers")
    for issue in view.issues[:limit]:
        table.add_row(
            moment(issue.event_time),
            PRIORITIES[issue.priority],
            Text(issue.title),
            Text(issue.rule),
            count(len(issue.accounts)),
            Text(tiers(issue.tiers)),
        )
    return table


def outcomes_table(view: RunView) -> Table:
    """What has become of everything that was accepted; the shares add up to all items."""
    table = _table(f"What became of {count(len(view.items), 'item')}")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Items", justify="right", no_wrap=True)
    table.add_column("Share", justify="right", no_wrap=True)
    table.add_column("Meaning", ratio=1, style="dim")
    rows = [(name, meaning, view.outcomes.get(key, 0)) for key, (name, meaning) in OUTCOMES.items()]
    rows.append(("On its way", "accepted, not through the stages yet", view.on_their_way))
    for name, meaning, number in rows:
        if number:
            table.add_row(name, count(number), f"{100 * number / len(view.items):.0f} %", meaning)
    return table


def rejects_table(view: RunView, limit: int = 20) -> Table:
    """Records that could not be accepted: file, line, field and reason."""
    table = _table(f"Rejected ({min(limit, len(view.rejects))} of {len(view.rejects)})")
    table.add_column("File", overflow="fold")
    table.add_column("Line", justify="right", no_wrap=True)
    table.add_column("Field")
    table.add_column("Reason")
    table.add_column("Message", ratio=1)
    for reject in view.rejects[:limit]:
        line = "" if reject.line is None else str(reject.line)
        field = Text(reject.field or "")
        table.add_row(Text(reject.origin), line, field, Text(spoken(reject.reason)), Text(reject.message))
    return table


def summary_line(view: RunView) -> str:
    """One line: items, themes, issues, rejects, and the moment they stand at."""
    parts = [
        count(len(view.items), "item"),
        count(len(view.themes), "theme"),
        count(len(view.issues), "issue"),
        count(len(view.rejects)) + " rejected",
        count(view.reviews.waiting) + " in review",
    ]
    return " · ".join(parts) + (f" · as of {day(view.clock)}" if view.clock else "")
