"""Hold the outcome of a run against what was planted: one finding per promise of the demo.

Only what the outcome says is looked at; nothing in here knows how the pipeline decides.
*Clean* items are those that are neither chatter nor toxic, in every language; a story is judged on its
clean English items, since other languages form themes of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from demo.people import STRUCTURED
from demo.records import FADING, STORIES, TWINS, Key, Sample, Truth

MIN_THEME = 5
MIN_SHARE = MIN_PURITY = MIN_THEMED = 0.80
MAX_TWIN_SHARE = 0.05
MAX_REVIEW = 0.15
_SEPARATORS = re.compile(r"[\s().\-]")


@dataclass(frozen=True, slots=True)
class Emitted:
    """An issue: the theme it is about (redirects resolved to the end of the run), when, and why."""

    theme: str
    event_time: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected line, counted from 1; ``field`` is None where the line as a whole cannot be read."""

    line: int
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What a run says at its end.

    ``themes_of`` names the theme of each concern of an item, redirects resolved; an item without one is
    absent or empty. ``states`` holds an item's outcome in the words of ``contracts.stages.Outcome``.
    ``theme_sizes`` counts concerns as the run itself reports them. ``receipts`` lists, by item, what
    accepted deliveries that changed nothing were called: ``repeat`` or ``stale``. ``public_text`` is
    everything that may leave: report, issues, alerts, reviews, public topics, logs.
    """

    themes_of: Mapping[Key, Sequence[str]]
    theme_sizes: Mapping[str, int]
    states: Mapping[Key, str]
    issues: Sequence[Emitted]
    top_ten: Sequence[str]
    rejects: Sequence[Rejected]
    receipts: Mapping[Key, Sequence[str]] = field(default_factory=dict)
    public_text: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise: whether it was kept, what was measured, what was wanted."""

    name: str
    ok: bool
    measured: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Home:
    """The theme that holds most of a story: its share of the story, and the story's share of it."""

    theme: str | None
    size: int
    share: float
    purity: float


def check(sample: Sample, outcome: DemoOutcome) -> list[Finding]:
    """Every finding, in the order in which a person would ask; the run passes when all are ok."""
    homes = {story: find_home(sample, outcome, story) for story in STORIES}
    findings = [_story(story, homes[story]) for story in STORIES]
    findings += [_issue(sample, outcome, story, homes[story]) for story in STORIES]
    findings += [
        _fading(outcome, homes[FADING]), _twins(sample, outcome, homes), _quiet(sample, outcome),
        _themed(sample, outcome), _reviewed(sample, outcome), _rejects(sample, outcome),
        _toxic(sample, outcome), _furious(sample, outcome), _receipts(sample, outcome),
        _counted(outcome), _private(sample, outcome),
    ]  # fmt: skip
    return findings


def find_home(sample: Sample, outcome: DemoOutcome, story: str) -> Home:
    """The theme with most of the story's clean English items; ties go to the lowest theme id."""
    told = [truth for truth in _clean(sample) if truth.story == story and truth.lang == "en"]
    held = Counter(theme for truth in told for theme in _themes(outcome, truth))
    if not held:
        return Home(None, 0, 0.0, 0.0)
    theme = min(held, key=lambda name: (-held[name], name))
    members = _members(sample, outcome, theme)
    about = sum(story in truth.labels for truth in members)
    return Home(theme, len(members), held[theme] / len(told), about / len(members))


def _story(story: str, home: Home) -> Finding:
    ok = home.size >= MIN_THEME and home.share >= MIN_SHARE and home.purity >= MIN_PURITY
    measured = f"{home.size} items, {home.share:.0%} of the story, {home.purity:.0%} pure"
    wanted = f"one theme of ≥ {MIN_THEME} items with ≥ {MIN_SHARE:.0%} of it, ≥ {MIN_PURITY:.0%} pure"
    return Finding(f"{story} found", ok, measured, wanted)


def _issue(sample: Sample, outcome: DemoOutcome, story: str, home: Home) -> Finding:
    first = min(truth.created_at for truth in sample.truths.values() if truth.story == story)
    times = [issue.event_time for issue in outcome.issues if issue.theme == home.theme]
    measured = "none"
    if times:
        hours = (min(times) - first).total_seconds() / 3600
        measured = f"{len(times)}, the first {hours:.1f} h after the first report"
    return Finding(f"{story} issue", bool(times), measured, "an issue about its theme")


def _fading(outcome: DemoOutcome, home: Home) -> Finding:
    gone = home.theme is not None and home.theme not in outcome.top_ten
    measured = "gone" if gone else "never found" if home.theme is None else "still there"
    return Finding(f"{FADING} leaves the top 10", gone, measured, "gone at the end")


def _twins(sample: Sample, outcome: DemoOutcome, homes: Mapping[str, Home]) -> Finding:
    """Share of the look-alikes' themed items that sit in the other one's theme, all languages."""
    themed = strayed = 0
    for own, other in (TWINS, TWINS[::-1]):
        for truth in _clean(sample):
            if truth.story == own and (themes := _themes(outcome, truth)):
                themed += 1
                strayed += homes[other].theme in themes
    share = strayed / themed if themed else 1.0
    apart = homes[TWINS[0]].theme != homes[TWINS[1]].theme
    return Finding("look-alikes stay apart", apart and share < MAX_TWIN_SHARE,
                   f"{share:.1%} of {themed} strayed", f"two themes, < {MAX_TWIN_SHARE:.0%} strayed")  # fmt: skip


