"""What the decision matrix says of a theme: the action of most of its concerns, and whether it opens an issue.

In: the rules that fired for a theme's concerns, counted in its rows.   Out: a rule, and fields of records. The book is
read and not changed. Elsewhere: the rules themselves (``models.priority.matrix``).
"""

from __future__ import annotations

from models.priority.matrix import Matrix, Rule
from operators.prioritise.book import TenantBook


def suggested(book: TenantBook, root: str, matrix: Matrix) -> Rule | None:
    """The rule of most of a theme's concerns of two weeks, merged themes included; None where none fired."""
    return matrix.of_theme(_counts(book, root)[0], book.tenant)


def withheld(book: TenantBook, root: str, matrix: Matrix) -> Rule | None:
    """The rule because of which a theme opens no engineering issue; None where it opens one."""
    counts, concerns = _counts(book, root)
    if not matrix.withholds(counts, concerns, book.tenant):
        return None
    others = {name: n for name, n in counts.items() if not _opens(matrix, name, book.tenant)}
    return matrix.of_theme(others, book.tenant)


def fields_of(rule: Rule | None) -> dict[str, str | None]:
    """What records say of a rule."""
    if rule is None:
        return {}
    action = None if rule.action == "none" else rule.action
    return {"action": action, "action_rule": rule.name, "action_owner": rule.owner}


def _opens(matrix: Matrix, name: str, tenant: str) -> bool:
    rule = matrix.named(name, tenant)
    return rule is not None and rule.issue


def _counts(book: TenantBook, root: str) -> tuple[dict[str, int], int]:
    """How often each rule fired, and of how many concerns; both over a theme and what was merged into it."""
    rows = [book.themes[name] for name in book.origins(root)]
    total: dict[str, int] = {}
    for row in rows:
        for name, number in row.rules.items():
            total[name] = total.get(name, 0) + number
    return total, sum(sum(row.categories.values()) for row in rows)
