"""The tables of the edge's store. ``migrations/`` makes them; a test holds both to each other.

Times are UTC as microseconds since 1970 (``BigInteger``), because SQLite has no times and PostgreSQL's would come
back in another form. What a vendor or customer said is never stored here in clear.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, MetaData, String, Table

metadata = MetaData()

cursors = Table(
    "cursors",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("state", JSON, nullable=False),
    Column("place", JSON, nullable=False, comment="the cursor's order, so that it never goes back"),
    Column("saved_at", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("delivery", String(200), primary_key=True, comment="the vendor's id of a webhook delivery"),
    Column("seen_at", BigInteger, nullable=False),
    Index("deliveries_by_age", "seen_at"),
)

parts = Table(
    "parts",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("record", String(200), primary_key=True, comment="the vendor's id of what was said"),
    Column("parent", String(200), nullable=False, comment="the vendor's id of what it is a part of"),
    Index("parts_by_parent", "connection", "parent"),
)
