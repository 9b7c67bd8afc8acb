"""What Alembic runs around every migration. The connection, or the dialect for SQL alone, comes from `migrating`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from central.store.database import UtcInstant


def _render(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    """Our own types under their plain names: a revision must not change when the program does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcInstant) else False


attributes = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=attributes["dialect"], literal_binds=True)
else:
    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes.get("metadata"),
        render_as_batch=True,
        render_item=_render,
    )
with context.begin_transaction():
    context.run_migrations()
