"""How heavy a theme is besides what its customers say: what became of earlier issues, and who keeps it where it is.

In: the book, which is read; only ``reweighed`` marks themes to be emitted.   Out: factors with their reasons.
"""

from __future__ import annotations

from dataclasses import replace

from contracts.priority import WindowScore
from models.priority.impact import why_sentence, window_scores
from models.priority.matrix import Line, ThemeRule
from models.priority.verdicts import NEUTRAL_MILLI
from models.priority.windows import CRITICAL, SEVERE, N, most
from operators.prioritise.book import TenantBook
from operators.prioritise.verdicts import Weighed


def sheltered(book: TenantBook, root: str) -> str | None:
    """Why a theme's weight may not be lowered, in words; None where it may.

    Critical are concerns of 7 days, or the theme because people said so; people may have pinned it, or set the priority
    of the issue that stands for it.
    """
    rows = [book.themes[name] for name in book.origins(root)]
    if book.tallies.family(root).week.total[CRITICAL] or any(row.critical for row in rows):
        return "it is critical"
    if any(row.pinned for row in rows):
        return "people pinned it"
    issue = book.issues.by_id.get(book.themes[root].issue)
    if issue is not None and issue.priority is not None:
        return "people set its issue's priority"
    return None


def raised_by(book: TenantBook, root: str, rule: Line | None) -> int:
    """The step by which telemetry moves the tracker's priority; a theme that is sheltered is not moved down."""
    step = rule.raise_priority if isinstance(rule, ThemeRule) else 0
    return 0 if step < 0 and sheltered(book, root) else step


def weighed(book: TenantBook, root: str) -> Weighed | None:
    """How the verdicts on earlier issues weigh in a theme's score; None where there are none of its kind."""
    verdicts = book.issues.verdicts
    name = _kind(book, root) if verdicts else None
    if name is None or not (done := verdicts.of(name)).of:
        return None
    by = verdicts.weights.by
    said = Weighed(verdicts.weights.factor_milli(done), by, name, done)
    held = sheltered(book, root) if said.milli < NEUTRAL_MILLI else None
    return replace(said, milli=NEUTRAL_MILLI, held=held) if held else said


def scored(book: TenantBook, root: str) -> tuple[tuple[WindowScore, WindowScore], str, Weighed | None]:
    """A theme's windows, why they are what they are, and how earlier issues weigh in them."""
    family, verdicts = book.tallies.family(root), weighed(book, root)
    scores = window_scores(family, book.policy.weights, verdicts.milli if verdicts else NEUTRAL_MILLI)
    words = verdicts.words() if verdicts and family.week.total[N] else ""
    return scores, why_sentence(scores, family.week.total[SEVERE]) + words, verdicts


def factor_milli(book: TenantBook, root: str) -> int:
    """The factor alone, in thousandths."""
    known = weighed(book, root)
    return NEUTRAL_MILLI if known is None else known.milli


def reweighed(book: TenantBook) -> set[str]:
    """The themes whose score changes because verdicts came or went; they are marked."""
    names = book.issues.verdicts.changed()
    if not names:
        return set()
    roots = {root for root in book.tallies.families if _kind(book, root) in names}
    book.mark(roots)
    return roots


def _kind(book: TenantBook, root: str) -> str | None:
    """What a theme's issues are counted for: what most of its concerns are about, or the rule of its issue."""
    if book.policy.weights.verdicts.by == "category":
        return most(book.themes[name].categories for name in book.origins(root))
    issue = book.issues.by_id.get(book.themes[root].issue)
    return None if issue is None else issue.rule
