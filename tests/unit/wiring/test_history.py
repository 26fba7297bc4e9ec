"""Loading history: in the order in which it happened, resumable at every moment, the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.jsonl.log import JsonlLog, read_log
from connectors.keys.vault import LocalVault
from contracts.commands import Command
from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.feedback import FeedbackReceived, Tick, Undecodable
from contracts.identity import item_id
from contracts.registry import read_journal
from wiring import history
from wiring.history import Customer, History, customer_rows, read_arrivals, ticks_between
from wiring.loads import LoadBook

pytestmark = pytest.mark.lengthy

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass
class Place:
    """A directory that files are loaded into."""

    root: Path
    vault: LocalVault
    out: str = "out"

    def load(
        self, file: Path, *, customers: Path | None = None, mapping: str | None = None, now: datetime = NOW
    ) -> int:
        (self.root / self.out).mkdir(exist_ok=True)
        with JsonlLog(self.journal, 1) as log:
            loaded = History("acme", 0, log, self.vault, LoadBook(self.root / self.out))
            return loaded.load(file, mapping=mapping, customers=customers, now=now)

    @property
    def journal(self) -> Path:
        return self.root / self.out / "journal"

    def lines(self) -> list[bytes]:
        return [line.data for line in read_log(self.journal, 0)]

    def records(self) -> list[Envelope]:
        return [read_journal(0, n, line) for n, line in enumerate(self.lines())]

    def file(self, name: str, rows: Sequence[dict[str, object]]) -> Path:
        path = self.root / name
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    vault = LocalVault(tmp_path / "keys")
    yield Place(tmp_path, vault)
    vault.close()


def dated(*days: float, start: datetime = NOW - 100 * DAY) -> list[dict[str, object]]:
    return [
        {"id": f"r{n}", "text": f"text {n}", "date": (start + d * DAY).isoformat()}
        for n, d in enumerate(days)
    ]


def kinds(records: Sequence[Envelope]) -> str:
    return "".join({"feedback": "f", "tick": "t", "command": "c", "customer": "u"}[r.kind] for r in records)


def test_a_load_is_bracketed_and_its_ticks_lie_between_what_they_part(place: Place) -> None:
    place.load(place.file("f.jsonl", dated(0, 0.01, 0.1)))
    assert kinds(place.records()) == "ctffttftc"
    times = [r.event_time for r in place.records()[1:-1] if r.kind == "tick"]
    assert [later - earlier for earlier, later in pairwise(times)] == [HOUR] * 3


def test_rows_that_come_newest_first_are_put_in_order(place: Place) -> None:
    place.load(place.file("f.jsonl", dated(3, 2, 1, 0)))
    found = [r.event_time for r in place.records() if isinstance(r, FeedbackReceived)]
    assert found == sorted(found)
    assert len(found) == 4


def test_every_journal_record_of_a_load_can_be_read(place: Place) -> None:
    rows = [*dated(0, 1), {"id": "x", "text": "t", "source": "s" * 65}, {"text": 5}, {"id": "y"}]
    place.load(place.file("a-name-" + "x" * 80 + ".jsonl", rows))
    assert not [r for r in place.records() if isinstance(r, Undecodable)]


def test_a_source_s_name_that_is_too_long_is_told_by_line_and_goes_with_its_author(place: Place) -> None:
    rows = [{"id": "x", "text": "t", "author": "jo", "source": "s" * n} for n in (65, 3)]
    place.load(place.file("f.jsonl", rows))
    record, readable = [r for r in place.records() if isinstance(r, FeedbackReceived)]
    assert (record.unreadable, record.found_at.line) == ("source: longer than 64 characters", 1)
    assert record.body.subject == record.author == readable.author


def test_no_source_is_called_by_somebody_s_address(place: Place) -> None:
    rows = [{"id": n, "text": "t", "source": s} for n, s in enumerate(("jo@b.example", "mail", ""))]
    place.load(place.file("calls +44 20 7946 0958.jsonl", rows))
    place.load(place.file("calls-2026-06-01-0900.jsonl", rows[2:]))
    records = [r for r in place.records() if isinstance(r, FeedbackReceived)]
    assert [r.source for r in records] == ["file", "mail", "file", "calls-2026-06-01-0900"]


def test_the_same_file_again_adds_nothing(place: Place) -> None:
    file = place.file("f.jsonl", dated(0, 1))
    assert place.load(file) > 0
    assert place.load(file, now=NOW + DAY) == 0


def test_a_file_that_changes_while_it_is_looked_at_adds_nothing_and_stands_in_nobody_s_way(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("f.jsonl", dated(0, 1))
    looked_at = history.read_arrivals

    def written_meanwhile(*given: Any) -> Any:
        place.file("f.jsonl", dated(0, 1, 2))
        return looked_at(*given)

    with monkeypatch.context() as patch:
        patch.setattr(history, "read_arrivals", written_meanwhile)
        with pytest.raises(WrongUsage, match="changed while it was read"):
            place.load(file)
    assert kinds(place.records()).count("f") == 0
    place.load(file)
    assert kinds(place.records()).count("f") == 3


def customers(place: Place, text: str = "account,tier,mrr\nacct,pro,5\nother,free,\n") -> Path:
    path = place.root / "customers.csv"
    path.write_text(text)
    return path


def interrupted(place: Place, load: Callable[[], int], after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load, and die after ``after`` appends."""
    append = JsonlLog.append
    left = iter(range(after))

    def dying(log: JsonlLog, partition: int, lines: Sequence[bytes]) -> range:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return append(log, partition, lines)

    with monkeypatch.context() as patch:
        patch.setattr(JsonlLog, "append", dying)
        with pytest.raises(KeyboardInterrupt):
            load()


