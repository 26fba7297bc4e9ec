"""Identity: which ids things have, as pure functions of what they are.

Formats are storage formats: changing one orphans what was written under it.
"""

from __future__ import annotations

import hashlib
from uuid import UUID
from zlib import crc32

NAMESPACE = UUID("6f1d8a52-9c0e-5b1e-8a57-3d5f0f6f2c11")
"""Namespace of every uuid5 of ours."""


def _uuid(*parts: str) -> str:
    # The unit separator cannot occur in a part that came through a contract, so ("a", "bc") != ("ab", "c").
    # What uuid5 gives, at a fifth of its time: a row of an upload has 60 µs for everything.
    digest = bytearray(
        hashlib.sha1(NAMESPACE.bytes + "\x1f".join(parts).encode(), usedforsecurity=False).digest()
    )
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    name = digest.hex()
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:32]}"


def partition(tenant: str, count: int) -> int:
    """The journal partition of a tenant, the same for every producer in every language (CRC-32)."""
    return crc32(tenant.encode()) % count


def item_id(tenant: str, source: str, source_record_id: str) -> str:
    """One piece of feedback, through all its revisions."""
    return _uuid("item", tenant, source, source_record_id)


def concern_id(item: str, revision: int, n: int) -> str:
    """The n-th concern of one revision of an item; also the id of its vector point."""
    return _uuid("concern", item, str(revision), str(n))


def theme_id(tenant: str, founding_concern: str) -> str:
    """A theme, for ever: named after the concern that founded it."""
    return _uuid("theme", tenant, founding_concern)


def unnamed(theme: str) -> str:
    """What a theme is called while it has no name."""
    return f"theme {theme[:8]}"


def linear_issue_id(tenant: str, lineage: str, episode: int) -> str:
    """A version-4-shaped UUID, as Linear wants it, from ``sha256(tenant, lineage, episode)``."""
    digest = hashlib.sha256("\x1f".join(("linear", tenant, lineage, str(episode))).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def journal_id(journal_partition: int, ordinal: int) -> str:
    """Id of a journal record: its place in the order."""
    return f"{journal_partition}-{ordinal}"


def output_id(cause: str, stage: str, n: int) -> str:
    """Id of the n-th record that ``stage`` emits because of the journal record ``cause``."""
    return f"{cause}-{stage}-{n}"


def cause_of(record_id: str) -> str:
    """The journal id (``partition-ordinal``) that a record of any stage goes back to."""
    journal_partition, ordinal, *_ = record_id.split("-", 2)
    return f"{journal_partition}-{ordinal}"


def ordinal_of(record_id: str) -> int:
    """The journal ordinal that a record of any stage goes back to."""
    return int(record_id.split("-", 2)[1])


def partition_of(record_id: str) -> int:
    """The journal partition that a record of any stage goes back to."""
    return int(record_id.split("-", 1)[0])
