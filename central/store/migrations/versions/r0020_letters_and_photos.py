"""Dead letters are put away by somebody for a reason; photographs from the street belong to cases."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("discarded_at", sa.DateTime(timezone=True)))
    op.add_column("dead_letters", sa.Column("discarded_by", sa.String(64), nullable=False, server_default=""))
    op.add_column("dead_letters", sa.Column("discarded_why", sa.String(300), nullable=False, server_default=""))
    op.create_table(
        "case_photos",
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("case_photos")
    op.drop_column("dead_letters", "discarded_why")
    op.drop_column("dead_letters", "discarded_by")
    op.drop_column("dead_letters", "discarded_at")
