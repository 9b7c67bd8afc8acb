"""The fleet: enrolled nodes, their bundles, cameras, requests and how they stood."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fleet_nodes",
        sa.Column("node_id", sa.String(64), primary_key=True),
        sa.Column("keys", sa.JSON()),
        sa.Column("enrolled_at", sa.DateTime(timezone=True)),
        sa.Column("reported", sa.JSON()),
        sa.Column("reported_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "fleet_bundles",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("node_id", sa.String(64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.UniqueConstraint("node_id", "version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fleet_cameras",
        sa.Column("camera_id", sa.String(64), primary_key=True),
        sa.Column("node_id", sa.String(64), nullable=False, index=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "fleet_requests",
        sa.Column("request_id", sa.String(36), primary_key=True),
        sa.Column("node_id", sa.String(64), nullable=False, index=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("answer_sha256", sa.String(64)),
        sa.Column("answer_bytes", sa.Integer()),
        sa.Column("reply", sa.JSON()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "fleet_history",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node_id", sa.String(64), nullable=False, index=True),
        sa.Column("camera_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(300), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("fleet_history", "fleet_requests", "fleet_cameras", "fleet_bundles", "fleet_nodes"):
        op.drop_table(table)
