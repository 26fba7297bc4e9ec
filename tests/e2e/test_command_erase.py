"""``undercurrent erase`` on a finished run: nothing of the person opens any more, and what quoted them is withdrawn."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from connectors.keys.vault import LocalVault
from contracts.commands import Command, Erase
from contracts.feedback import FeedbackReceived
from contracts.priority import Withdrawal
from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from wiring.datadir import DataDir
from wiring.views.topics import Topics

BY = ("--tenant", "local", "--by", "ann", "--yes")


def row_of(raw: bytes) -> dict[str, Any] | None:
    """A delivery as its source tells it; None of one that is broken."""
    try:
        row = json.loads(raw)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def an_author(ran: Ran, out: Path) -> str:
    """Somebody who wrote, as the source names them."""
    written = {
        r.author for _, r in Topics(DataDir(out).logs).records("journal") if isinstance(r, FeedbackReceived)
    }
    with closing(LocalVault(out / "keys")) as vault:
        rows = [row for one in ran.deliveries if (row := row_of(one.raw)) is not None]
        authors = (str(row["author"]) for row in rows if row.get("author"))
        return next(name for name in authors if vault.subject("local", name) in written)


def test_what_a_person_wrote_opens_no_more_and_leaves_issues(ran: Ran, own_copy: Path) -> None:
    author = an_author(ran, own_copy)
    told = undercurrent("erase", author, *BY, "--dir", own_copy)
    assert (told.code, told.out) == (0, "erased\n")
    topics = Topics(DataDir(own_copy).logs)
    withdrawn = [r for _, r in topics.records("linear") if isinstance(r, Withdrawal)]
    written = [r for _, r in topics.records("journal") if isinstance(r, FeedbackReceived) and r.author]
    with closing(LocalVault(own_copy / "keys")) as vault:
        subject = vault.subject("local", author)
        theirs = [record for record in written if record.author == subject]
        assert theirs
        assert not any(vault.open("local", record.body) for record in theirs)
    assert subject in {record.subject for record in withdrawn}


def test_the_report_is_written_again_without_them_and_nobody_else_s_is(ran: Ran, own_copy: Path) -> None:
    report = own_copy / "report.html"
    written = {"local": "", "globex": ""}
    for tenant in written:
        report.write_text(f'<p class="brand">Undercurrent · {tenant}</p> words of theirs', "utf-8")
        assert undercurrent("erase", an_author(ran, own_copy), *BY, "--dir", own_copy).code == 0
        written[tenant] = report.read_text("utf-8")
    assert "words of theirs" not in written["local"]
    assert "What became of" in written["local"]
    assert "words of theirs" in written["globex"]


def test_the_same_again_says_so_to_what_did_not_hear_it(ran: Ran, own_copy: Path) -> None:
    author = an_author(ran, own_copy)
    with closing(LocalVault(own_copy / "keys")) as vault:  # the process ended between the key and the journal
        vault.destroy("local", vault.subject("local", author))
    told = undercurrent("erase", author, *BY, "--dir", own_copy)
    assert (told.code, told.out) == (0, "erased before; said again for what was made of it\n")
    orders = [r.order for _, r in Topics(DataDir(own_copy).logs).records("journal") if isinstance(r, Command)]
    assert sum(isinstance(order, Erase) for order in orders) == 1


def test_a_stranger_is_wrong_usage_and_nothing_is_said(own_copy: Path) -> None:
    before = Topics(DataDir(own_copy).logs)
    count = sum(1 for _ in before.lines("journal"))
    told = undercurrent("erase", "nobody@nowhere.example", *BY, "--dir", own_copy)
    assert told.code == 2
    assert "to the letter" in told.err
    assert "nobody@nowhere.example" not in told.err
    assert sum(1 for _ in Topics(DataDir(own_copy).logs).lines("journal")) == count
