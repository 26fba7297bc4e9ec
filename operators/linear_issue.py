"""The words of a Linear issue: title, Markdown description, labels, priority.

Everything that stems from feedback is redacted before it comes here, and is neutralised here: no image,
link, mention, heading or HTML of a customer's text comes through. Pure functions of their arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.priority import Corroboration, Interval, Levels, Quote, WindowScore
from models.priority.policy import IssuePriorities

TITLE_CHARS = 255
QUOTE_CHARS = 400
LISTED_ACCOUNTS = 20
"""How many accounts the description names; the record itself carries all."""

_STEPS: tuple[Literal[1, 2, 3, 4], ...] = (1, 2, 3, 4)

_ZERO_WIDTH = "\u200b"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&$^=])")
_AUTOLINK = re.compile(r"(?i)(://|www\.|mailto:|@)")
_BARE_DOMAIN = re.compile(r"(?<=\w)\.(?=[A-Za-z]{2,})")
_UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_SAFE_URL = re.compile(r"https?://[^\s<>()\[\]\\\"'`\u0000-\u001f\u007f]{1,2000}")


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What an issue is about. ``reason`` says which rule fired and why; ``why`` explains the score.

    ``action`` is what the decision matrix suggests, ``telemetry`` what was measured before complaints; because of that
    the tracker's priority is ``raised`` by a step, or lowered (-1).
    """

    tenant: str
    theme_id: str
    label: str
    rule: str
    reason: str
    why: str
    scores: tuple[WindowScore, WindowScore]
    category: str | None
    area: str | None
    quotes: tuple[Quote, ...]
    accounts: tuple[str, ...]
    tiers: Mapping[str, int]
    first_seen: datetime
    last_seen: datetime
    action: str | None = None
    telemetry: Corroboration | None = None
    raised: int = 0

    @property
    def impact(self) -> float:
        """The larger of the windows' impacts."""
        return max(score.impact for score in self.scores)


