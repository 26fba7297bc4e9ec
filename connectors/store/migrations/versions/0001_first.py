"""The first tables: cursors of pollers, and deliveries of webhooks that were seen."""

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
        sa.Column("record", sa.String(200), primary_key=True, comment="the vendor's id of what was said"),
        sa.Column(
            "parent", sa.String(200), nullable=False, comment="the vendor's id of what it is a part of"
        ),
    )
    op.create_index("parts_by_parent", "parts", ["connection", "parent"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("parts")
    op.drop_table("deliveries")
    op.drop_table("cursors")
