"""Figures and facts in words a colleague reads: dates, shares, names, the sentence on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from urllib.parse import urlsplit

from contracts.feedback import KNOWN_TIERS
from contracts.priority import Alert, LinearIssue, Priority
from wiring.views import RunView, ThemeView

LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "und": "not known", "zh": "Chinese",
}  # fmt: skip

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "themed": ("In a theme", "at least one of its concerns belongs to a theme"),
    "waiting": ("Waiting", "in the forming pool: too few others say the same so far"),
    "unthemed": ("Unthemed", "waited long enough; nobody else said the same"),
    "in_review": ("In review", "not surely understood; a person decides"),
    "filtered": ("Nothing to act on", "no concern in it, for instance a greeting"),
    "quarantined": ("Quarantined", "held back and sealed until a person releases it"),
    "dead_lettered": ("Rejected", "could not be read as feedback; listed below"),
    "erased": ("Erased", "its author's key was destroyed"),
    "superseded": ("Superseded", "replaced by a newer version"),
}
"""Outcome to what it is called and what it means, in the order in which they are shown."""

PRIORITIES: Mapping[int, str] = {1: "Urgent", 2: "High", 3: "Medium", 4: "Low"}
"""Linear's priorities."""


def count(number: int, noun: str = "", plural: str | None = None) -> str:
    """``1,234 items``; without a noun just the number."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def day(moment: datetime | date | None) -> str:
    """``1 Mar 2026``."""
    return f"{moment.day} {moment:%b %Y}" if moment else "–"


def moment(at: datetime | None) -> str:
    """``1 Mar 2026, 12:05 UTC``."""
    return f"{day(at)}, {at:%H:%M} UTC" if at else "–"


def span(first: datetime, last: datetime) -> str:
    """``1 Mar to 29 Apr 2026``; the year once where it is the same."""
    if first.date() == last.date():
        return day(first)
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{start} to {day(last)}"


def spoken(name: str) -> str:
    """A constant's name as words: ``low_confidence`` is ``low confidence``."""
    return name.replace("_", " ").replace("-", " ")


def hit(issue: LinearIssue) -> str:
    """Whom an issue hit in 7 days: ``7 accounts, 5 by name``; who is known by author alone is an account, too."""
    everyone = max(sum(issue.tiers.values()), len(issue.accounts))
    named = f", {len(issue.accounts) or 'none'} by name" if len(issue.accounts) < everyone else ""
    return count(everyone, "account") + named


def action(record: Priority | LinearIssue | Alert) -> str | None:
    """What the decision matrix suggests, whose work it is and by which rule; None where it says nothing."""
    if record.action is None:
        return None
    return f"{spoken(record.action)} for {record.action_owner} (rule {spoken(record.action_rule or '')})"


def language(code: str) -> str:
    """A language by its English name, where we know it."""
    return LANGUAGES.get(code, code)


def listed(names: Iterable[str]) -> str:
    """``a, b and c``."""
    known = list(names)
    return " and ".join([", ".join(known[:-1]), known[-1]] if len(known) > 2 else known)


def tiers(by_tier: Mapping[str, int]) -> str:
    """``3 enterprise · 5 pro``, the largest customers first."""
    return " · ".join(f"{by_tier[tier]:,} {tier}" for tier in _by_weight(by_tier))


def top_tiers(by_tier: Mapping[str, int]) -> list[str]:
    """The two largest kinds of customers, and how many others: ``["3 enterprise", "5 pro", "2 others"]``."""
    ordered = _by_weight(by_tier)
    parts = [f"{by_tier[tier]:,} {tier}" for tier in ordered[:2]]
    others = sum(by_tier[tier] for tier in ordered[2:])
    return [*parts, count(others, "other")] if others else parts


def _by_weight(by_tier: Mapping[str, int]) -> list[str]:
    order = [*reversed(KNOWN_TIERS), "unknown"]
    return sorted(by_tier, key=lambda tier: (order.index(tier) if tier in order else len(order), tier))


def link(url: str | None) -> str | None:
    """The address if it can be followed safely: http or https with a host; else None."""
    if not url or any(ord(c) <= 32 or c in "\"'<>\\`" for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def headline(view: RunView) -> str:
    """What there is to know first, in one or two sentences."""
    if not view.items or view.period is None:
        return "Nothing has arrived yet, so there is nothing to rank."
    sources = count(len(view.sources), "source")
    start = f"{count(len(view.items), 'piece')} of feedback from {sources}, {span(*view.period)}"
    if not view.themes:
        return f"{start}. No theme has formed yet: too few say the same so far."
    return f"{start}, form {count(len(view.themes), 'theme')}. {_first(view.themes[0])}"


def _first(theme: ThemeView) -> str:
    going = {
        "rising": ", and it is rising",
        "fading": ", and it is fading",
        "new": ", and it is new",
        "steady": "",
    }
    accounts = count(theme.accounts, "account")
    return f"What matters most now is “{theme.label}”, raised by {accounts}{going[theme.trend]}."


def movement(view: RunView) -> str:
    """Which of the larger themes are rising, new or fading; empty if none."""
    said = []
    for word in ("rising", "new", "fading"):
        labels = [f"“{theme.label}”" for theme in view.themes[:30] if theme.trend == word][:3]
        if labels:
            said.append(f"{word}: {listed(labels)}")
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + "." if text else ""
