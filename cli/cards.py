"""How a case that waits for a person reads: a row for programs, two lines for lists, a card for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.tables import SHORT_ID
from wiring.reviewing.case import Case

WITHHELD = "(words withheld)"
_FLAGS = ("bug", "feature_request", "urgent", "churn_risk")


def case_row(case: Case) -> dict[str, Any]:
    """A case for programs."""
    told = case.decision
    row: dict[str, Any] = {
        "kind": case.kind,
        "id": case.id,
        "tenant": case.tenant,
        "item_id": case.item_id,
        "reason": case.reason,
        "worth": case.worth,
        "due": case.due,
        "quote": case.quote,
        "by": case.by or None,
    }
    if told is not None:
        row |= {
            "category": told.category,
            "sublabel": told.sublabel,
            "severity": told.severity,
            "sentiment": told.sentiment,
            "bug": told.bug,
            "feature_request": told.feature_request,
            "confidence": told.confidence_milli / 1000,
            "provisional": told.provisional,
            "options": list(case.options),
            "category_sure": None if case.category_milli is None else case.category_milli / 1000,
        }
    if case.theme is not None:
        row |= {"theme_name": case.name, "examples": list(case.examples)}
    if case.kind == "assignment":
        row |= {
            "theme": case.theme,
            "runner_up": case.runner_up,
            "probability": None if case.p_milli is None else case.p_milli / 1000,
        }
    return row


def case_lines(case: Case) -> str:
    """A case in two lines, its words the second."""
    words = " ".join((case.quote or WITHHELD).split())
    sure = "" if case.p_milli is None else f" (p {case.p_milli / 1000:.2f})"
    place = f" → theme {case.theme[:SHORT_ID]}{sure}" if case.kind == "assignment" and case.theme else ""
    name = f" “{case.name}”" if case.name else ""
    return f"{case.kind} {case.id}{name}{place}  worth {case.worth}, {case.reason}\n    {words}"


def card(case: Case, place: str, themes: dict[str, str]) -> str:
    """A case for the terminal; ``place`` says which of how many, ``themes`` names themes by id."""
    lines = [f"── {place} · {case.kind} · worth {case.worth} ──"]
    lines += [f"  {words}" for words in case.examples or (case.quote or WITHHELD,)]
    lines += ["", *_decided(case)]
    if case.theme is not None:
        sure = "" if case.p_milli is None else f"  (p {case.p_milli / 1000:.2f})"
        lines.append(f"  theme: {_named(case.theme, themes, case.name)}{sure}")
    if case.kind == "assignment" or case.runner_up is not None:
        lines.append(f"  else: {_named(case.runner_up, themes)}")
    lines.append(f"  why: {case.reason}")
    return "\n".join(lines)


def _decided(case: Case) -> Iterator[str]:
    """What was decided of a concern, by whom, how sure that is, and what else it could be."""
    told = case.decision
    if told is None:
        return
    # What is known of an assignment is who assigned it, not who labelled it.
    said_by = f", said by {case.by}" if case.kind in ("concern", "category") else ""
    flags = [name.replace("_", " ") for name in _FLAGS if getattr(told, name)]
    kind = f"{told.category}{f' / {told.sublabel}' if told.sublabel else ''}"
    yield (
        f"  {kind}, {told.severity}, {told.sentiment}{''.join(f', {flag}' for flag in flags)}"
        f"  (sure {told.confidence_milli / 1000:.2f}{said_by})"
    )
    others = [name for name in case.options if name != told.category][:3] or [told.runner_up or ""]
    yield f"  else: {', '.join(filter(None, others)) or 'nothing near'}"
    if case.category_milli is not None:
        yield f"  your own model would have the category right with {case.category_milli / 1000:.2f}"


def _named(theme: str | None, themes: dict[str, str], name: str | None = None) -> str:
    return "none" if theme is None else f"{name or themes.get(theme) or 'theme'} [{theme[:SHORT_ID]}]"
