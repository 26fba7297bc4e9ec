"""The headers of a dead letter: where the record lies that could not go on, and why, as tools of Kafka Connect read it.

``__connect.errors.*`` are the names that Connect's dead-letter reporter uses, so its consumers read ours; ``dlq.*`` are
our own. None holds anything of the item's content. The coordinates are those in the journal, from which a letter of any
stage is redriven; the key and headers that a journal message came with are there, not here.
"""

from __future__ import annotations

from connectors.kafka.messages import Headers
from contracts.diversions import DeadLetter
from contracts.identity import ordinal_of, partition_of

ERRORS = "__connect.errors."
OURS = "dlq."

EXPECTED = "RejectItem"
"""The exception of a record that is itself to blame."""


def dead_letter_headers(letter: DeadLetter, journal: str, version: str) -> Headers:
    """What stands beside the CloudEvents headers; ``journal`` is the topic's full name, ``version`` the code's."""
    first = letter.first_failed_at
    told = {
        ERRORS + "topic": journal,
        ERRORS + "partition": str(partition_of(letter.id)),
        ERRORS + "offset": str(ordinal_of(letter.id)),
        ERRORS + "stage": letter.stage,
        ERRORS + "class.name": f"undercurrent.{letter.stage}",
        ERRORS + "exception.class.name": letter.exception or EXPECTED,
        ERRORS + "exception.message": letter.message,
        OURS + "reason": letter.reason,
        OURS + "attempt": str(letter.attempt),
        OURS + "first_failed_at": first.isoformat().replace("+00:00", "Z") if first else None,
        OURS + "pipeline_version": version,
        OURS + "redrive_id": letter.redrive_id,
    }
    return tuple((name, value.encode()) for name, value in told.items() if value is not None)
