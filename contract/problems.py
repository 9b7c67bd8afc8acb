"""What is wrong with a value, as pydantic found it, in the lines that people read."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def every_problem(error: ValidationError, whole: str, source: str = "") -> str:
    """A line per problem, ``place: message``.

    Args:
        whole: what the value as a whole is called: the place of a problem that lies in no field.
        source: named before each place, such as the file.
    """
    before = f"{source}: " if source else ""
    return "\n".join(before + _line(detail, whole) for detail in error.errors())


def first_problem(error: ValidationError, whole: str) -> str:
    """``place: message`` of the first problem: for a sentence that has room for one."""
    return _line(error.errors()[0], whole)


def _line(detail: ErrorDetails, whole: str) -> str:
    where = ".".join(map(str, detail["loc"])) or whole
    return f"{where}: {detail['msg'].removeprefix('Value error, ')}"
