"""Write docs/reliability.md from what the seeded fault runs left in out/faults: ``python tests/fault/report.py``.

In:  a JSON file a seed (``test_kafka_seeds``).     Out: the page.
It only counts; whether a seed held was decided by its test.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "out" / "faults"
PAGE = ROOT / "docs" / "reliability.md"

INVARIANTS = {
    "I1": "every accepted record is in the journal and ended in exactly one outcome",
    "I2": "nothing took effect twice: what lies in a topic twice is the same message, and a reader drops it",
    "I3": "nothing without a cause in the journal",
    "I4": "no revision of an item follows a newer one",
    "I5": "no record holds or names another tenant",
    "I7": "everything read and every process stopped in order in time after the last fault",
    "I10": "topics and state are those of the undisturbed run, byte for byte",
    "state": "input, state and outputs of every stage stand at one place",
}

NOTES = """*Duplicates in topics*: a killed stage's last messages arrived although its next run had looked already.
Readers drop them by `(ce_source, ce_id)`; the stages do by position. *Appends info*: the writer got no answer in
time and sent the records again."""

ENDS = """Each was started again. *Ended with -6* is the Kafka client ending its process: librdkafka 2.16 fails an
assertion (`rd_kafka_enq_once_del_source_return`) in an admin client whose broker stands still. It costs a restart and
loses nothing. *Ended with 1* is a stage that waited 30 s for the broker."""

Found = dict[str, Any]


def read_found(folder: Path) -> list[Found]:
    """What each seed left, by seed."""
    return sorted(
        (json.loads(path.read_bytes()) for path in folder.glob("seed-*.json")),
        key=lambda found: found["seed"],
    )


def page(runs: Sequence[Found], today: str) -> str:
    """The page: machine, seeds, invariants with counts, faults, duplicates, and each seed's sequence."""
    looked_at: Counter[str] = sum((Counter(run["looked_at"]) for run in runs), Counter())
    return "\n\n".join(
        [
            _head(runs, today),
            _invariants(runs, looked_at),
            _counts(looked_at),
            _faults(runs),
            _each(runs),
            _what_broke(runs),
        ]
    )


def _head(runs: Sequence[Found], today: str) -> str:
    seeds = ", ".join(str(run["seed"]) for run in runs)
    held = sum(not _broken(run) for run in runs)
    processor = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    return f"""# Reliability: what the long fault run found

{today}, {processor}, Python {platform.python_version()}: **{held} of {len(runs)} seeds held** (seeds {seeds}).

One broker (Apache Kafka in a process of its own), the four stages as processes, five tenants over four partitions,
keyword vectors, no spaCy. While about 940 records come in, a sequence of faults that the seed decides strikes
stages and broker. Then everything is healed and drained, and every topic and every stage's state is held against a
run that nobody disturbed. The sequence is the seed's; at which record a fault strikes is up to the machine.
This page is made by `make faults SEEDS=20`; one seed again, say 7:
`FAULT_SEED=7 pytest -m slow tests/fault/test_kafka_seeds.py`. What is promised: [guarantees.md](guarantees.md)."""


def _invariants(runs: Sequence[Found], looked_at: Counter[str]) -> str:
    rows = [
        f"| {name} | {meaning} | {sum(len(run['broken'][name]) for run in runs)} |"
        for name, meaning in INVARIANTS.items()
    ]
    judged = sum("items" in run["looked_at"] for run in runs)
    lines = ["## Invariants", "| | must hold | times broken |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(
        [
            *lines,
            f"Judged on all of them: {judged} seeds. One that did not come to an end counts under I7 alone.",
        ]
    )


def _counts(looked_at: Counter[str]) -> str:
    told = {"duplicates in topics": 0, **looked_at}
    rows = [f"| {what} | {count:,} |" for what, count in sorted(told.items())]
    lines = ["## Looked at, all seeds together", "| what | how many |", "| --- | --- |", *rows, ""]
    return "\n".join([*lines, NOTES])


def _faults(runs: Sequence[Found]) -> str:
    done = Counter(_kind(what) for run in runs for what in run["done"])
    ends = Counter(
        end.partition(" ended ")[2] for run in runs for end, n in run["ends"].items() for _ in range(n)
    )
    rows = [f"| {kind} | {count} |" for kind, count in sorted(done.items())]
    said = ", ".join(f"{end} ({count} times)" for end, count in sorted(ends.items())) or "none"
    lines = ["## Faults that were done", "| fault | times |", "| --- | --- |", *rows, ""]
    return "\n".join([*lines, f"How stages ended by themselves, or when asked to: {said}.", "", ENDS])


def _kind(what: str) -> str:
    """A fault without the stage that it struck."""
    words = [word for word in what.split() if word not in ("intake", "extract", "themes", "priority")]
    if words[0] == "rescale":
        return "rescale a stage"
    if words[:2] == ["kill", "process"]:
        return "kill one process of a group"
    return {
        "kill": "kill a stage",
        "pause": "pause a stage",
        "zombie of": "start a second one beside a paused stage",
    }.get(" ".join(words), " ".join(words))


def _each(runs: Sequence[Found]) -> str:
    rows = [
        f"| {run['seed']} | {', '.join(run['done'])} | {run['drained_in_s']} s "
        f"| {run['looked_at'].get('duplicates in topics', 0)} | {'; '.join(_broken(run)) or 'held'} |"
        for run in runs
    ]
    return "\n".join(
        [
            "## Each seed",
            "| seed | faults in order | drained in | duplicates | |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _what_broke(runs: Sequence[Found]) -> str:
    """The last words of everything that broke; the whole is in out/faults and in the test's output."""
    said = [
        f"- Seed {run['seed']}, {name}: {' '.join(sentence.split())[-300:]}"
        for run in runs
        for name, those in run["broken"].items()
        for sentence in those[:5]
    ]
    return "\n".join(["## What broke", "", *(said or ["Nothing."])])


def _broken(run: Found) -> list[str]:
    return [f"{name} ×{len(those)}" for name, those in run["broken"].items() if those]


def main() -> None:
    """Write the page, or say that there is nothing to write it of."""
    runs = read_found(FOUND)
    if not runs:
        sys.exit(f"{FOUND}: no seed was run; make faults SEEDS=20")
    PAGE.write_text(page(runs, datetime.now(UTC).date().isoformat()) + "\n", "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(runs)} seeds")


if __name__ == "__main__":
    main()
