"""What figures are reckoned from: counted items, their daily sums, camera hours, and figures that were frozen."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "assessment_items",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), nullable=False, index=True),
        sa.Column("moment", sa.String(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("took_s", sa.Integer()),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("area_code", sa.String(15), nullable=False),
        sa.Column("department", sa.String(64), nullable=False),
        sa.Column("post", sa.String(32), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("assessment_items_by_area", "assessment_items", ["area_code", "day"])
    op.create_index("assessment_items_by_day", "assessment_items", ["moment", "day"])
    op.create_table(
        "assessment_days",
        sa.Column("area", sa.String(9), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("moment", sa.String(16), primary_key=True),
        sa.Column("marks", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("took_s", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "assessment_progress",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("history_id", sa.BigInteger(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("cameras_until", sa.Date()),
    )
    op.create_table(
        "assessment_camera_days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
        sa.Column("live_s", sa.Integer(), nullable=False),
    )
    op.create_table(
        "assessment_frozen",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("axis", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("book_version", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index(
        "one_frozen_figure_sheet",
        "assessment_frozen",
        ["first_day", "last_day", "axis", "subject"],
        unique=True,
    )


def downgrade() -> None:
    for name in ("frozen", "camera_days", "progress", "days", "items"):
        op.drop_table(f"assessment_{name}")
