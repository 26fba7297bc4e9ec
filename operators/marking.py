"""Where one generation's effects end and another's begin, marked in every topic that subscribers read.

In: a cutover, which is a journal record.   Out: the same command, once in each public topic of the stage, in order
with the records that the journal before it led to. Who publishes (``wiring.kafka.publisher``) switches there.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.commands import Command, Cutover
from contracts.envelope import Envelope, Out
from operators.numbering import Numbering


def markers(record: Envelope, topics: Sequence[str], ids: Numbering) -> list[Out]:
    """The marks that a record leaves in ``topics``: one each if it is a cutover, else none."""
    if not (isinstance(record, Command) and isinstance(record.order, Cutover)):
        return []
    return [Out(topic, record.model_copy(update={"id": ids.after(record)})) for topic in topics]
