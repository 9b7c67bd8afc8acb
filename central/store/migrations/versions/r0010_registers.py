"""The site's registers: every change, and every row of every version."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "register_changes",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("register", sa.String(16), nullable=False),
        sa.Column("source", sa.String(300), nullable=False, server_default=""),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "register_rows",
        sa.Column("register", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column(
            "version", sa.BigInteger(), sa.ForeignKey("register_changes.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("facts", sa.JSON()),
        sa.Column("restricted", sa.JSON()),
    )


def downgrade() -> None:
    for table in ("register_rows", "register_changes"):
        op.drop_table(table)
