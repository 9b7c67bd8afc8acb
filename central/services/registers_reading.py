"""A line of a file → a row of a register, or what is wrong with it."""

from collections.abc import Mapping

from pydantic import ValidationError

from central.services.registers_base import Row
from central.services.registers_checks import Numbered
from central.services.registers_findings import Finding, findings_of
from central.services.registers_frames import inside
from central.services.registers_orders import Order, Reading, area_of
from central.services.registers_projected import in_degrees
from central.services.registers_rows import ROWS

LONGEST_KEY = 100


def read_row(
    order: Order,
    number: int,
    cells: Mapping[str, object],
    fields: Mapping[str, str],
    headings: Mapping[str, str],
    read: Reading,
) -> None:
    read.count += 1
    values = {fields[name]: cell for name, cell in cells.items() if name in fields and cell is not None and cell != ""}
    model = ROWS[order.register]
    if order.zone is not None:
        values = in_degrees(values, order.zone)
    shown = str(values.get(model.KEY, ""))[:LONGEST_KEY]
    try:
        row = inside(model.model_validate(values), order.frame)
    except ValidationError as error:
        read.findings += findings_of(error, number, shown, headings)
        return
    problem = _refused(order, row, number, headings, read)
    if problem is not None:
        read.findings.append(problem)
    else:
        read.rows[row.key] = Numbered(number, row)


def _refused(order: Order, row: Row, number: int, headings: Mapping[str, str], read: Reading) -> Finding | None:
    heading = headings.get(row.KEY, row.KEY)
    if len(row.key) > LONGEST_KEY:
        return Finding(number, row.key[:LONGEST_KEY], heading, "too_long", {"bound": LONGEST_KEY})
    first = read.rows.get(row.key)
    if first is not None:
        return Finding(number, row.key, heading, "double_key", {"other": first.number})
    if order.district and not area_of(row).startswith(order.district):
        return Finding(number, row.key, heading, "other_district", {"district": order.district})
    return None
