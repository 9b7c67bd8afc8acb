"""Cases say who brought them and where they are; their stages, silences and notices have tables of their own."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _new() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(16), nullable=False, server_default="video_ai"),
        sa.Column("area_code", sa.String(15)),
        sa.Column("department", sa.String(64)),
        sa.Column("number", sa.String(32)),
        sa.Column("silence_id", sa.Integer()),
        sa.Column("address", sa.String(300), nullable=False, server_default=""),
        sa.Column("description", sa.String(1000), nullable=False, server_default=""),
    ]


def upgrade() -> None:
    for column in _new():
        op.add_column("cases", column)
    op.create_index("cases_by_number", "cases", ["number"], unique=True)
    op.create_index("cases_by_area", "cases", ["area_code"])
    _width_of_roles(32)
    _stages()
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("camera_id", sa.String(64)),
        sa.Column("zone_id", sa.String(64)),
        sa.Column("kind", sa.String(32)),
        sa.Column("east_m", sa.Float()),
        sa.Column("north_m", sa.Float()),
        sa.Column("radius_m", sa.Float()),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String(64)),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notices",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), nullable=False, index=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.String(1000), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.String(300), nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_index("notices_waiting", "notices", ["next_at"])
    op.create_table(
        "case_numbers",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    for table in ("case_numbers", "notices", "silences", "case_stages"):
        op.drop_table(table)
    _width_of_roles(16)
    op.drop_index("cases_by_area", "cases")
    op.drop_index("cases_by_number", "cases")
    for column in reversed(_new()):
        op.drop_column("cases", column.name)


def _stages() -> None:
    op.create_table(
        "case_stages",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("paused_s", sa.Float(), nullable=False, server_default="0"),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("person", sa.String(64)),
        sa.Column("post", sa.String(32)),
        sa.Column("department", sa.String(64)),
        sa.Column("area_code", sa.String(15)),
        sa.Column("kind", sa.String(32)),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("told", sa.Float(), nullable=False, server_default="0"),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("level", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("case_id", "number"),
    )
    op.create_index("case_stages_waiting", "case_stages", ["next_at"])
    op.create_index("case_stages_in_time", "case_stages", ["stage", "entered_at"])


def _width_of_roles(width: int) -> None:
    """An acceptance operator's title is longer than the first tables thought. SQLite copies the table."""
    with op.batch_alter_table("case_history", table_kwargs={"sqlite_autoincrement": True}) as history:
        history.alter_column("role", type_=sa.String(width), existing_nullable=False)
