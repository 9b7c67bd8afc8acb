"""Events wait for their district's associator; a lease can be asked back; marked events are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

IS_WAITING = sa.text("done_at IS NULL")
IS_MARKED = sa.text("marks != ''")


def upgrade() -> None:
    op.add_column("inbox", sa.Column("district", sa.String(40), nullable=False, server_default=""))
    op.add_column("bonds", sa.Column("district", sa.String(40), nullable=False, server_default=""))
    op.add_column("leases", sa.Column("wanted_by", sa.String(64)))
    op.drop_index("inbox_waiting_by_lane", "inbox")
    op.create_index(
        "inbox_waiting_in_district",
        "inbox",
        ["district", "lane", "id"],
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    )
    op.create_index("inbox_marked", "inbox", ["id"], sqlite_where=IS_MARKED, postgresql_where=IS_MARKED)


def downgrade() -> None:
    op.drop_index("inbox_marked", "inbox")
    op.drop_index("inbox_waiting_in_district", "inbox")
    op.create_index(
        "inbox_waiting_by_lane", "inbox", ["lane", "id"], sqlite_where=IS_WAITING, postgresql_where=IS_WAITING
    )
    op.drop_column("leases", "wanted_by")
    op.drop_column("bonds", "district")
    op.drop_column("inbox", "district")
