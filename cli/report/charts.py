"""Small pictures as inline SVG: only numbers and our own words go in, so there is nothing to escape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from markupsafe import Markup

from contracts.priority import Interval
from wiring.views.trend import RECENT_DAYS

# Columns that can still be told apart in a table cell of 132 px.
MOST_COLUMNS = 44


def binned(daily: Sequence[int], most: int) -> tuple[list[int], int]:
    """Daily counts summed into at most ``most`` columns, the last one ending today; days per column."""
    width = max(1, ceil(len(daily) / most))
    end = len(daily)
    columns = [sum(daily[max(0, stop - width) : stop]) for stop in range(end, 0, -width)]
    return columns[::-1], width


def columns(daily: Sequence[int], label: str, *, width: int, height: int, most: int = MOST_COLUMNS) -> Markup:
    """A column per day (or few days); the last week stands out, since the trend word is about it."""
    counts, days = binned(daily, most)
    top = max(counts, default=0)
    if not top:
        return Markup("")
    step = width / len(counts)
    recent = len(counts) - ceil(RECENT_DAYS / days)
    bars = [
        _bar(n * step, step, height, max(2.0, count / top * height), "now" if n >= recent else "then")
        for n, count in enumerate(counts)
        if count
    ]
    base = f'<rect class="base" x="0" y="{height}" width="{width}" height="1"/>'
    return _svg(width, height + 1, label, "".join(bars) + base, "columns")


def _bar(x: float, step: float, height: int, bar: float, name: str) -> str:
    gap = min(1.0, step * 0.25)
    return (
        f'<rect class="{name}" x="{x + gap / 2:.2f}" y="{height - bar:.2f}" '
        f'width="{step - gap:.2f}" height="{bar:.2f}"/>'
    )


def interval(share: Interval, *, width: int = 108, height: int = 10) -> Markup:
    """A share with its interval on a line from 0 to 100 %."""
    if not share.of:
        return Markup("")
    low, high, at = (width * x for x in (share.low, share.high, share.count / share.of))
    label = f"{percent(share.count / share.of)}, between {percent(share.low)} and {percent(share.high)}"
    middle, point = height / 2, min(width - 3, max(0.0, at - 1.5))
    body = (
        f'<rect class="track" x="0" y="{middle - 1}" width="{width}" height="2" rx="1"/>'
        f'<rect class="range" x="{low:.1f}" y="{middle - 3}" width="{max(2.0, high - low):.1f}" height="6" rx="3"/>'
        f'<rect class="point" x="{point:.1f}" y="0" width="3" height="{height}" rx="1"/>'
    )
    return _svg(width, height, label, body, "interval")


def meter(value: float, label: str, *, width: int = 96, height: int = 8) -> Markup:
    """A value from 0 to 100 as a filled track."""
    filled = width * min(100.0, max(0.0, value)) / 100
    body = (
        f'<rect class="track" x="0" y="0" width="{width}" height="{height}" rx="{height / 2}"/>'
        f'<rect class="fill" x="0" y="0" width="{filled:.1f}" height="{height}" rx="{height / 2}"/>'
    )
    return _svg(width, height, label, body, "meter")


def stacked(parts: Mapping[str, int], label: str, *, width: int = 1000, height: int = 18) -> Markup:
    """Parts of a whole side by side; a part's class is its name, the table beside it says the figures."""
    total = sum(parts.values())
    if not total:
        return Markup("")
    rects, x = [], 0.0
    for name, count in parts.items():
        share = width * count / total
        rects.append(f'<rect class="o-{name}" x="{x:.1f}" y="0" width="{share:.1f}" height="{height}"/>')
        x += share
    return _svg(width, height, label, "".join(rects), "stacked", stretch=True)


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"


def _svg(width: int, height: int, label: str, body: str, name: str, *, stretch: bool = False) -> Markup:
    opened = Markup(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" preserveAspectRatio="{}" '
        'role="img" aria-label="{}">'
    ).format(name, width, height, width, height, "none" if stretch else "xMidYMid", label)
    return opened + Markup(body) + Markup("</svg>")  # noqa: S704 (body is made of numbers and constants)
