"""What the decision matrix says of a theme: the action of most of its concerns, and whether it opens an issue.

In: the rules that fired for a theme's concerns and what telemetry says of them, counted in its rows.   Out: a line of
the matrix, and fields of records. The book is read and not changed. Elsewhere: the rules (``models.priority.matrix``).
"""

from __future__ import annotations

from contracts.priority import Corroboration
from models.priority.matrix import Line, Matrix, Rule, ThemeRule
from models.priority.telemetry import corroboration
from models.priority.windows import summed
from operators.prioritise.book import TenantBook

ACTION_WORDS: dict[str, str] = {
    "engineering_ticket": "engineering ticket",
    "content_update": "content update",
    "routing_change": "routing-rule change",
    "retrain_candidate": "retrain candidate",
    "none": "nothing to do",
}


def suggested(book: TenantBook, root: str, matrix: Matrix) -> Line | None:
    """The rule of most of a theme's concerns of two weeks, merged themes included; None where none fired.

    Where a line about themes holds, because of what telemetry says, it is that one.
    """
    most = matrix.of_theme(_counts(book, root)[0], book.tenant)
    return _by_telemetry(book, root, matrix, most) or most


def of_issue(book: TenantBook, root: str, matrix: Matrix) -> Line | None:
    """What a theme's engineering issue suggests: as ``suggested``, of the rules that open one where any of these fired.

    So an issue never says that nothing is to be done because the largest part of its concerns praises.
    """
    line = suggested(book, root, matrix)
    if line is None or line.issue or isinstance(line, ThemeRule):
        return line
    opening = {name: n for name, n in _counts(book, root)[0].items() if _opens(matrix, name, book.tenant)}
    return matrix.of_theme(opening, book.tenant) or line


def withheld(book: TenantBook, root: str, matrix: Matrix) -> Line | None:
    """The line because of which a theme opens no engineering issue; None where it opens one."""
    counts, concerns = _counts(book, root)
    line = _by_telemetry(book, root, matrix, matrix.of_theme(counts, book.tenant))
    if line is not None:
        return None if line.issue else line
    if not matrix.withholds(counts, concerns, book.tenant):
        return None
    others = {name: n for name, n in counts.items() if not _opens(matrix, name, book.tenant)}
    return matrix.of_theme(others, book.tenant)


def telemetry_of(book: TenantBook, root: str) -> Corroboration | None:
    """What telemetry says of a theme's complaints; None where nothing was measured before any of them."""
    return corroboration(summed(book.themes[name].telemetry for name in book.origins(root)))


def _by_telemetry(book: TenantBook, root: str, matrix: Matrix, most: Rule | None) -> ThemeRule | None:
    if not matrix.themes:
        return None
    return matrix.by_telemetry(most, telemetry_of(book, root), book.tenant)


def fields_of(rule: Line | None) -> dict[str, str | None]:
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
    return summed(row.rules for row in rows), sum(sum(row.categories.values()) for row in rows)


def action_line(rule: Line) -> str:
    """What a rule of the matrix suggests, in words: the action, whose work it is, and the rule."""
    whose = f", for {rule.owner}" if rule.owner else ""
    return f"{ACTION_WORDS[rule.action]}{whose} (rule {rule.name})"
