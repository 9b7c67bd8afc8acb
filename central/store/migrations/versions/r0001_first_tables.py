"""The tables as central first shipped them: one observation an incident, one open case an incident."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _inbox()
    _dead_letters()
    _observations()
    _evidence()
    _cases()
    _case_members()
    _case_history()
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
    )
    op.create_table(
        "changes",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    tables = "changes nodes case_history case_members cases evidence observations dead_letters inbox"
    for table in tables.split():
        op.drop_table(table)


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("node_id", sa.String(64), nullable=False),
        sa.Column("stream_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.String(500)),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("node_id", "stream_id", "seq"),
        sqlite_autoincrement=True,
    )
    is_waiting = sa.text("done_at IS NULL")
    op.create_index("inbox_waiting", "inbox", ["id"], sqlite_where=is_waiting, postgresql_where=is_waiting)


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(300), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("node_id", sa.String(64)),
        sa.Column("stream_id", sa.String(36)),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True)),
        sqlite_autoincrement=True,
    )
    for name in ("node_id", "received_at", "sha256"):
        op.create_index(f"ix_dead_letters_{name}", "dead_letters", [name])


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("incident_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("seen", sa.String(32), nullable=False),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("east_m", sa.Float()),
        sa.Column("north_m", sa.Float()),
        sa.Column("ee_m2", sa.Float()),
        sa.Column("en_m2", sa.Float()),
        sa.Column("nn_m2", sa.Float()),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("peak", sa.Float(), nullable=False),
        sa.Column("latest", sa.JSON(), nullable=False),
    )
    op.create_index("observations_in_time", "observations", ["group", "last_seen_at"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("node_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("seen", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("redaction", sa.String(64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("sha256", "incident_id", "role"),
    )
    for name in ("sha256", "incident_id"):
        op.create_index(f"ix_evidence_{name}", "evidence", [name])


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("group", sa.String(16), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32)),
        sa.Column("seen", sa.String(32), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("is_prominent", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True)),
        sa.Column("east_m", sa.Float()),
        sa.Column("north_m", sa.Float()),
        sa.Column("zone_id", sa.String(64)),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.String(36)),
    )
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_index("cases_in_time", "cases", ["group", "last_seen_at"])


def _case_members() -> None:
    op.create_table(
        "case_members",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("link", sa.Text(), nullable=False),
    )
    op.create_index("ix_case_members_case_id", "case_members", ["case_id"])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "one_open_case_per_incident",
        "case_members",
        ["incident_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _case_history() -> None:
    op.create_table(
        "case_history",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True)),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16)),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("from_state", sa.String(32)),
        sa.Column("to_state", sa.String(32)),
        sa.Column("facts", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_history_case_id", "case_history", ["case_id"])
