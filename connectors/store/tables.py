"""The tables of the edge's store. ``migrations/`` makes them; a test holds both to each other.

Times are UTC as microseconds since 1970 (``BigInteger``), because SQLite has no times and PostgreSQL's would come
back in another form. What a vendor or customer said is never stored here in clear.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

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
    Column("record", Text, primary_key=True, comment="the vendor's id of what was said"),
    Column("parent", Text, nullable=False, comment="the vendor's id of what it is a part of"),
    Index("parts_by_parent", "connection", "parent"),
)

outbox = Table(
    "outbox",
    metadata,
    Column(
        "id", String(36), primary_key=True, comment="a function of destination, verb and what it is about"
    ),
    Column("tenant", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("about", String(200), nullable=False, comment="effects about one thing happen in their order"),
    Column("place", BigInteger, nullable=False, comment="that order: from the journal"),
    Column("record_id", String(160), nullable=False),
    Column("theme_id", String(64)),
    Column("urgency", Integer, nullable=False, comment="1 is first"),
    Column("state", String(16), nullable=False),
    Column("autonomy", String(16), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("lease", String(36)),
    Column("lease_until", BigInteger),
    Column("reason", String(500), nullable=False),
    Column(
        "is_outage", Boolean, nullable=False, comment="in the manual queue because the other side was away"
    ),
    Column("is_charged", Boolean, nullable=False, comment="counts in the month's quota"),
    Column("memo", JSON, nullable=False, comment="what an interrupted attempt must know"),
    Column("payload", Text, comment="sealed under the tenant's key; none once it is done"),
    Column("has_quotes", Boolean, nullable=False),
    Column("quotes_until", BigInteger, nullable=False, comment="redacted quotes are dropped then"),
    Column("happened_at", BigInteger, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("outbox_due", "state", "next_at"),
    Index("outbox_in_order", "destination", "about", "place"),
    Index("outbox_quotes", "has_quotes", "quotes_until"),
)

issues = Table(
    "issues",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("issue_id", String(64), primary_key=True, comment="ours: of tenant, theme and episode"),
    Column("tenant", String(64), nullable=False),
    Column("theme_id", String(64), nullable=False),
    Column("external_id", String(100), nullable=False),
    Column("external_key", String(100), nullable=False),
    Column("external_url", String(2000), nullable=False),
    Column("written", JSON, nullable=False, comment="keyed hashes of what we last wrote to each field"),
    Column("is_deleted", Boolean, nullable=False, comment="people deleted it: never touched again"),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("issues_by_external", "destination", "external_id"),
    Index("issues_by_theme", "tenant", "theme_id"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("effect_id", String(36), primary_key=True, comment="the effect that publishes it"),
    Column("mark", String(64), primary_key=True, comment="the concern, or the account's keyed hash"),
    Column("kind", String(16), nullable=False, comment="quote or account"),
    Column("tenant", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("issue_id", String(64), nullable=False),
    Column("item_id", String(64)),
    Column("subject", String(64), comment="whose erasure takes it back"),
    Column("account", String(64), comment="keyed hash"),
    Column("block", String(64), comment="keyed hash of the quotation with its source"),
    Column("words", String(64), comment="keyed hash of the quotation alone"),
    Column("url", String(64), comment="keyed hash of where it can be seen"),
    Column("is_out", Boolean, nullable=False, comment="it may stand at the tracker"),
    Column("is_kept", Boolean, nullable=False, comment="the payload of its effect may hold it"),
    Column("withdrawn_at", BigInteger, comment="from then on it is to stand nowhere"),
    Index("evidence_by_subject", "tenant", "subject"),
    Index("evidence_by_mark", "tenant", "mark"),
    Index("evidence_by_issue", "destination", "issue_id"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("used", Integer, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, comment="none: until a person resumes it"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True, comment="the open part of the key"),
    Column("tenant", String(64), nullable=False),
    Column("name", String(100), nullable=False, comment="what it is for, in its owner's words"),
    Column("digest", String(64), nullable=False, comment="keyed hash of the whole key, which nobody keeps"),
    Column("scopes", JSON, nullable=False),
    Column("per_s", Integer, comment="requests a second; none: the tenant's own limit alone"),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("used_at", BigInteger, comment="the last use, to a minute or so"),
    Index("api_keys_by_tenant", "tenant"),
)
