"""``undercurrent dlq`` on a finished run: what is dead is listed, opened only on the record, and redriven once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from tests.support.crash import topic_bytes
from tests.support.product import ledger_of


def listed(out: Path, *more: str) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = undercurrent("dlq", "ls", "--dir", out, "--json", *more).json["letters"]
    return letters


def test_letters_are_counted_by_reason_and_hold_no_words(ran: Ran) -> None:
    told = undercurrent("dlq", "ls", "--dir", ran.out, "--json")
    assert told.code == 0
    assert sum(told.json["counts"].values()) == len(told.json["letters"]) > 1
    assert (
        len(undercurrent("dlq", "ls", "--dir", ran.out).out.splitlines()) == 2 * len(told.json["letters"]) + 1
    )


def test_letters_are_chosen_by_reason_tenant_and_time(ran: Ran) -> None:
    everything = listed(ran.out)
    reason = everything[0]["reason"]
    assert {row["reason"] for row in listed(ran.out, "--reason", reason)} == {reason}
    assert listed(ran.out, "--tenant", "local", "--since", "1d") == everything
    assert listed(ran.out, "--since", "2999-01-01") == listed(ran.out, "--tenant", "nobody") == []


def test_what_came_is_shown_only_after_it_is_written_down_who_looked(ran: Ran, own_copy: Path) -> None:
    letter, audit = listed(own_copy)[0]["id"], own_copy / "audit.jsonl"
    show = ("dlq", "show", letter, "--dir", own_copy, "--json")
    assert "content" not in undercurrent(*show).json
    refused = undercurrent(*show, "--reveal", "--author", "ann")
    assert (refused.code, refused.out, audit.exists()) == (2, "", False)
    shown = undercurrent(*show, "--reveal", "--author", "ann", "--reason-text", "ticket 4711").json
    note = orjson.loads(audit.read_bytes())
    assert (note["author"], note["why"], note["record"]) == ("ann", "ticket 4711", letter)
    assert shown["content"]
    assert "None" not in undercurrent(*show[:-1]).out


def test_letters_are_redriven_corrected_dropped_and_a_rebuild_keeps_it(
    ran: Ran, own_copy: Path, tmp_path: Path
) -> None:
    (first, *others) = listed(own_copy)
    fixed = tmp_path / "fixed.json"
    fixed.write_bytes(orjson.dumps({"text": "The export to CSV is broken for large boards."}))
    order = ("dlq", "redrive", first["id"], "--author", "ann", "--dir", own_copy)
    assert undercurrent(*order, "--fixed", fixed, "--dry-run").code == 0
    assert listed(own_copy) == [first, *others]
    assert undercurrent(*order, "--fixed", fixed).code == 0
    assert undercurrent(*order).code == 2
    reason = others[0]["reason"]
    again = undercurrent(
        "dlq", "redrive", "--reason", reason, "--limit", "1", "--author", "ann", "--dir", own_copy, "--json"
    )
    (new,) = again.json["dead_again"]
    assert (again.code, {row["id"]: row["attempt"] for row in listed(own_copy)}[new]) == (3, 2)
    assert undercurrent("dlq", "drop", new, "--author", "ann", "--why", "junk", "--dir", own_copy).code == 0
    ledger, topics = ledger_of(own_copy), topic_bytes(own_copy / "logs")
    assert ledger.check() == []
    assert ledger.items()[first["item_id"]].outcome not in ("dead_lettered", None)
    undercurrent("rebuild", own_copy)
    assert undercurrent(*ran.argv, "--out", own_copy).code == 3
    assert topic_bytes(own_copy / "logs") == topics


@pytest.mark.parametrize(
    "argv",
    [
        ("redrive", "--author", "ann"),
        ("redrive", "0-0-intake-0", "--author", "ann"),
        ("redrive", "--reason", "x", "--fixed", "f", "--author", "ann"),
        ("redrive", "--reason", "x", "--rate", "fast", "--author", "ann"),
        ("ls", "--since", "yesterday"),
        ("show", "0-0-intake-0"),
        ("drop", "0-0-intake-0", "--author", "ann", "--why", " "),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(ran: Ran, argv: tuple[str, ...]) -> None:
    told = undercurrent("dlq", argv[0], "--dir", ran.out, *argv[1:])
    assert (told.code, told.err.count("\n")) == (2, 1)
