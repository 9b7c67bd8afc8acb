"""Sightings say for how long somebody stayed; those of before know nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("observations", sa.Column("attended_s", sa.Float()))


def downgrade() -> None:
    op.drop_column("observations", "attended_s")
