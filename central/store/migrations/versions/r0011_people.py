"""People: accounts, sessions, wrong tries, and the log of who came in and who was turned away."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("login", sa.String(200), nullable=False, unique=True),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.String(400), nullable=False),
        sa.Column("district", sa.String(15), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT),
        sa.Column("disabled_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people_sessions",
        sa.Column("id_hash", sa.String(64), primary_key=True),
        sa.Column("person_id", ROW_ID, sa.ForeignKey("people.id"), index=True),
        sa.Column("service_mark", sa.String(64), nullable=False, server_default=""),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False, index=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
    )
    op.create_table(
        "login_tries",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "access_log",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False, index=True),
        sa.Column("who", sa.String(64), nullable=False, index=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("access_log", "login_tries", "people_sessions", "people"):
        op.drop_table(table)
