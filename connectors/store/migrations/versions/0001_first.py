"""The first tables: cursors of pollers, deliveries of webhooks that were seen, the outbox, issues and their quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "cursors",
        sa.Column("connection", sa.String(64), primary_key=True),
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("place", sa.JSON, nullable=False, comment="the cursor's order, so that it never goes back"),
        sa.Column("saved_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("connection", sa.String(64), primary_key=True),
        sa.Column(
            "delivery", sa.String(200), primary_key=True, comment="the vendor's id of a webhook delivery"
        ),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("deliveries_by_age", "deliveries", ["seen_at"])
    op.create_table(
        "parts",
        sa.Column("connection", sa.String(64), primary_key=True),
        sa.Column("record", sa.Text, primary_key=True, comment="the vendor's id of what was said"),
        sa.Column("parent", sa.Text, nullable=False, comment="the vendor's id of what it is a part of"),
    )
    op.create_index("parts_by_parent", "parts", ["connection", "parent"])
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.String(36),
            primary_key=True,
            comment="a function of destination, verb and what it is about",
        ),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column(
            "about", sa.String(200), nullable=False, comment="effects about one thing happen in their order"
        ),
        sa.Column("place", sa.BigInteger, nullable=False, comment="that order: from the journal"),
        sa.Column("record_id", sa.String(160), nullable=False),
        sa.Column("theme_id", sa.String(64)),
        sa.Column("urgency", sa.Integer, nullable=False, comment="1 is first"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("autonomy", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease", sa.String(36)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column(
            "is_outage",
            sa.Boolean,
            nullable=False,
            comment="in the manual queue because the other side was away",
        ),
        sa.Column("is_charged", sa.Boolean, nullable=False, comment="counts in the month's quota"),
        sa.Column("memo", sa.JSON, nullable=False, comment="what an interrupted attempt must know"),
        sa.Column("payload", sa.Text, comment="sealed under the tenant's key; none once it is done"),
        sa.Column("has_quotes", sa.Boolean, nullable=False),
        sa.Column("quotes_until", sa.BigInteger, nullable=False, comment="redacted quotes are dropped then"),
        sa.Column("happened_at", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("outbox_due", "outbox", ["state", "next_at"])
    op.create_index("outbox_in_order", "outbox", ["destination", "about", "place"])
    op.create_index("outbox_quotes", "outbox", ["has_quotes", "quotes_until"])
    op.create_table(
        "issues",
        sa.Column("destination", sa.String(64), primary_key=True),
        sa.Column("issue_id", sa.String(64), primary_key=True, comment="ours: of tenant, theme and episode"),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("theme_id", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(100), nullable=False),
        sa.Column("external_key", sa.String(100), nullable=False),
        sa.Column("external_url", sa.String(2000), nullable=False),
        sa.Column(
            "written", sa.JSON, nullable=False, comment="keyed hashes of what we last wrote to each field"
        ),
        sa.Column("is_deleted", sa.Boolean, nullable=False, comment="people deleted it: never touched again"),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("issues_by_external", "issues", ["destination", "external_id"])
    op.create_index("issues_by_theme", "issues", ["tenant", "theme_id"])
    op.create_table(
        "evidence",
        sa.Column("effect_id", sa.String(36), primary_key=True, comment="the effect that publishes it"),
        sa.Column(
            "mark", sa.String(64), primary_key=True, comment="the concern, or the account's keyed hash"
        ),
        sa.Column("kind", sa.String(16), nullable=False, comment="quote or account"),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("issue_id", sa.String(64), nullable=False),
        sa.Column("item_id", sa.String(64)),
        sa.Column("subject", sa.String(64), comment="whose erasure takes it back"),
        sa.Column("account", sa.String(64), comment="keyed hash"),
        sa.Column("block", sa.String(64), comment="keyed hash of the quotation with its source"),
        sa.Column("words", sa.String(64), comment="keyed hash of the quotation alone"),
        sa.Column("url", sa.String(64), comment="keyed hash of where it can be seen"),
        sa.Column("is_out", sa.Boolean, nullable=False, comment="it may stand at the tracker"),
        sa.Column("is_kept", sa.Boolean, nullable=False, comment="the payload of its effect may hold it"),
        sa.Column("withdrawn_at", sa.BigInteger, comment="from then on it is to stand nowhere"),
    )
    op.create_index("evidence_by_subject", "evidence", ["tenant", "subject"])
    op.create_index("evidence_by_mark", "evidence", ["tenant", "mark"])
    op.create_index("evidence_by_issue", "evidence", ["destination", "issue_id"])
    op.create_table(
        "quotas",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_table(
        "pauses",
        sa.Column("destination", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, comment="none: until a person resumes it"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True, comment="the open part of the key"),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False, comment="what it is for, in its owner's words"),
        sa.Column(
            "digest", sa.String(64), nullable=False, comment="keyed hash of the whole key, which nobody keeps"
        ),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("per_s", sa.Integer, comment="requests a second; none: the tenant's own limit alone"),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("used_at", sa.BigInteger, comment="the last use, to a minute or so"),
    )
    op.create_index("api_keys_by_tenant", "api_keys", ["tenant"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("api_keys")
    op.drop_table("pauses")
    op.drop_table("quotas")
    op.drop_table("evidence")
    op.drop_table("issues")
    op.drop_table("outbox")
    op.drop_table("parts")
    op.drop_table("deliveries")
    op.drop_table("cursors")
