"""Pictures of cases that another central shares are fetched from it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "shared_pictures",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("picture", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.String(300), nullable=False, server_default=""),
    )
    op.create_index("shared_pictures_due", "shared_pictures", ["target", "next_at"])


def downgrade() -> None:
    op.drop_table("shared_pictures")