def test_a_load_goes_on_at_every_append_with_the_same_bytes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "APPEND_RECORDS", 4)
    undated: list[dict[str, object]] = [{"text": "no date"}, {"text": "no date"}]
    file, listed = place.file("f.jsonl", dated(0, 0.2, 0.1, 0.2) + undated), customers(place)
    place.load(file, customers=listed)
    whole, appends = place.lines(), -(-len(place.lines()) // 4)
    for after in range(appends):
        place.out = f"out{after}"
        interrupted(place, lambda: place.load(file, customers=listed), after, monkeypatch)
        # Begun at another moment, finished later still: the first start counts once something was written.
        place.load(file, customers=listed, now=NOW + DAY if after else NOW)
        assert place.lines() == whole, f"after {after} appends"


def test_a_load_that_died_after_its_last_append_adds_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.file("f.jsonl", dated(0, 1))
    with monkeypatch.context() as patch:
        patch.setattr(LoadBook, "finish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            place.load(file)
    assert place.load(file) == 0
    assert place.load(file) == 0


@pytest.mark.parametrize("changed", ["file", "mapping", "customers"])
def test_another_load_is_refused_while_one_is_not_finished(
    place: Place, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    monkeypatch.setattr(history, "APPEND_RECORDS", 4)
    file, listed = place.file("f.jsonl", dated(0, 1)), customers(place)
    interrupted(place, lambda: place.load(file, customers=listed), 1, monkeypatch)
    file = place.file("f.jsonl", dated(0, 2)) if changed == "file" else file
    mapping = "text=id" if changed == "mapping" else None
    with pytest.raises(WrongUsage, match=r"the load of f\.jsonl is not finished"):
        place.load(file, customers=None if changed == "customers" else listed, mapping=mapping)


def test_a_load_that_wrote_nothing_stands_in_nobody_s_way(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(place, lambda: place.load(place.file("f.jsonl", dated(0, 1))), 0, monkeypatch)
    assert place.load(place.file("g.jsonl", dated(0, 1))) > 0


def test_a_mistake_in_the_customer_list_is_told_before_anything_is_written(place: Place) -> None:
    file, listed = place.file("f.jsonl", dated(0)), customers(place, "account,tier,mrr\nacct,pro,much\n")
    with pytest.raises(WrongUsage, match=r"customers\.csv:2: mrr 'much'"):
        place.load(file, customers=listed)
    assert place.lines() == []


@pytest.mark.parametrize("mrr", ["-1", "nan", "inf", "1,5", "[1]"])
def test_an_amount_that_is_none_is_refused_by_line(place: Place, mrr: str) -> None:
    with pytest.raises(WrongUsage, match=r"customers\.csv:2: mrr"):
        list(customer_rows(customers(place, f'account,tier,mrr\nacct,pro,"{mrr}"\n')))


def test_a_customer_without_an_account_is_refused_by_line(place: Place) -> None:
    with pytest.raises(WrongUsage, match=r"customers\.csv:3: account is empty"):
        list(customer_rows(customers(place, "account,tier\nacct,pro\n ,pro\n")))


def test_customers_are_read_from_json_lines_too(place: Place) -> None:
    listed = place.file("c.jsonl", [{"account": 7, "mrr": 0}, {"account": "b", "tier": "pro", "mrr": None}])
    assert list(customer_rows(listed)) == [Customer("7", "", 0.0), Customer("b", "pro", None)]


def test_a_file_of_a_header_alone_is_an_empty_load(place: Place) -> None:
    path = place.root / "f.csv"
    path.write_text("id,text\n")
    place.load(path)
    assert [type(r) for r in place.records()] == [Command, Command]


def test_a_wrong_mapping_of_a_header_alone_is_still_wrong(place: Place) -> None:
    path = place.root / "f.csv"
    path.write_text("id,text\n")
    with pytest.raises(WrongUsage, match="no column 'nope'"):
        place.load(path, mapping="text=nope")


# -- arrivals ------------------------------------------------------------------------------------------


def arrivals(place: Place, rows: Sequence[dict[str, object] | bytes]) -> list[history.Arrival]:
    path = place.root / "f.jsonl"
    path.write_bytes(b"".join((r if isinstance(r, bytes) else orjson.dumps(r)) + b"\n" for r in rows))
    mapping = {"text": "text", "created_at": "date", "source_record_id": "id", "source_updated_at": "updated"}
    return read_arrivals(path, mapping, place.vault, "acme", NOW)


def lines(found: Sequence[history.Arrival]) -> list[int | None]:
    return [arrival.found_at.line for arrival in found]


def test_a_row_that_cannot_be_read_keeps_its_place_behind_its_predecessor(place: Place) -> None:
    early, late = dated(0, 1)
    found = arrivals(place, [b"{broken", early, b"{broken", early | {"id": "z", "date": "soon"}, late])
    assert lines(found) == [1, 2, 3, 4, 5]
    assert found[0].at == found[2].at == found[3].at == found[1].at


@pytest.mark.parametrize(
    "never", ["0001-01-01T00:00:00+14:00", "1900-01-01", "9999-12-31", "1970-01-01T00:00:00Z"]
)
def test_a_date_that_cannot_be_right_does_not_move_the_clock(place: Place, never: str) -> None:
    first, second = dated(0, 1)
    found = arrivals(place, [first, second | {"date": f"{never}"}, second])
    assert [arrival.at for arrival in found] == [found[0].at, found[0].at, found[2].at]


def test_a_row_without_a_date_happened_when_the_file_was_first_loaded(place: Place) -> None:
    found = arrivals(place, [{"text": "x"}, *dated(0)])
    assert (lines(found), found[-1].at, found[-1].happened_at) == ([2, 1], NOW, NOW)


def test_what_its_source_changed_last_comes_last_and_keeps_its_event_time(place: Place) -> None:
    first, second = dated(0, 1)
    changed = first | {"updated": (NOW - DAY).isoformat()}
    found = arrivals(place, [changed, second])
    assert lines(found) == [2, 1]
    assert (found[1].at, found[1].happened_at) == (NOW - DAY, NOW - 100 * DAY)


def test_rows_without_an_id_get_one_from_their_fields_and_their_occurrence(place: Place) -> None:
    rows: list[dict[str, object] | bytes] = [
        {"text": "same"},
        {"text": "same"},
        {"text": "other"},
        {"text": "x", "id": " "},
    ]
    ids = [a.source_record_id for a in arrivals(place, rows)]
    assert ids == [a.source_record_id for a in arrivals(place, rows)]
    assert len(set(ids)) == 4
    assert (ids[0][:-2], ids[0][-2:], ids[1][-2:]) == (ids[1][:-2], "-1", "-2")
    assert len({item_id("acme", "f", name) for name in ids}) == 4


# -- ticks ---------------------------------------------------------------------------------------------


def test_the_first_tick_is_the_hour_of_the_first_arrival() -> None:
    assert list(ticks_between(None, NOW + 0.5 * HOUR, None)) == [NOW]


def test_ticks_are_hourly_and_none_is_given_twice() -> None:
    assert list(ticks_between(NOW, NOW + 2.5 * HOUR, NOW)) == [NOW + HOUR, NOW + 2 * HOUR]
    assert list(ticks_between(NOW + 2 * HOUR, NOW + 2.9 * HOUR, NOW)) == []


def test_a_long_gap_has_hourly_ticks_while_windows_empty_then_daily_ones_then_hourly_again() -> None:
    until = NOW + 60 * DAY
    ticks = list(ticks_between(NOW, until, NOW))
    steps = [after - before for before, after in zip([NOW, *ticks], ticks, strict=False)]
    assert set(steps) == {HOUR, DAY}
    assert steps[: 8 * 24] == [HOUR] * (8 * 24)
    assert ticks[-1] == until
    assert len(ticks) < 8 * 24 + 60 + 26


def test_a_gap_of_years_is_some_thousand_ticks_and_not_a_million() -> None:
    assert sum(1 for _ in ticks_between(NOW, NOW + 3650 * DAY, NOW)) < 4_000


def test_the_last_tick_comes_after_the_last_arrival(place: Place) -> None:
    place.load(place.file("f.jsonl", dated(0, 0.03)))
    records = place.records()
    last = max(r.event_time for r in records if isinstance(r, FeedbackReceived))
    assert [r.event_time for r in records if isinstance(r, Tick)][-1] > last
