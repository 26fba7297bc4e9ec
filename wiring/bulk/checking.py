"""Look at every row of a file as an upload and intake would, and write nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from connectors.files.reader import read_rows
from contracts.errors import RejectItem
from operators.intake.decode import decode_body
from wiring.bulk.book import Told
from wiring.bulk.upload import KEPT_BAD, Options, describe
from wiring.drafts import Draft, draft_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What an upload would be; ``reasons`` holds line and reason of the first bad rows."""

    told: Told
    rows: int
    bad: int
    reasons: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        reasons = [{"line": line, "reason": reason} for line, reason in self.reasons]
        return {"rows": self.rows, "bad": self.bad, "map": dict(self.told.mapping), "errors": reasons}


def check(path: Path, options: Options) -> Checked:
    """Read and judge every row. Raises ``WrongUsage`` for what is wrong with the file as a whole."""
    told, now = describe(path, options), datetime.now(UTC)
    rows = bad = 0
    reasons: list[tuple[int, str]] = []
    for row in read_rows(path):
        rows += 1
        reason = _wrong_with(draft_of(row, told.mapping, lambda _: "", now))
        if reason is not None:
            bad += 1
            if len(reasons) < KEPT_BAD:
                reasons.append((row.line, reason))
    return Checked(told, rows, bad, tuple(reasons))


def _wrong_with(draft: Draft) -> str | None:
    if draft.unreadable is not None:
        return draft.unreadable
    try:
        decode_body(orjson.dumps(draft.body))
    except RejectItem as exc:
        return str(exc)
    return None
