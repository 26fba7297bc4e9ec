"""Tell a run as it goes: theme births, windows, issues with their delay; from committed outputs alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from cli.watching import Tail
from contracts.envelope import Envelope
from contracts.identity import ordinal_of, unnamed
from contracts.priority import LinearIssue, Priority
from contracts.registry import read_record
from contracts.themes import ThemeEvent, ThemeRecord

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

# Days between two looks at the windows: the 7-day window of each theme has then moved on whole.
WINDOWS_EVERY_DAYS = 7
SHOWN = 3

TOPICS = ("theme-events", "themes", "priorities", "linear")


class Narrator:
    """Prints what was committed since the last look, in the order of the journal."""

    def __init__(self, directory: Path, start: datetime, console: Console) -> None:
        self._tails = {topic: Tail(directory, topic) for topic in TOPICS}
        self._start = start
        self._console = console
        self._newborn: set[str] = set()
        self._nameless: set[str] = set()
        self._first_seen: dict[str, datetime] = {}
        self._impact: dict[str, tuple[float, str]] = {}
        self._week = 1

    def look(self) -> None:
        """Tell what is new."""
        fresh = [read_record(topic, line) for topic, tail in self._tails.items() for line in tail.lines()]
        for record in sorted(fresh, key=lambda record: ordinal_of(record.id)):
            self._tell_windows(record.event_time)
            self._tell(record)

    def _tell(self, record: Envelope) -> None:
        match record:
            case ThemeEvent(event="born"):
                self._newborn.add(record.theme_id)
            case ThemeEvent(event="renamed") if record.theme_id in self._nameless:
                self._nameless.discard(record.theme_id)
                self._say(
                    record.event_time, f"{unnamed(record.theme_id)} has a name now: {record.name}", "cyan"
                )
            case ThemeRecord():
                self._first_seen.setdefault(record.theme_id, record.first_seen)
                if record.theme_id in self._newborn:
                    self._newborn.discard(record.theme_id)
                    self._tell_birth(record)
            case Priority():
                self._impact[record.theme_id] = (record.impact, record.label)
            case LinearIssue(change="open"):
                self._tell_issue(record)

    def _tell_birth(self, theme: ThemeRecord) -> None:
        """By its name; of few concerns that are worded differently there is none yet."""
        what = f"new theme: {theme.label} ({theme.concerns} concerns)"
        if theme.label == unnamed(theme.theme_id):
            self._nameless.add(theme.theme_id)
            what = f"new theme, which has no name yet: {theme.label} ({theme.concerns} concerns)"
        self._say(theme.event_time, what, "cyan")

    def _tell_windows(self, now: datetime) -> None:
        """Once a week of event time: the themes with the most impact."""
        while now >= self._start + DAY * WINDOWS_EVERY_DAYS * self._week:
            end = self._start + DAY * WINDOWS_EVERY_DAYS * self._week
            best = sorted(self._impact.values(), key=lambda pair: (-pair[0], pair[1]))[:SHOWN]
            if best:
                said = "; ".join(f"{label} {impact:.0f}" for impact, label in best)
                self._say(end, f"most impact after week {self._week}: {said}", "dim")
            self._week += 1

    def _tell_issue(self, issue: LinearIssue) -> None:
        self._say(issue.event_time, f"issue P{issue.priority}: {issue.title}", "bold")
        first = self._first_seen.get(issue.theme_id)
        delay = f", {(issue.event_time - first) / HOUR:.1f} h after its first report" if first else ""
        about = f"rule {issue.rule}, impact {issue.impact:.0f}, {len(issue.accounts)} known accounts{delay}"
        self._print(f"{'':>21}{about}", "bold")

    def _say(self, at: datetime, what: str, style: str) -> None:
        day = (at - self._start) // DAY + 1
        when = f"day {day:>2}, {at.strftime('%b %d %H:%M')}"
        self._print(f"{when}  {what}", style)

    def _print(self, line: str, style: str) -> None:
        """One line for each thing told, so that it can be searched; a terminal breaks it where it ends."""
        self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
