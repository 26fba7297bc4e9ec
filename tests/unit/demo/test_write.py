import csv
import json
from pathlib import Path

from demo.records import Sample
from demo.write import write_customers, write_input, write_labelled


def test_the_input_has_one_line_for_each_delivery_broken_bytes_included(
    sample: Sample, tmp_path: Path
) -> None:
    path = tmp_path / "input.jsonl"
    assert write_input(sample, path) == len(sample.deliveries)
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert lines == [delivery.raw for delivery in sample.deliveries]


def test_lines_that_are_no_json_are_exactly_the_unreadable_ones(sample: Sample) -> None:
    unreadable = set()
    for delivery in sample.deliveries:
        try:
            readable = isinstance(json.loads(delivery.raw.decode()), dict)
        except ValueError:
            readable = False
        unreadable |= set() if readable else {delivery.line}
    assert unreadable == {d.line for d in sample.rejects if d.breakage and d.breakage.field is None}


def test_the_labelled_form_names_every_item_once(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    write_labelled(sample, path)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {tuple(row["id"].split("/")) for row in rows} == set(sample.truths)
    assert sum(row["toxic"] for row in rows) == 12
    assert all(row["text"][s["start"] : s["end"]] == s["value"] for row in rows for s in row["spans"])


def test_the_customers_file_has_a_row_for_each_account(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    write_customers(sample, path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [row["account"] for row in rows] == [one.account for one in sample.customers]
