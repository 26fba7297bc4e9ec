"""Which themes nothing that is only counted may lower: what is critical, and what people have put where it is.

The book is read and not changed.
"""

from __future__ import annotations

from models.priority.windows import CRITICAL
from operators.prioritise.book import TenantBook


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
