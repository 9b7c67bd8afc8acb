"""Sightings know their doubts and named place; what cameras err by is kept; one associator holds a lease."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("observations", sa.Column("doubts", sa.String(100), nullable=False, server_default=""))
    op.add_column("observations", sa.Column("clock_slack_s", sa.Float(), nullable=False, server_default="0"))
    op.add_column("observations", sa.Column("place_id", sa.String(130)))
    op.create_index("observations_at_place", "observations", ["camera_id", "place_id"])
    op.create_table(
        "camera_errors",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.Column("alarms", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_table("camera_errors")
    op.drop_index("observations_at_place", "observations")
    for column in ("place_id", "clock_slack_s", "doubts"):
        op.drop_column("observations", column)
