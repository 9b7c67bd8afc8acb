"""The live list has an index of its own, and cases may be somebody's to see to."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "case_assignments",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False, index=True),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "cases_listed",
        "cases",
        ["is_prominent", "severity", "id", "state", "kind", "silence_id", "area_code"],
        sqlite_where=sa.text("merged_into IS NULL"),
        postgresql_where=sa.text("merged_into IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("cases_listed", "cases")
    op.drop_table("case_assignments")
