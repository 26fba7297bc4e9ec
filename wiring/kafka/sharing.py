"""That whoever writes to the journal seals with the keys that the stages open with: those of one folder.

With keys that no stage has, what is sealed counts as of somebody whose key was destroyed: accepted, and lost.
"""

from __future__ import annotations

from connectors.kafka.groups import told_offsets
from connectors.keys.vault import is_vault
from contracts.errors import WrongUsage
from wiring.kafka.positions import position_group
from wiring.kafka.running import Site
from wiring.topics import INPUTS, STAGES


def refuse_strange_keys(site: Site) -> None:
    """See that the folder has keys where stages have run already, before new ones are made there.

    Raises ``WrongUsage`` where it has none, ``StopWorker`` where the broker does not answer.
    """
    if is_vault(site.keys):
        return
    first = STAGES[0]
    places = [(site.naming.topic(INPUTS[first]), partition) for partition in range(site.partitions)]
    told = told_offsets(site.cluster, position_group(site.naming, first), places)
    # Asked again: stages that begin at this moment make keys, and then tell.
    if told and not is_vault(site.keys):
        raise WrongUsage(
            f"{site.keys}: no keys are there, and the stages that ran open nothing that new ones seal; name the folder "
            "that they share with --data"
        )
