"""Tables for the terminal: what a run found, in the order in which it matters.

Rich makes them plain where the output is no terminal. Texts from outside are never read as markup.
"""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from cli.printing import harmless
from cli.words import OUTCOMES, PRIORITIES, count, day, spoken
from contracts.priority import LinearIssue
from wiring.views import RunView, ThemeView

_TRENDS = {"rising": "▲ rising", "new": "● new", "fading": "▽ fading", "steady": "– steady"}
WIDE = 80
"""Columns of a terminal from which on every column is shown, but for …"""
NARROW = 60
"""Below this even the accounts are left out: names of themes would stand letter below letter."""
VERY_WIDE = 110
"""… the family, from here on."""

SHORT_ID = 8
"""Characters by which commands know a theme."""

_STYLES = {"rising": "yellow", "new": "cyan", "fading": "dim", "steady": ""}


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False)


def themes_table(view: RunView, limit: int = 10, *, width: int = WIDE) -> Table:
    """The first ``limit`` themes with the beginning of their ids, impact, trend, volume, accounts and negative share.

    ``width`` is the terminal's; below 80 columns what matters least is left out, below 60 accounts too; from 110 on the
    family is told.
    """
    table = _table(f"Themes by impact ({min(limit, len(view.themes))} of {len(view.themes)})")
    wide = width >= WIDE
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Theme", overflow="fold")
    if wide:
        table.add_column("Id", no_wrap=True, style="dim")
    if width >= VERY_WIDE:
        table.add_column("Family", overflow="fold", style="dim")
    for name in (
        "Impact",
        "Trend",
        *(("Said",) if wide else ()),
        *(("Accounts",) if width >= NARROW else ()),
        *(("Negative",) if wide else ()),
    ):
        table.add_column(name, justify="left" if name == "Trend" else "right", no_wrap=True)
    for theme in view.themes[:limit]:
        table.add_row(*_theme_cells(theme, width))
    return table


def _theme_cells(theme: ThemeView, width: int) -> list[str | Text]:
    wide = width >= WIDE
    share = theme.negative
    negative = f"{100 * share.count / share.of:.0f} %" if share.of else "–"
    known_by = [Text(theme.theme_id[:SHORT_ID])] if wide else []
    family = [Text(theme.family or "")] if width >= VERY_WIDE else []
    named: list[str | Text] = [str(theme.rank), Text(theme.label), *known_by, *family]
    cells = [*named, f"{theme.effective_impact:.0f}"]
    cells.append(Text(_TRENDS[theme.trend], _STYLES[theme.trend]))
    if wide:
        cells.append(count(theme.concerns))
    if width >= NARROW:
        cells.append(count(theme.accounts))
    if wide:
        cells.append(negative)
    return cells


def issues_table(view: RunView, limit: int = 20, *, width: int = WIDE) -> Table:
    """The issues that were emitted, by event time; below 80 columns without action and accounts.

    A title counts whoever wrote, the last column the accounts that are known by name.
    """
    table = _table(f"Issues ready for Linear ({min(limit, len(view.issues))} of {len(view.issues)})")
    wide = width >= WIDE
    table.add_column("When", no_wrap=True)
    table.add_column("Priority", no_wrap=True)
    table.add_column("Title", overflow="fold")
    if wide:
        table.add_column("Action", overflow="fold")
        table.add_column("Known\naccounts", justify="right", no_wrap=True)
    for issue in view.issues[:limit]:
        when = f"{issue.event_time:%Y-%m-%d %H:%M}" if wide else f"{issue.event_time:%Y-%m-%d}"
        more: list[str | Text] = [Text(_action(issue)), count(len(issue.accounts))] if wide else []
        table.add_row(when, PRIORITIES[issue.priority], Text(issue.title), *more)
    return table


def _action(issue: LinearIssue) -> str:
    """What is suggested and whose work it is; before there was a matrix, the rule of priority."""
    return f"{spoken(issue.action)}: {issue.action_owner}" if issue.action else f"rule {spoken(issue.rule)}"


def outcomes_table(view: RunView) -> Table:
    """What has become of everything that was accepted; the shares add up to all items."""
    table = _table(f"What became of {count(len(view.items), 'item')}")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Items", justify="right", no_wrap=True)
    table.add_column("Share", justify="right", no_wrap=True)
    table.add_column("Meaning", style="dim")
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
    table.add_column("Message", overflow="fold")
    for reject in view.rejects[:limit]:
        line = "" if reject.line is None else str(reject.line)
        field = Text(reject.field or "")
        table.add_row(
            Text(harmless(reject.origin)), line, field, Text(spoken(reject.reason)), Text(reject.message)
        )
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
