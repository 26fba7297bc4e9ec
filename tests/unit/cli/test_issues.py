"""``undercurrent issues``: each issue as it was told of last, rates, and whom to tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from contracts.envelope import Envelope
from contracts.priority import IssueStatus
from contracts.registry import read_record
from tests.support.commands import undercurrent
from wiring.views.issues import issues, rates
from wiring.views.topics import Place

EXAMPLE = Path("contracts/examples/issues/1.0/done.json")


def status(**changes: Any) -> Envelope:
    return read_record("issues", orjson.dumps(orjson.loads(EXAMPLE.read_bytes()) | changes))


class Told:
    """A topic with these records."""

    def __init__(self, *records: Envelope) -> None:
        self._records = records

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        yield from ((Place(0, n), one) for n, one in enumerate(self._records) if topic == "issues")


def test_an_issue_is_what_was_told_of_it_last() -> None:
    found = issues(Told(status(state="open"), status(issue_id="other", state="started"), status()))
    assert {one.issue_id: one.state for one in found} == {status().issue_id: "done", "other": "started"}  # type: ignore[attr-defined]


def test_a_rate_counts_what_ended() -> None:
    states = ("done", "done", "cancelled", "duplicate", "open", "started", "deleted")
    found = [
        one for n, s in enumerate(states) if isinstance(one := status(issue_id=str(n), state=s), IssueStatus)
    ]
    ((count, rate),) = rates(found, lambda one: one.rule).values()
    assert (count, rate.count, rate.of) == (7, 2, 4)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "logs" / "issues").mkdir(parents=True)
    (tmp_path / "logs" / "journal").mkdir()
    lines = [status(issue_id="x", key="ENG-1", state="started"), status()]
    text = b"".join(one.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n" for one in lines)
    (tmp_path / "logs" / "issues" / "p0000.jsonl").write_bytes(text)
    (tmp_path / "journal").mkdir()
    return tmp_path


def test_issues_are_listed_with_rates_and_filters(directory: Path) -> None:
    told = undercurrent("issues", "--dir", directory, "--json").json
    assert [one["key"] for one in told["issues"]] == ["ENG-42", "ENG-1"]
    assert told["rules"][0]["resolution"]["of"] == 1
    assert "fell: 33 → 4" in undercurrent("issues", "--dir", directory, "--state", "done").out.replace(
        "\n", " "
    )


def test_a_rate_is_of_every_state_whichever_is_shown(directory: Path) -> None:
    line = status(issue_id="z", state="cancelled").model_dump_json(exclude_none=True, by_alias=True)
    (directory / "logs" / "issues" / "p0001.jsonl").write_text(line + "\n")
    told = undercurrent("issues", "--dir", directory, "--state", "done", "--json").json
    assert [one["state"] for one in told["issues"]] == ["done"]
    (rule,) = told["rules"]
    assert (rule["issues"], rule["resolution"]["count"], rule["resolution"]["of"]) == (3, 1, 2)


def test_a_small_chance_is_not_said_to_be_none(directory: Path) -> None:
    told = " ".join(undercurrent("issues", "--dir", directory).out.split())
    assert ("p < 0.001" in told, "p 0.000" in told) == (True, False)


def test_a_state_that_no_issue_has_is_refused_with_those_that_there_are(directory: Path) -> None:
    told = undercurrent("issues", "--dir", directory, "--state", "finished")
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "--state finished: say one of open, started, done" in told.err


def test_an_issue_without_a_key_is_known_by_how_its_id_begins(directory: Path) -> None:
    line = status(issue_id="0db3c63e-7639-493d-9b1f-0c6a3b7a1f20", key=None).model_dump_json(
        exclude_none=True, by_alias=True
    )
    (directory / "logs" / "issues" / "p0001.jsonl").write_text(line + "\n")
    assert "0db3c63e " in undercurrent("issues", "--dir", directory).out
    told = undercurrent("issues", "--dir", directory, "--tell", "0db3c63e")
    assert told.out.split() == ["initech", "northwind"]


def test_a_name_with_brackets_is_shown_as_it_is(directory: Path) -> None:
    line = status(issue_id="y", label="[/x] broken [bold]").model_dump_json(exclude_none=True, by_alias=True)
    (directory / "logs" / "issues" / "p0001.jsonl").write_text(line + "\n")
    told = undercurrent("issues", "--dir", directory)
    assert (told.code, "[/x]" in told.out, "[bold]" in told.out) == (0, True, True)


def test_an_issue_can_be_named_from_a_narrow_terminal(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    told = undercurrent("issues", "--dir", directory)
    assert (told.code, "ENG-42 " in told.out, "…" in told.out) == (0, True, False)


def test_an_account_cannot_speak_to_the_terminal(directory: Path) -> None:
    line = status(issue_id="z", key="ENG-9", tell=["acme\x1b[2J"]).model_dump_json(
        exclude_none=True, by_alias=True
    )
    (directory / "logs" / "issues" / "p0001.jsonl").write_text(line + "\n")
    told = undercurrent("issues", "--dir", directory, "--tell", "ENG-9")
    assert told.out == "acme\ufffd[2J\n"
    told = undercurrent("issues", "--dir", directory, "--tell", "ENG-9", "--json")
    assert told.json["tell"] == ["acme\x1b[2J"]


def test_who_is_to_be_told_is_printed_once_it_is_done(directory: Path) -> None:
    assert undercurrent("issues", "--dir", directory, "--tell", "ENG-42").out.split() == [
        "initech",
        "northwind",
    ]
    told = undercurrent("issues", "--dir", directory, "--tell", "ENG-1")
    assert (told.code, "nobody to tell until it is done" in told.err) == (2, True)
