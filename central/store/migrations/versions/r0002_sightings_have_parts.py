"""Incidents are cut into parts where their tracker swapped things; people's word about them is kept.

What an observation was made of is kept too (`revisions`): of an older incident its newest state stands for all.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_A_TIME = 500
FACTS = ["revision", "node_id", "camera_id", "seen", "first_seen_at", "last_seen_at", "is_gone", "zones", "peak"]
GROUND = ["east_m", "north_m", "ee_m2", "en_m2", "nn_m2"]


def upgrade() -> None:
    _sayings()
    op.add_column("case_members", sa.Column("part", sa.Integer(), nullable=False, server_default="1"))
    op.drop_index("one_open_case_per_incident", "case_members")
    _one_open("one_open_case_per_sighting", ["incident_id", "part"])
    op.drop_index("observations_in_time", "observations")
    op.rename_table("observations", "observations_0001")
    if _is_postgresql():  # the name is wanted for the new table's key
        op.execute("ALTER TABLE observations_0001 DROP CONSTRAINT observations_pkey")
    _observations()
    if not op.get_context().as_sql:
        _copy()
    op.drop_table("observations_0001")


def downgrade() -> None:
    raise NotImplementedError("incidents that were cut can't become whole again: restore a backup from before")


def _sayings() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
    )
    op.create_index("ix_revisions_incident_id", "revisions", ["incident_id"])
    op.create_table(
        "bonds",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("member_a", sa.String(48), nullable=False),
        sa.Column("member_b", sa.String(48), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
    )
    for name in ("member_a", "member_b"):
        op.create_index(f"ix_bonds_{name}", "bonds", [name])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("case_a", sa.String(36), nullable=False),
        sa.Column("case_b", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("case_a", "case_b"),
    )


def _one_open(name: str, columns: list[str]) -> None:
    is_open = sa.text("ended_at IS NULL")
    op.create_index(name, "case_members", columns, unique=True, sqlite_where=is_open, postgresql_where=is_open)


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("incident_id", sa.String(36), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True, autoincrement=False),
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
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("box", sa.JSON()),
    )
    op.create_index("observations_in_time", "observations", ["group", "last_seen_at"])


def _copy() -> None:
    connection = op.get_bind()
    old = sa.Table("observations_0001", sa.MetaData(), autoload_with=connection)
    new = sa.Table("observations", sa.MetaData(), autoload_with=connection)
    revisions = sa.Table("revisions", sa.MetaData(), autoload_with=connection)
    for rows in _batches(connection, old):
        connection.execute(new.insert(), [_observation(row) for row in rows])
        facts = [{"incident_id": row["incident_id"], "facts": json.dumps(_facts(row))} for row in rows]
        connection.execute(revisions.insert(), facts)


def _batches(connection: sa.Connection, old: sa.Table) -> Iterator[list[dict[str, Any]]]:
    last = ""
    while True:
        query = sa.select(old).where(old.c.incident_id > last).order_by(old.c.incident_id).limit(AT_A_TIME)
        rows = [dict(row._mapping) for row in connection.execute(query)]
        if not rows:
            return
        yield rows
        last = rows[-1]["incident_id"]


def _observation(row: dict[str, Any]) -> dict[str, Any]:
    box = row["latest"].get("box")
    return {key: value for key, value in row.items() if key != "latest"} | {
        "part": 1,
        "looks": 1,
        "is_confirmed": True,
        "box": box,
    }


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """What one event said, in the form in which the associator reads it back."""
    facts = {"incident_id": row["incident_id"]} | {key: row[key] for key in FACTS}
    for key in ("first_seen_at", "last_seen_at"):
        facts[key] = _instant(row[key])
    position = None
    if row["east_m"] is not None:
        place = {key: row[key] for key in GROUND}
        position = {
            "point": {key: place[key] for key in GROUND[:2]},
            "covariance": {key: place[key] for key in GROUND[2:]},
        }
    score = row["latest"].get("confidence", {}).get("latest", 0.0)
    return facts | {"position": position, "box": row["latest"].get("box"), "score": score}


def _instant(value: datetime) -> str:
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
