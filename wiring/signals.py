"""Implicit signs of an export into the journal, each once, however often and in how many files it is told.

In:    what ``connectors.files.signals`` read.   Out: ``Signal`` records of one tenant, at the time of each sign.
State: which signs were taken, in the edge's store; noted after they are durable, so a crash may repeat a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connectors.files.signals import Sign
from connectors.keys.vault import LocalVault
from connectors.store.deliveries import DeliveryStore
from contracts.errors import WrongUsage
from contracts.feedback import Signal
from contracts.identity import partition
from contracts.registry import write_record
from operators.intake.facts import account_id, session_id
from wiring.appending import Orders

TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """How many signs were new, and how many had been taken before."""

    new: int
    known: int


def import_signs(
    orders: Orders, taken: DeliveryStore, tenant: str, signs: Sequence[Sign], now: datetime
) -> Imported:
    """Append the signs that were not taken before. Raises ``WrongUsage`` for a sign from the future."""
    late = next((sign for sign in signs if sign.at > now), None)
    if late is not None:
        raise WrongUsage(
            f"a sign happened at {late.at.isoformat()}, which is to come; look at the clock of its source"
        )
    connection, new = f"signals:{tenant}", 0
    for start in range(0, len(signs), TOGETHER):
        batch = signs[start : start + TOGETHER]
        known = {name for _, name in taken.seen_of((connection, sign.id) for sign in batch)}
        fresh = [sign for sign in batch if sign.id not in known]
        if fresh:
            orders.journal.append(
                partition(tenant, orders.partitions),
                [_line(orders.vault, tenant, sign, now) for sign in fresh],
            )
            taken.note_all((connection, sign.id, now) for sign in fresh)
        new += len(fresh)
    return Imported(new, len(signs) - new)


def _line(vault: LocalVault, tenant: str, sign: Sign, now: datetime) -> bytes:
    hashed = partial(vault.subject, tenant)
    return write_record(
        Signal(
            id="",
            tenant=tenant,
            event_time=sign.at,
            ingested_at=now,
            account=account_id(sign.account, hashed),
            session=session_id(sign.session, hashed),
            name=sign.name,
            value=sign.count,
        )
    )
