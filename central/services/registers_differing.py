"""What a file changes in a register: what is as it was is not written again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from central.services.registers_base import Row
from central.services.registers_orders import Order, Reading
from central.services.registers_rows import ROWS
from central.store import registers as stored


@dataclass(frozen=True, slots=True)
class Difference:
    rows: Mapping[str, Mapping[str, Any] | None]
    restricted: Mapping[str, Mapping[str, Any]]
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


NOTHING = Difference({}, {})


def difference(connection: Connection, order: Order, read: Reading) -> Difference:
    """What the file changes; what is as it was is not written again."""
    model = ROWS[order.register]
    there = {row.key: row.facts for row in stored.rows_of(connection, order.register)}
    kept_apart = stored.restricted_of(connection, order.register) if model.RESTRICTED else {}
    rows: dict[str, Mapping[str, Any] | None] = {}
    restricted: dict[str, Mapping[str, Any]] = {}
    added = changed = unchanged = 0
    for key, one in read.rows.items():
        facts = read.facts.get(key)
        if facts is None:
            facts = read.facts[key] = one.row.model_dump(mode="json", exclude=set(model.RESTRICTED))
        apart = _apart(one.row, model, kept_apart.get(key))
        if there.get(key) == facts and apart == kept_apart.get(key):
            unchanged += 1
            continue
        rows[key] = facts
        if apart is not None:
            restricted[key] = apart
        added, changed = added + (key not in there), changed + (key in there)
    is_whole = not any(finding.level == "error" for finding in read.findings)
    gone = sorted(set(there) - set(read.rows)) if order.replace and is_whole else []
    rows |= dict.fromkeys(_may_go(gone, there, order))
    return Difference(rows, restricted, added, changed, len(rows) - added - changed, unchanged)


def _apart(row: Row, model: type[Row], before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is restricted: as the file says, or as it was where the file is silent."""
    given = row.model_dump(mode="json", include=set(model.RESTRICTED) & row.model_fields_set)
    return (dict(before or {}) | given) or None


def _may_go(keys: Sequence[str], there: Mapping[str, Any], order: Order) -> Iterator[str]:
    for key in keys:
        if not order.district or str((there[key] or {}).get("area_code", key)).startswith(order.district):
            yield key
