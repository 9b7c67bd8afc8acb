"""Somebody of a district silences what the registers say lies in it, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central.domain.people import Operator, Refusal
from central.domain.registers.areas import Area
from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.names import Names
from central.domain.registers.shapes import Shape
from central.domain.registers.snapshot import Registers
from central.domain.silence import Silence
from central.domain.workflow_words import Role
from central.services.lawbook import LawBook
from central.services.registers import RegisterBook
from central.services.silencing import SilenceDesk
from contract.plane import Point
from contract.taxonomy import Violation
from tests.central.builders import ORIGIN, T0
from tests.central.parts import LAW, Parts

HERE, THERE = "370303", "370302"
RING = (Point(0, 0), Point(100, 0), Point(100, 100), Point(0, 100))
GROUND = Registers(
    areas=(Area(HERE, Names("张店", "Zhangdian"), Shape((RING,))),),
    cameras=(
        RegisteredCamera("cam-here", Names("甲", "a"), area_code=f"{HERE}001001001"),
        RegisteredCamera("cam-there", Names("乙", "b"), area_code=f"{THERE}001001001"),
    ),
)
WANG = Operator("wang", frozenset({Role.SHIFT_LEADER}), HERE)
LI = Operator("li", frozenset({Role.LEADER}))


def silence(**named: object) -> Silence:
    return Silence(0, "market day", T0 + timedelta(days=1), **named)  # type: ignore[arg-type]  # what a test names


@pytest.fixture
def desk(file_parts: Parts) -> SilenceDesk:
    law = replace(LAW, registers=GROUND)
    laws = LawBook(law, RegisterBook(ORIGIN, GROUND))
    return SilenceDesk(file_parts.database, file_parts.clock, lambda: None, laws)


def test_a_camera_or_a_place_of_ones_own_may_be_silenced(desk: SilenceDesk) -> None:
    for named in ({"camera_id": "cam-here"}, {"place": Point(10, 10), "radius_m": 30.0}):
        number = desk.make(silence(**named), WANG)
        assert desk.end(number, WANG)


@pytest.mark.parametrize(
    "named",
    [
        {"camera_id": "cam-there"},
        {"camera_id": "unknown"},
        {"place": Point(500, 10), "radius_m": 30.0},
        {"kind": Violation.OPEN_BBQ},
    ],
)
def test_what_lies_elsewhere_or_nowhere_is_for_others(desk: SilenceDesk, named: dict[str, object]) -> None:
    with pytest.raises(Refusal, match=f"in {HERE}, which wang answers for"):
        desk.make(silence(**named), WANG)
    number = desk.make(silence(**named), LI)
    with pytest.raises(Refusal):
        desk.end(number, WANG)
    assert desk.end(number, LI)
