"""What citizens and hotlines report over Open311."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "service_requests",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key_name", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("media_url", sa.String(1000), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_case", sa.String(36)),
        sa.Column("raised_case", sa.String(36)),
    )
    op.create_index("ix_service_requests_requested_at", "service_requests", ["requested_at"])
    op.create_index("service_requests_by_digest", "service_requests", ["digest", "requested_at"])


def downgrade() -> None:
    op.drop_table("service_requests")
