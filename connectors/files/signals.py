"""Implicit signs out of LangSmith's and Braintrust's exports: thumbs, copies, retries and the like, and nothing else.

In:    runs with ``feedback_stats``, or single records of feedback (LangSmith); spans with ``scores`` and ``tags``
       (Braintrust); JSON lines or CSV, whose columns may be paths (``metadata.account``) or hold JSON.
Out:   signs by the names of ``contracts.signals``, and what was left out and why, counted.
What evaluators scored is no sign of a user's and is left out; so is a score that says neither. Comments, inputs and
outputs are never carried along: who wants a comment as feedback uploads it as a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from connectors.files.mapping import iso
from connectors.files.reader import BadRow, read_rows

Kind = Literal["langsmith", "braintrust"]

THUMBS: Final = "thumbs"
"""What a key means whose score is up or down."""

# What users' feedback is called in both products' guides and examples; ``keys`` adds to it.
KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("thumbs", "thumb", "user_score", "user_feedback", "user_rating", "helpful", "is_helpful"), THUMBS
    ),
    **dict.fromkeys(("thumbs_up", "thumb_up", "like", "liked"), "thumbs_up"),
    **dict.fromkeys(("thumbs_down", "thumb_down", "dislike", "disliked"), "thumbs_down"),
    **dict.fromkeys(("copy", "copied"), "copy"),
    **dict.fromkeys(("retry", "retried"), "retry"),
    **dict.fromkeys(("regenerate", "regenerated"), "regenerate"),
    **dict.fromkeys(("abandon", "abandoned"), "abandon"),
    **dict.fromkeys(("edit", "edited"), "edit"),
    **dict.fromkeys(("rage_click", "rage_clicked"), "rage_click"),
}

_UP: Final = frozenset({"up", "like", "liked", "positive", "yes", "true", "good", "👍"})
_DOWN: Final = frozenset({"down", "dislike", "disliked", "negative", "no", "false", "bad", "👎"})
# Where each product's guides put who somebody is; the first that says something counts. LangSmith's ``session_id`` at
# the top is a project and no session.
ACCOUNTS: Final = ("account", "account_id", "organization_id", "org_id", "company_id", "customer_id")
SESSIONS: Final = ("session_id", "thread_id", "conversation_id")
_METADATA: Final = ("metadata", "extra.metadata", "feedback_source.metadata")
_MACHINES: Final = frozenset({"model", "auto_eval", "evaluator"})


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign. ``count``: how often it was seen on that run; ``id`` is equal when the export tells it again."""

    id: str
    name: str
    at: datetime
    count: int = 1
    account: str | None = None
    session: str | None = None


@dataclass
class Export:
    """What a file brought: signs in order, and how many rows or scores were left out for which reason."""

    signs: list[Sign] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    comments: int = 0


def read_export(path: Path, kind: Kind, keys: Mapping[str, str] | None = None) -> Export:
    """The signs of a file; ``keys`` says what further keys mean. Raises ``WrongUsage`` for a file that is none."""
    export, names, seen = Export(), {**KEYS, **(keys or {})}, set[str]()
    for row in read_rows(path):
        if isinstance(row, BadRow):
            export.left_out["unreadable row"] += 1
            continue
        record = _nested(row.fields)
        export.comments += bool(_dig(record, "comment"))
        for sign in _signs(record, kind, names, export.left_out):
            if sign.id in seen:
                export.left_out["told before in this file"] += 1
            else:
                seen.add(sign.id)
                export.signs.append(sign)
    return export


def _signs(
    record: Mapping[str, Any], kind: Kind, names: Mapping[str, str], left_out: Counter[str]
) -> Iterator[Sign]:
    at, told = _time(record), list(_told(record, kind))
    if not told:
        left_out["no score"] += 1
    elif at is None:
        left_out["no time"] += 1
    elif _is_machines(record):
        left_out["scored by an evaluator"] += 1
    else:
        for key, score, count in told:
            name = _name(names.get(key.strip().lower().replace("-", "_").replace(" ", "_")), score)
            if name is None:
                left_out["a key that is no user's sign, or a score that says neither"] += 1
                continue
            run = _dig(record, "id") or _dig(record, "run_id") or _dig(record, "span_id")
            yield Sign(f"{run} {key} {name}", name, at, count, _who(record, ACCOUNTS), _who(record, SESSIONS))


