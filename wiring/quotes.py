"""Read the words of single concerns at the moment of use, from the ``enriched`` topic."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from connectors.keys.vault import LocalVault
from contracts.registry import read_record
from contracts.stages import EnrichedItem
from wiring.datadir import DataDir
from wiring.views.topics import Topics


def quotes_of(directory: Path, concern_ids: Iterable[str]) -> dict[str, str]:
    """Redacted words by concern; left out where they may not be shown or their subject was erased."""
    wanted = set(concern_ids)
    found: dict[str, str] = {}
    vault = LocalVault(directory / "keys")
    try:
        for _place, line in Topics(DataDir(directory).logs).lines("enriched"):
            # A cheap look before the record is parsed: most lines hold none of the wanted concerns.
            if not any(concern.encode() in line for concern in wanted):
                continue
            record = read_record("enriched", line)
            if isinstance(record, EnrichedItem) and record.coverage == "full":
                found |= _words(record, wanted, vault)
    finally:
        vault.close()
    return found


def _words(item: EnrichedItem, wanted: set[str], vault: LocalVault) -> dict[str, str]:
    opened = vault.open(item.tenant, item.text)
    if opened is None:
        return {}
    text = opened.decode()
    return {c.concern_id: text[c.start : c.end] for c in item.concerns if c.concern_id in wanted}
