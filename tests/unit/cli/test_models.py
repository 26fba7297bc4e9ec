"""Orders about models say why in words that everybody may read."""

from __future__ import annotations

from pathlib import Path

from tests.support.commands import undercurrent


def test_a_reason_with_personal_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs" / "journal").mkdir(parents=True)
    why = "asked by ann@example.com"
    told = undercurrent("models", "pin", "category", "--author", "ann", "--reason", why, "--dir", tmp_path)
    assert (told.code, "reason: holds personal data (email)" in told.err, why in told.err) == (2, True, False)