def plain(text: str) -> str:
    """One line without control characters, links or mentions, for places that are not Markdown."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    line = _AUTOLINK.sub(
        lambda m: m[0][:-1] + _ZERO_WIDTH + m[0][-1] if m[0] != "@" else "@" + _ZERO_WIDTH, line
    )
    return _BARE_DOMAIN.sub("." + _ZERO_WIDTH, line)


def spoken(label: str) -> str:
    """A label of the taxonomy as words, ``plain``."""
    return plain(label.replace("_", " "))


def escaped(text: str) -> str:
    """``plain`` text whose Markdown characters mean themselves.

    >>> escaped("**see** [this](x) <EMAIL_1>")
    '\\\\*\\\\*see\\\\*\\\\* \\\\[this\\\\]\\\\(x\\\\) \\\\<EMAIL\\\\_1\\\\>'
    """
    return _MARKDOWN.sub(r"\\\1", plain(text))


def shortened(text: str, chars: int) -> str:
    """At most ``chars`` characters, cut at a word where possible."""
    if len(text) <= chars:
        return text
    head = text[: chars - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[chars // 2 :] else head).rstrip() + "…"


def title(facts: IssueFacts) -> str:
    """What it is about and how many it hits, at most 255 characters."""
    day, week = facts.scores
    top = day if day.impact > week.impact else week
    span = "24 hours" if top is day else "7 days"
    accounts = "1 account" if top.accounts == 1 else f"{top.accounts} accounts"
    negative = top.negative
    tail = f": {accounts} in {span}"
    if negative.of:
        tail += f", {100 * negative.count / negative.of:.0f} % negative"
    return shortened(plain(facts.label), TITLE_CHARS - len(tail)) + tail


def priority(facts: IssueFacts, rule_kind: str, bounds: IssuePriorities) -> Literal[1, 2, 3, 4]:
    """Linear's priority: critical severity is urgent; half of the negatives at least high; else by impact.

    What telemetry says moves it by a step, but critical severity.
    """
    if rule_kind == "critical":
        return 1
    if facts.impact >= bounds.urgent:
        step = 1
    elif rule_kind == "negative_share" or facts.impact >= bounds.high:
        step = 2
    else:
        step = 3 if facts.impact >= bounds.medium else 4
    return _STEPS[min(4, max(1, step - facts.raised)) - 1]


def labels(facts: IssueFacts) -> tuple[str, ...]:
    """Category, product area, the rule, and our own name; each once, in this order."""
    names = [facts.category, facts.area, facts.rule, "undercurrent"]
    return tuple(dict.fromkeys(plain(name) for name in names if name))


def description(facts: IssueFacts) -> str:
    """The issue's body in Markdown."""
    parts = [
        f"**Why now.** {facts.reason}",
        f"**Why it matters.** {facts.why}",
        f"**Suggested.** {escaped(facts.action)}." if facts.action else "",
        _telemetry(facts),
        _numbers(facts),
        _quotes(facts),
        _who(facts),
        f"**Seen** first {_when(facts.first_seen)}, last {_when(facts.last_seen)}.",
        _further(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def comment(facts: IssueFacts) -> str:
    """What is said below an issue that is there: why now, the score, and what customers said last."""
    parts = [facts.reason, f"**Why it matters.** {facts.why}", _telemetry(facts), _quotes(facts)]
    return "\n\n".join(part for part in parts if part) + "\n"


def corroborated(known: Corroboration) -> str:
    """What telemetry says of complaints, in plain text with its figures; it may hold a deploy's name as it came.

    A fault that raises no error looks the same as none, so the words say what was measured and no more.
    """
    share = known.share
    levels = (
        _level("error rate", known.errors_ppm, 10_000, " %"),
        _level("p95 latency", known.latency_p95_ms),
    )
    means = "; ".join(filter(None, levels))
    far = _share(share) if share.count else f"none of them (at most {100 * share.high:.0f} %)"
    said = (
        f"Errors or latency were measured before {share.of} of {known.complaints} complaints of two weeks, and far "
        f"above the usual before {far}. Mean before {'these' if share.count else 'them'}: {means}."
    )
    if known.deploy:
        name = plain(shortened(known.deploy, 80))
        said += f" Deploy {name} ran before {known.deploy_complaints} of these."
    return said


def _level(name: str, levels: Levels | None, unit: int = 1, mark: str = " ms") -> str:
    if levels is None:
        return ""
    before, usual = (
        f"{value / unit:.3g}" if unit > 1 else f"{value:,}" for value in (levels.before, levels.usual)
    )
    return f"{name} {before}{mark}, usually {usual}{mark}"


def _telemetry(facts: IssueFacts) -> str:
    if facts.telemetry is None:
        return ""
    doubt = " A fault that raises no error looks the same." if facts.raised < 0 else ""
    return f"**Telemetry.** {escaped(corroborated(facts.telemetry) + doubt)}"


def _numbers(facts: IssueFacts) -> str:
    rows = [
        "| window | accounts | concerns | negative (95 % interval) | impact |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {s.window} | {s.accounts} | {s.concerns} | {_share(s.negative)} | {s.impact:.1f} |"
        for s in facts.scores
    ]
    return "\n".join(rows)


def _share(share: Interval) -> str:
    if not share.of:
        return "–"
    percent = (100 * share.count / share.of, 100 * share.low, 100 * share.high)
    return "{} of {} = {:.0f} % ({:.0f}–{:.0f} %)".format(share.count, share.of, *percent)


def _quotes(facts: IssueFacts) -> str:
    if not facts.quotes:
        return ""
    return "**What customers say** (personal data removed)\n\n" + "\n\n".join(map(quotation, facts.quotes))


def quotation(quote: Quote) -> str:
    """What was said and where, as a block quote of two paragraphs (``connectors.trackers.cutting`` finds it again)."""
    return f"> {quoted(quote)}\n>\n> — {escaped(quote.source)}, {link(quote)}"


def quoted(quote: Quote) -> str:
    """What was said, as it is shown."""
    return escaped(shortened(quote.text, QUOTE_CHARS))


def link(quote: Quote) -> str:
    """The way back to the source: its own address when that is a plain web address, else the item id."""
    if quote.source_url and _SAFE_URL.fullmatch(quote.source_url):
        return f"[open at the source](<{quote.source_url}>)"
    return f"item `{quote.item_id.replace('`', '')}`"


def _who(facts: IssueFacts) -> str:
    tiers = ", ".join(f"{count} {tier}" for tier, count in sorted(facts.tiers.items()))
    named = ", ".join(escaped(account) for account in facts.accounts[:LISTED_ACCOUNTS])
    more = len(facts.accounts) - LISTED_ACCOUNTS
    lines = [f"**Affected** in 7 days, by tier: {tiers}." if tiers else ""]
    if named:
        lines.append(f"Accounts: {named}{f' and {more} more' if more > 0 else ''}.")
    return "\n".join(line for line in lines if line)


def _further(facts: IssueFacts) -> str:
    words = re.sub(r"[^\w\s]", " ", plain(facts.label))
    return (
        f"**Look further.** Theme `{facts.theme_id}` of tenant `{facts.tenant}`: `undercurrent themes history "
        f'{facts.theme_id[:8]}` tells its history, `undercurrent similar "{" ".join(words.split())}"` finds what was '
        "said alike."
    )


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