def _told(record: Mapping[str, Any], kind: Kind) -> Iterator[tuple[str, Any, int]]:
    """Key, score or word, and how often."""
    if kind == "langsmith" and (key := _dig(record, "key")):
        score = _dig(record, "score")
        yield str(key), _dig(record, "value") if score is None else score, 1
    elif kind == "langsmith":
        for key, stats in _pairs(record, "feedback_stats"):
            yield from _counted(key, _dig(stats, "n"), _dig(stats, "avg"))
    else:
        yield from ((key, score, 1) for key, score in _pairs(record, "scores"))
        tags = _dig(record, "tags")
        yield from ((str(tag), True, 1) for tag in (tags if isinstance(tags, list) else ()))


def _counted(key: str, n: Any, mean: Any) -> Iterator[tuple[str, Any, int]]:
    """Ups and downs of which only the number and the mean are told; the mean itself where they cannot be told apart."""
    if isinstance(n, int) and n > 0 and isinstance(mean, int | float) and 0 <= mean <= 1:
        ups = round(n * mean)
        if abs(ups - n * mean) < 1e-6:
            yield from ((key, score, count) for score, count in ((1, ups), (0, n - ups)) if count)
            return
    yield key, mean, 1


def _name(meaning: str | None, score: Any) -> str | None:
    """The sign that a score is; None where it says neither."""
    sure = _sure(score)
    if meaning is None or sure is None:
        return None
    if meaning == THUMBS:
        return "thumbs_up" if sure else "thumbs_down"
    return meaning if sure else None


def _sure(score: Any) -> bool | None:
    """Whether a score is up (1) or down (0, or -1); None in between, and for words that are neither."""
    if isinstance(score, str):
        word = score.strip().lower()
        if word in _UP | _DOWN:
            return word in _UP
        try:
            score = float(word)
        except ValueError:
            return None
    if not isinstance(score, int | float):
        return None
    return True if score == 1 else False if score in (0, -1) else None


def _is_machines(record: Mapping[str, Any]) -> bool:
    source, span = _dig(record, "feedback_source.type"), _dig(record, "span_attributes.type")
    return str(source).lower() in _MACHINES or str(span).lower() == "score"


def _time(record: Mapping[str, Any]) -> datetime | None:
    for name in ("created_at", "created", "start_time"):
        try:
            told = iso(_dig(record, name))
            return datetime.fromisoformat(str(told))
        except ValueError:
            continue
    return None


def _who(record: Mapping[str, Any], names: Sequence[str]) -> str | None:
    for place in _METADATA:
        for name in names:
            told = _dig(record, f"{place}.{name}")
            if isinstance(told, str | int) and not isinstance(told, bool) and str(told).strip():
                return str(told).strip()[:200]
    return None


def _pairs(record: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    told = _dig(record, path)
    return (
        [(str(key), score) for key, score in told.items() if score is not None]
        if isinstance(told, Mapping)
        else []
    )


def _dig(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Columns that are paths as objects, and cells that hold JSON as what they hold."""
    found: dict[str, Any] = {}
    for path, cell in fields.items():
        here, *steps = found, *path.split(".")
        for step in steps[:-1]:
            there = here.setdefault(step, {})
            here = there if isinstance(there, dict) else {}
        here[steps[-1]] = _parsed(cell)
    return found


def _parsed(cell: Any) -> Any:
    if isinstance(cell, str):
        if not cell.strip():
            return None
        if cell.lstrip()[0] in "{[":
            try:
                return orjson.loads(cell)
            except orjson.JSONDecodeError:
                return cell
    return cell
