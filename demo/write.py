"""The sample as files: the input with its broken lines, the labelled form for ``eval``, the customers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from demo.records import Sample, Truth
from demo.rows import stamp


def write_input(sample: Sample, path: Path) -> int:
    """Write the lines in order of arrival, byte for byte; return how many."""
    path.write_bytes(b"".join(delivery.raw + b"\n" for delivery in sample.deliveries))
    return len(sample.deliveries)


def write_labelled(sample: Sample, path: Path) -> int:
    """Write every item's newest plain text with its truth, by time of creation; return how many.

    ``label`` is the first concern's story or topic and null for noise and abuse; ``labels`` names all.
    """
    truths = sorted(sample.truths.values(), key=lambda truth: (truth.created_at, truth.key))
    lines = (json.dumps(_labelled(truth), ensure_ascii=False) + "\n" for truth in truths)
    path.write_text("".join(lines), encoding="utf-8")
    return len(truths)


def _labelled(truth: Truth) -> dict[str, object]:
    return {
        "id": "/".join(truth.key),
        "text": truth.wording.text,
        "label": truth.label,
        "labels": list(truth.labels),
        "story": truth.story,
        "lang": truth.lang,
        "spans": [
            {"type": span.type, "start": span.start, "end": span.end, "value": span.value}
            for span in truth.wording.spans
        ],
        "toxic": truth.toxic,
        "ts": stamp(truth.created_at),
    }


def write_customers(sample: Sample, path: Path) -> int:
    """Write ``account,name,tier,mrr`` as CSV; return how many accounts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("account", "name", "tier", "mrr"))
        rows.writerows((one.account, one.name, one.tier, one.mrr) for one in sample.customers)
    return len(sample.customers)
