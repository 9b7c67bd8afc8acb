"""Deliveries to other systems: revisions on their way, what targets know, what they said back."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), nullable=False, index=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.String(500), nullable=False, server_default=""),
        sa.UniqueConstraint("case_id", "target", "revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_due", "deliveries", ["target", "state", "next_at"])
    op.create_table(
        "delivery_standings",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("told_state", sa.String(32)),
        sa.Column("body", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_revision", sa.Integer()),
        sa.Column("external_id", sa.String(200), index=True),
        sa.Column("heard", sa.String(500), nullable=False, server_default=""),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("heard_version", sa.Integer()),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "delivery_targets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("reconciled_at", sa.DateTime(timezone=True)),
        sa.Column("report", sa.JSON()),
    )
    op.create_table(
        "delivery_replies",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("reply_id", sa.String(200), nullable=False),
        sa.Column("case_id", sa.String(36), index=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False, server_default=""),
        sa.UniqueConstraint("target", "reply_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("delivery_replies", "delivery_targets", "delivery_standings", "deliveries"):
        op.drop_table(table)
