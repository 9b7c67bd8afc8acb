"""A case says since when and why events may not change it any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("cases", sa.Column("frozen_at", sa.DateTime(timezone=True)))
    op.add_column("cases", sa.Column("frozen_why", sa.String(64)))


def downgrade() -> None:
    op.drop_column("cases", "frozen_why")
    op.drop_column("cases", "frozen_at")
