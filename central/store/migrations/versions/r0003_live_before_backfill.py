"""Events know their lane, their incident and what is noteworthy of them; intake's outcomes are counted per day."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

IS_WAITING = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "intake_outcomes",
        sa.Column("outcome", sa.String(24), primary_key=True),
        sa.Column("node_id", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("dead_letters", sa.Column("outcome", sa.String(24), nullable=False, server_default="malformed"))
    op.add_column("inbox", sa.Column("lane", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("inbox", sa.Column("incident_id", sa.String(36)))
    op.add_column("inbox", sa.Column("revision", sa.Integer()))
    op.add_column("inbox", sa.Column("marks", sa.String(200), nullable=False, server_default=""))
    op.drop_index("inbox_waiting", "inbox")
    op.create_index("inbox_incident", "inbox", ["incident_id"])
    op.create_index(
        "inbox_waiting_by_lane", "inbox", ["lane", "id"], sqlite_where=IS_WAITING, postgresql_where=IS_WAITING
    )


def downgrade() -> None:
    op.drop_index("inbox_waiting_by_lane", "inbox")
    op.drop_index("inbox_incident", "inbox")
    op.create_index("inbox_waiting", "inbox", ["id"], sqlite_where=IS_WAITING, postgresql_where=IS_WAITING)
    for column in ("marks", "revision", "incident_id", "lane"):
        op.drop_column("inbox", column)
    op.drop_column("dead_letters", "outcome")
    op.drop_table("intake_outcomes")
