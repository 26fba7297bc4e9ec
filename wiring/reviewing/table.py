"""Cases as a CSV file that people fill in with a spreadsheet, and what they filled in.

Out:   a row per case; the columns of ``FILLED_IN`` are empty and for people.
In:    the same file; rows without a verdict are left alone, and each wrong one is told with its line while the others
       count. A cell that a spreadsheet would take for a formula begins with an apostrophe, which reading takes away.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from connectors.durable import replace_whole
from contracts.errors import WrongUsage
from wiring.reviewing.answers import VERBS, Said, correction_of
from wiring.reviewing.case import Case

SHOWN = (
    "kind", "id", "tenant", "worth", "reason", "quote", "category", "severity", "sentiment", "confidence",
    "runner_up", "options", "theme", "theme_name", "runner_up_name", "flags",
)  # fmt: skip
FILLED_IN = (
    "verdict", "new_category", "new_sublabel", "new_severity", "new_sentiment", "new_bug", "new_feature_request",
    "new_product_area", "new_theme", "new_name",
)  # fmt: skip
_CONFIRMED: dict[str, tuple[str, ...]] = {
    "concern": ("category", "severity", "sentiment"),
    "category": ("category", "severity", "sentiment"),
    "assignment": ("theme",),
    "theme": ("theme_name",),
}
"""What somebody who confirms a case says is right."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


DELIMITERS = ",;\t"
"""What spreadsheets put between cells, by the country that they are set to."""

LONGEST_CELL = 32_000
"""Characters of a cell; a spreadsheet takes 32,767, and puts the rest of a longer one where it likes."""


class Row(NamedTuple):
    """One filled-in row: its line in the file, the case's kind ("" if not told) and id, what is said of it, and the
    columns that the person saw."""

    line: int
    kind: str
    id: str
    said: Said
    shown: Mapping[str, str]


class Wrong(NamedTuple):
    """One row that cannot be meant: its line, the case's id as it is written there, and why."""

    line: int
    id: str
    why: str


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula.

    >>> safe("=HYPERLINK(1)"), safe("fine")
    ("'=HYPERLINK(1)", 'fine')
    """
    return "'" + cell if cell.startswith((*_FORMULA, "'")) else cell


def plain(cell: str) -> str:
    """What ``safe`` was given; a spreadsheet may have taken the apostrophe away already."""
    return cell[1:] if cell.startswith("'") else cell


def _nameless(_tenant: str, _theme: str) -> str:
    return ""


def write_cases(path: Path, cases: Iterable[Case], named: Callable[[str, str], str] = _nameless) -> int:
    """Write the file whole or not at all; how many rows it has. ``named`` gives the name of a tenant's theme.

    Raises ``WrongUsage`` where it cannot be written.
    """
    rows = [_row(case, named) for case in cases]
    with StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*SHOWN, *FILLED_IN))
        writer.writerows([safe(cell) for cell in row] for row in rows)
        content = file.getvalue().encode("utf-8-sig")
    try:
        replace_whole(path, content)
    except OSError as exc:
        raise WrongUsage(f"{path}: cannot be written: {exc.strerror}") from exc
    return len(rows)


def _row(case: Case, named: Callable[[str, str], str]) -> list[str]:
    told = case.decision
    flags = [name for name in ("bug", "feature_request") if told and getattr(told, name)]
    labels = [told.category, told.severity, told.sentiment] if told else ["", "", ""]
    sure = f"{told.confidence_milli / 1000:.3f}" if told else ""
    shown = [case.kind, case.id, case.tenant, str(case.worth), case.reason, _words(case), *labels, sure]
    runner_up = case.runner_up or (told.runner_up if told else None) or ""
    names = [named(case.tenant, one) if one else "" for one in (case.theme, case.runner_up)]
    shown += [
        runner_up,
        " ".join(case.options),
        case.theme or "",
        case.name or names[0],
        names[1],
        " ".join(flags),
    ]
    return [*shown, *[""] * len(FILLED_IN)]


def refuse_unseen(row: Row, case: Case) -> None:
    """Nobody confirms what the file does not show: raises ``WrongUsage`` where it is something else by now."""
    if row.said.verb != "confirm":
        return
    now = dict(zip(SHOWN, _row(case, _nameless), strict=False))
    for column in _CONFIRMED.get(case.kind, ()):
        shown, is_now = (told.get(column, now[column]).strip().lstrip("'") for told in (row.shown, now))
        if shown != is_now:
            raise WrongUsage(
                f"{column} is {shown!r} here and {is_now!r} now, so that this row confirms neither; export anew, or say"
                " what it is instead in new_…"
            )


def _words(case: Case) -> str:
    words = "\n".join(case.examples) or case.quote or ""
    return words if len(words) <= LONGEST_CELL else words[: LONGEST_CELL - 1] + "…"


def read_answers(path: Path) -> tuple[list[Row], list[Wrong]]:
    """The rows with a verdict, and those that cannot be meant; also where semicolons or tabs divide the cells.

    Raises ``WrongUsage`` for a file that is not ours.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            return _read(path, csv.reader(file, delimiter=max(DELIMITERS, key=first.count)))
    except OSError as exc:
        raise WrongUsage(f"{path}: cannot be read: {exc.strerror}") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise WrongUsage(f"{path}: is not CSV in UTF-8, save it as that: {exc}") from exc


