"""Put a run's view into the page: what is shown of it, how much of it, and in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli import words
from cli.report import charts
from contracts.errors import WrongUsage
from contracts.priority import LinearIssue
from wiring.views import RunView

HERE = Path(__file__).parent

TOP = 12
"""Themes with a section of their own; a report longer than this is not read."""

# Rows of the longer lists: enough to act on, small enough to send. The page says how many are left out.
MORE_THEMES = 60
REJECTS = 100
ALERTS = 25


def write_report(view: RunView, path: Path) -> None:
    """Write the page, whole or not at all. Raises ``WrongUsage`` when the place cannot be written."""
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(render_report(view), encoding="utf-8")
        fresh.replace(path)
    except OSError as exc:
        raise WrongUsage(f"{path}: {exc.strerror or exc}; choose a place that can be written") from exc


def is_report_about(path: Path, tenant: str) -> bool:
    """Whether a report of this tenant's lies there."""
    return path.is_file() and f">Undercurrent · {tenant}<" in path.read_text("utf-8", errors="replace")


def render_report(view: RunView) -> str:
    """The page as text."""
    page = _environment().get_template("report.html.jinja2")
    return page.render(view=view, css=(HERE / "report.css").read_text("utf-8"), **_context(view))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "day": words.day,
        "moment": words.moment,
        "percent": charts.percent,
        "spoken": words.spoken,
        "action": words.action,
        "hit": words.hit,
        "language": words.language,
        "tiers": words.tiers,
        "top_tiers": words.top_tiers,
        "link": words.link,
        "listed": words.listed,
    }
    environment.globals |= {
        "columns": charts.columns,
        "interval": charts.interval,
        "meter": charts.meter,
        "stacked": charts.stacked,
        "priorities": words.PRIORITIES,
    }
    return environment


def _context(view: RunView) -> dict[str, Any]:
    erased = {item.item_id for item in view.items if item.outcome == "erased"}
    return {
        "headline": words.headline(view),
        "movement": words.movement(view),
        "period": words.span(*view.period) if view.period else "no period",
        "top": view.themes[:TOP],
        "more": view.themes[TOP : TOP + MORE_THEMES],
        "left_out": max(0, len(view.themes) - TOP - MORE_THEMES),
        "issues_of": _issues_of(view),
        "withdrawn": {i.issue_id for i in view.issues if any(q.item_id in erased for q in i.quotes)},
        "last_day": _last_day(view),
        "outcomes": _outcomes(view),
        "outcome_parts": {key: n for key in words.OUTCOMES if (n := view.outcomes.get(key, 0))},
        "rejects": view.rejects[:REJECTS],
        "alerts": view.alerts[-ALERTS:],
        "events": Counter(event.event for event in view.theme_events),
        "uncovered": [one for one in view.languages if not one.full_coverage],
        "withheld": sum(theme.withheld for theme in view.themes),
        "origins": sorted({item.origin for item in view.items}),
    }


def _issues_of(view: RunView) -> Mapping[str, list[LinearIssue]]:
    """Issues by the theme that they belong to now; merged themes hand theirs on."""
    root = {name: theme.theme_id for theme in view.themes for name in (theme.theme_id, *theme.absorbed)}
    issues: dict[str, list[LinearIssue]] = {theme.theme_id: [] for theme in view.themes}
    for issue in view.issues:
        if issue.theme_id in root:
            issues[root[issue.theme_id]].append(issue)
    return issues


def _last_day(view: RunView) -> date | None:
    """The day of the charts' last column."""
    if view.first_day is None or not view.themes:
        return view.first_day
    return view.first_day + timedelta(days=len(view.themes[0].daily) - 1)


def _outcomes(view: RunView) -> list[tuple[str, str, int, str]]:
    rows = [
        (key, name, view.outcomes.get(key, 0), meaning) for key, (name, meaning) in words.OUTCOMES.items()
    ]
    rows.append(("on_its_way", "On its way", view.on_their_way, "accepted, not through the stages yet"))
    return [row for row in rows if row[2]]
