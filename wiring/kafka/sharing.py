"""That whoever writes to the journal does it as the stages read it: in their partitions, with their keys.

With another number of partitions a tenant would be in two, and its order and state with it. With keys that no stage
has, what is sealed counts as of somebody whose key was destroyed: accepted, and lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import TopicPartition

from connectors.kafka.admin import topics_as_asked
from connectors.kafka.groups import told_offsets
from connectors.keys.vault import fingerprint
from contracts.errors import WrongUsage
from wiring.kafka.positions import beat_in, keys_in, position_group
from wiring.kafka.running import Site
from wiring.topics import INPUTS, STAGES


def refuse_unlike_stages(site: Site) -> None:
    """See that the journal is cut as ``site`` says, and that its folder has the keys of the stages that have run.

    For whoever writes to the journal. Raises ``RecoveryRefused`` for its partitions, else as ``refuse_strange_keys``.
    """
    topics_as_asked(site.cluster, [site.naming.journal], site.partitions)
    refuse_strange_keys(site)


def refuse_strange_keys(site: Site) -> None:
    """See that the folder has the keys of the stages that have run, before new ones are made or used there.

    Raises ``WrongUsage`` where there are none or others, ``StopWorker`` where the broker does not answer.
    """
    first = STAGES[0]
    places = [(site.naming.topic(INPUTS[first]), partition) for partition in range(site.partitions)]
    told = told_offsets(site.cluster, position_group(site.naming, first), places)
    if not told:
        return
    # Asked behind them: stages that begin at this moment make keys, and then tell.
    ours, theirs = fingerprint(site.keys), _told_last(told)
    if ours is None:
        raise WrongUsage(
            f"{site.keys}: no keys are there, and the stages that ran open nothing that new ones seal; name the folder "
            "that they share with --data"
        )
    if theirs is not None and theirs != ours:
        raise WrongUsage(
            f"{site.keys}: the keys there are not those of the stages, which open nothing that these seal; name the "
            "folder that they share with --data"
        )


def _told_last(told: Sequence[TopicPartition]) -> str | None:
    """The fingerprint that intake told last; None where it told none."""
    newest = max(told, key=lambda one: beat_in(one.metadata) or 0.0)
    return keys_in(newest.metadata)
