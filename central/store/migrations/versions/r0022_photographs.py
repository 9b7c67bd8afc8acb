"""Photographs are redacted and their originals sealed; those from before have neither and are shown to nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
TEXTS = (("upload_sha256", 64), ("original_sha256", 64), ("sealed_sha256", 64), ("redaction", 32))


def upgrade() -> None:
    for name, length in TEXTS:
        op.add_column("case_photos", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    for name in ("width_px", "height_px"):
        op.add_column("case_photos", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    for name in ("lat", "lon"):
        op.add_column("case_photos", sa.Column(name, sa.Float))
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index("cases_merged", "cases", ["merged_into"], sqlite_where=is_merged, postgresql_where=is_merged)


def downgrade() -> None:
    op.drop_index("cases_merged", "cases")
    for name in ("lon", "lat", "height_px", "width_px", *(name for name, _ in reversed(TEXTS))):
        op.drop_column("case_photos", name)
