"""Formulas as data: arithmetic over named figures, and nothing else. A division by zero is a finding, never a number.

Only numbers, names, ``+ - * /``, brackets and ``min``/``max`` are understood: no power, no comparison, no attribute,
nothing that could run long or reach anything.
"""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass

LONGEST = 1000
"""Characters; the district score has 80."""
_CALLS = ("min", "max")


@dataclass(frozen=True, slots=True)
class NoValue:
    """Why there is no figure. `code` is ``no_cases_due`` (nothing was due), ``divides_by_zero``, ``unknown`` (nobody
    measured it) or ``out_of_range``; `about` names the set, the measure or the piece of the formula.
    """

    code: str
    about: str

    def __str__(self) -> str:
        return f"{self.code}: {self.about}"


class BadFormula(ValueError):
    """A formula that can't be understood; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula."""

    text: str
    names: frozenset[str]

    def value(self, known: Mapping[str, float | NoValue]) -> float | NoValue:
        """What it comes to; a name without a value, or a division by zero, is passed on as the reason.

        >>> parse("100 * a / b", {"a", "b"}).value({"a": 911, "b": 972})
        93.72427983539094
        >>> parse("a / (b - 1)", {"a", "b"}).value({"a": 1, "b": 1})
        NoValue(code='divides_by_zero', about='b - 1')
        """
        found = _value(ast.parse(self.text, mode="eval").body, known)
        if isinstance(found, float) and not abs(found) < 1e300:
            return NoValue("out_of_range", self.text)
        return found


def parse(text: str, known: Collection[str]) -> Formula:
    """The formula in `text`, over the names in `known`.

    Raises:
        BadFormula: it is no formula, or names something unknown.

    >>> sorted(parse("30 * handled + 20 * (1 - reworked)", {"handled", "reworked"}).names)
    ['handled', 'reworked']
    """
    if len(text) > LONGEST:
        raise BadFormula(f"the formula has {len(text)} characters; at most {LONGEST} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadFormula(f"{text!r} is not a formula; write it as 30 * handled + 20 * (1 - reworked)") from error
    names = frozenset(_checked(tree.body))
    unknown = sorted(names - set(known))
    if unknown:
        raise BadFormula(f"the formula names {', '.join(unknown)}, which is no figure, set or measure of this file")
    return Formula(text.strip(), names)


def _checked(node: ast.expr) -> set[str]:
    """The names in it; refuses what is not arithmetic."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            if not abs(value) <= 1e9:
                raise BadFormula(f"the number {value} is too large")
            return set()
        case ast.Name(id=name):
            return {name}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _checked(operand)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), left=left, right=right):
            return _checked(left) | _checked(right)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS and args:
            return set().union(*(_checked(entry) for entry in args))
    raise BadFormula(f"{ast.unparse(node)!r} can't stand in a formula; numbers, names, + - * / ( ) min() max() can")


def _value(node: ast.expr, known: Mapping[str, float | NoValue]) -> float | NoValue:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            found = known.get(name, NoValue("unknown", name))
            return found if isinstance(found, NoValue) else float(found)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, known)
            return inner if isinstance(inner, NoValue) else -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, right=right):
            return _joined(node, _value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=args):
            values = [_value(entry, known) for entry in args]
            missing = next((entry for entry in values if isinstance(entry, NoValue)), None)
            numbers = [entry for entry in values if not isinstance(entry, NoValue)]
            return missing if missing is not None else min(numbers) if name == "min" else max(numbers)
    raise BadFormula(f"{ast.unparse(node)!r} was never checked")


def _joined(node: ast.BinOp, left: float | NoValue, right: float | NoValue) -> float | NoValue:
    if isinstance(left, NoValue):
        return left
    if isinstance(right, NoValue):
        return right
    match node.op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
    return left / right if right else NoValue("divides_by_zero", ast.unparse(node.right))


def in_turn(formulas: Mapping[str, Formula]) -> list[str]:
    """Their names, each after those that it needs.

    Raises:
        BadFormula: some need each other.
    """
    waiting = {name: set(formula.names) & set(formulas) for name, formula in formulas.items()}
    order: list[str] = []
    while waiting:
        ready = sorted(name for name, needs in waiting.items() if not needs - set(order))
        if not ready:
            raise BadFormula(f"the formulas of {', '.join(sorted(waiting))} need each other")
        order += ready
        waiting = {name: needs for name, needs in waiting.items() if name not in order}
    return order