def _quiet(sample: Sample, outcome: DemoOutcome) -> Finding:
    """An issue is earned when at least half of its theme's items tell a planted story."""
    unearned = []
    for theme in sorted({issue.theme for issue in outcome.issues}):
        members = _members(sample, outcome, theme)
        told = sum(any(label in STORIES for label in truth.labels) for truth in members)
        if told * 2 < len(members) or not members:
            label = Counter(truth.label or "noise" for truth in members).most_common(1)
            unearned.append(f"{theme} ({label[0][0] if label else 'no items'})")
    return Finding("no issue without a story", not unearned, ", ".join(unearned) or "none", "none")


def _themed(sample: Sample, outcome: DemoOutcome) -> Finding:
    share, total = _share(_clean(sample), outcome, "themed")
    english, _ = _share([one for one in _clean(sample) if one.lang == "en"], outcome, "themed")
    measured = f"{share:.1%} of {total} (English {english:.1%})"
    return Finding("clean items themed", share >= MIN_THEMED, measured, f"≥ {MIN_THEMED:.0%}")


def _reviewed(sample: Sample, outcome: DemoOutcome) -> Finding:
    share, total = _share(_clean(sample), outcome, "in_review")
    everything, _ = _share(list(sample.truths.values()), outcome, "in_review")
    measured = f"{share:.1%} of {total} (with chatter {everything:.1%})"
    return Finding("clean items in review", share <= MAX_REVIEW, measured, f"≤ {MAX_REVIEW:.0%}")


def _rejects(sample: Sample, outcome: DemoOutcome) -> Finding:
    planted = {(one.line, one.breakage.field) for one in sample.deliveries if one.breakage is not None}
    found = [(reject.line, reject.field) for reject in outcome.rejects]
    missed, extra = sorted(planted - set(found), key=str), sorted(set(found) - planted, key=str)
    measured = f"{len(found)} rejected; missed {missed[:5]}, not planted {extra[:5]}"
    ok = not missed and not extra and len(found) == len(planted)
    return Finding("rejects are those planted", ok, measured, f"exactly {len(planted)}, by line and field")


def _toxic(sample: Sample, outcome: DemoOutcome) -> Finding:
    toxic = [truth for truth in sample.truths.values() if truth.toxic]
    held = sum(outcome.states.get(truth.key) == "quarantined" for truth in toxic)
    return Finding("toxic held back", held == len(toxic), f"{held} of {len(toxic)}", "all quarantined")


def _furious(sample: Sample, outcome: DemoOutcome) -> Finding:
    furious = [truth for truth in sample.truths.values() if "furious" in truth.marks]
    held = sum(outcome.states.get(truth.key) == "quarantined" for truth in furious)
    return Finding("furious let through", held == 0, f"{held} of {len(furious)} held back", "none held back")


def _receipts(sample: Sample, outcome: DemoOutcome) -> Finding:
    names = {"redelivery": "repeat", "stale": "stale"}
    planted = Counter((d.key, names[d.kind]) for d in sample.deliveries if d.key and d.kind in names)
    found = Counter((key, name) for key, receipts in outcome.receipts.items() for name in receipts)
    wrong = (planted - found).total() + (found - planted).total()
    measured = f"{found.total()} of {planted.total()} recognised, {wrong} wrong"
    return Finding("repeats and stale versions", not wrong, measured, "exactly those planted, by item")


def _counted(outcome: DemoOutcome) -> Finding:
    """A theme's reported size must be the number of living concerns in it: nothing counts twice."""
    living = Counter(theme for themes in outcome.themes_of.values() for theme in themes)
    wrong = sorted(
        theme
        for theme in {*living, *outcome.theme_sizes}
        if living[theme] != outcome.theme_sizes.get(theme, 0)
    )
    measured = f"{len(wrong)} of {len(outcome.theme_sizes)} themes differ" + "".join(
        f" {t}" for t in wrong[:3]
    )
    return Finding("every concern counted once", not wrong, measured, "sizes equal their living concerns")


def _private(sample: Sample, outcome: DemoOutcome) -> Finding:
    """Planted e-mails, phones, cards and IBANs, and authors' e-mails, in any spacing."""
    secrets = {_compact(value): kind for kind, value in _secrets(sample)}
    leaks: Counter[str] = Counter()
    for text in outcome.public_text:
        compact = _compact(text)
        leaks.update(kind for secret, kind in secrets.items() if secret in compact)
    measured = ", ".join(f"{count} × {kind}" for kind, count in sorted(leaks.items())) or "none"
    return Finding("no personal data in public", not leaks, f"{measured} ({len(secrets)} looked for)", "none")


def _secrets(sample: Sample) -> Iterable[tuple[str, str]]:
    for truth in sample.truths.values():
        yield from ((span.type, span.value) for span in truth.wording.spans if span.type in STRUCTURED)
        if truth.author_email is not None:
            yield "author's e-mail", truth.author_email


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", text).lower()


def _clean(sample: Sample) -> list[Truth]:
    return [truth for truth in sample.truths.values() if truth.labels]


def _themes(outcome: DemoOutcome, truth: Truth) -> frozenset[str]:
    return frozenset(outcome.themes_of.get(truth.key, ()))


def _members(sample: Sample, outcome: DemoOutcome, theme: str) -> list[Truth]:
    return [truth for truth in sample.truths.values() if theme in _themes(outcome, truth)]


def _share(truths: Sequence[Truth], outcome: DemoOutcome, state: str) -> tuple[float, int]:
    return sum(outcome.states.get(one.key) == state for one in truths) / max(1, len(truths)), len(truths)