def _read(path: Path, reader: Any) -> tuple[list[Row], list[Wrong]]:
    header: Sequence[str] | None = None
    rows: list[Row] = []
    wrong: list[Wrong] = []
    for cells in reader:
        if header is None and cells and cells[0].lower().startswith("sep="):
            continue  # a spreadsheet's note to itself about what divides the cells
        if header is None:
            header = [plain(cell).strip() for cell in cells]
            _check_header(path, header)
            continue
        line = int(reader.line_num)
        told = {name: plain(cell).strip() for name, cell in zip(header, cells, strict=False)}
        if not told.get("verdict"):
            if any(told.get(name) for name in FILLED_IN):
                wrong.append(
                    Wrong(line, told.get("id", ""), f"verdict is empty; say one of: {', '.join(VERBS)}")
                )
            continue
        try:
            rows.append(Row(line, told.get("kind", ""), told.get("id", ""), _said(told), told))
        except WrongUsage as exc:
            wrong.append(Wrong(line, told.get("id", ""), str(exc)))
    if header is None:
        raise WrongUsage(f"{path}: is empty; make one with: undercurrent review --export FILE")
    return rows, wrong


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [name for name in ("id", "verdict") if name not in header]
    unknown = [name for name in header if name.startswith("new_") and name not in FILLED_IN]
    if missing or unknown:
        what = (
            f"has no column {missing[0]!r}" if missing else f"has a column {unknown[0]!r} that nobody knows"
        )
        raise WrongUsage(f"{path}:1: {what}; make one with: undercurrent review --export FILE")


def _said(told: dict[str, str]) -> Said:
    verb = next((one for one in VERBS if one == told["verdict"].lower()), None)
    if verb is None:
        raise WrongUsage(f"verdict {told['verdict']!r}: say one of: {', '.join(VERBS)}")
    labels = {
        name: told.get(f"new_{name}") or None
        for name in ("category", "sublabel", "severity", "sentiment", "product_area")
    }
    flags = {name: _flag(f"new_{name}", told.get(f"new_{name}", "")) for name in ("bug", "feature_request")}
    given = {name: value for name, value in {**labels, **flags}.items() if value is not None}
    if given and verb != "correct":
        raise WrongUsage(
            f"new_{next(iter(given))} is filled in, and the verdict is {verb}; say correct, or empty it"
        )
    if told.get("new_theme") and verb != "assign":
        raise WrongUsage(f"new_theme is filled in, and the verdict is {verb}; say assign, or empty it")
    if told.get("new_name") and verb != "rename":
        raise WrongUsage(f"new_name is filled in, and the verdict is {verb}; say rename, or empty it")
    correction = correction_of(given) if verb == "correct" else None
    return Said(verb, correction, told.get("new_theme") or None, told.get("new_name") or None)


def _flag(name: str, cell: str) -> bool | None:
    if not cell:
        return None
    if cell.lower() not in _FLAGS:
        raise WrongUsage(f"{name} {cell!r}: say yes or no")
    return _FLAGS[cell.lower()]
