"""People are of a department, and notices go to persons on shift."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("people", sa.Column("department", sa.String(64), nullable=False, server_default=""))
    op.add_column("notices", sa.Column("person", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("notices", "person")
    op.drop_column("people", "department")
