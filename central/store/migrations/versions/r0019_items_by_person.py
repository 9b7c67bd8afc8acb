"""A person's counted items are found without reading everybody's."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("assessment_items_by_person", "assessment_items", ["person", "day"])


def downgrade() -> None:
    op.drop_index("assessment_items_by_person", "assessment_items")
