"""The demonstration district: filled through the product itself, the same for the same seed, never over something."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from central.demo.filling import Filled, fill
from central.demo.ground import make_ground
from central.demo.hasty import HastyDatabase
from central.demo.lattice import DISTRICT
from central.demo.parts import Plan
from central.demo.pictures import pictures
from central.demo.staff import staff
from central.domain.workflow import CaseState, Role
from central.domain.workflow_words import PEOPLE
from central.evidence.folder import FolderStore
from central.scorebook import load_scorebook
from central.services.assessment_parts import Ground, assessment_of
from central.services.registers import RegisterBook
from central.services.registers_base import Register
from central.store.cases import CASES, HISTORY
from central.store.database import Database
from central.store.fleet_history import CHANGES
from central.store.pictures import EVIDENCE
from central.store.silences import SILENCES
from central.store.stages import STAGES
from contract.clock import VirtualClock
from contract.plane import Origin
from contract.taxonomy import Seen
from tests.central.commandline import CommandLine
from tests.central.databases import fresh_sqlite

UNTIL = datetime(2026, 7, 10, 21, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
PLAN = Plan(seed=5, until=UNTIL, days=1, a_day=24)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Filled]]:
    """One day, once for all tests but one."""
    folder = tmp_path_factory.mktemp("demo")
    database, store = HastyDatabase(fresh_sqlite(folder)), FolderStore(folder)
    yield database, fill(database, replace(PLAN, objects=store), lambda _step, _share: None)
    database.close()


def test_a_day_holds_lives_of_many_kinds(lived: tuple[Database, Filled]) -> None:
    database, filled = lived
    with database.read() as connection:
        actions = set(connection.execute(select(HISTORY.c.action).distinct()).scalars())
        stages = connection.execute(select(func.count()).select_from(STAGES)).scalar_one()
        areas = set(connection.execute(select(CASES.c.area_code).where(CASES.c.state == "closed")).scalars())
        standings = connection.execute(select(func.count()).select_from(CHANGES)).scalar_one()
        silences = connection.execute(select(func.count()).select_from(SILENCES)).scalar_one()
    assert filled.cases["closed"] > 3
    assert len(filled.cases) >= 4
    assert actions >= {"raise", "confirm", "report", "accept", "register", "dispatch", "finish", "close"}
    assert stages > 50
    assert all(code is not None and code.startswith(DISTRICT) for code in areas)
    assert (standings > 30, silences) == (True, 1)


def test_cases_show_rendered_pictures_of_what_they_are_about(lived: tuple[Database, Filled]) -> None:
    with lived[0].read() as connection:
        rows = connection.execute(select(EVIDENCE.c.seen, EVIDENCE.c.sha256, EVIDENCE.c.stored_at)).all()
    assert len(rows) > 20
    assert all(row.stored_at is not None for row in rows)
    assert {row.sha256 for row in rows} <= {one.sha256 for one in pictures()}
    assert {one.seen for one in pictures()} >= {Seen.STALL, Seen.GRILL, Seen.SMOKE, Seen.BILLBOARD, Seen.SIGN}


def test_every_state_is_one_that_the_table_reaches(lived: tuple[Database, Filled]) -> None:
    assert set(lived[1].cases) <= set(CaseState)


def test_the_command_refuses_what_is_not_empty(
    lived: tuple[Database, Filled], command_line: CommandLine, tmp_path: Path
) -> None:
    answer = command_line("demo", "--database-url", str(lived[0].url), "--journal", str(tmp_path))
    assert answer.returncode == 2
    assert "--add" in answer.stderr


def test_figures_have_something_to_show(lived: tuple[Database, Filled], command_line: CommandLine) -> None:
    where = ["--database-url", str(lived[0].url), "--area", DISTRICT, "--period", "2026-07-10"]
    view = json.loads(command_line("assess", *where, "--json").stdout)
    values = {figure["key"]: figure["value"] for figure in view["figures"]}
    missing = {key for key, value in values.items() if value is None}
    assert missing <= {"filing_in_time_rate", "self_correction_rate"}
    assert view["scope"]["area_name"]["zh"] == "示例区（虚构）"
    assert view["gaps"]


def test_the_same_seed_tells_the_same_story(lived: tuple[Database, Filled], tmp_path: Path) -> None:
    """Cases by hand bear ids of their own; everything else is the same to the step."""
    again = Database(fresh_sqlite(tmp_path))
    fill(again, PLAN, lambda _step, _share: None)
    first, second = story_of(lived[0]), story_of(again)
    again.close()
    assert first == second
    assert len(first) > 100


def test_the_map_shows_where_trade_is_welcome_and_whose_it_is_not(lived: tuple[Database, Filled]) -> None:
    """Longitude before latitude, near Zhangdian; what has no valid plaque is left away, and no holder is told."""
    origin = Origin(36.8135, 118.0548)
    ground = Ground(RegisterBook(origin).current, origin, ZoneInfo("Asia/Shanghai"))
    public = assessment_of(lived[0], load_scorebook(), ground, VirtualClock(UNTIL)).public
    found = public.map()
    assert len(found["features"]) == 33
    for feature in found["features"]:
        (lon, lat), *_ = feature["geometry"]["coordinates"][0]
        assert (abs(lon - 118.0548) < 0.06, abs(lat - 36.8135) < 0.03) == (True, True)
        assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
        assert feature["properties"]["hours"]
        assert feature["properties"]["capacity"] > 0
    assert "管理处" not in json.dumps(found, ensure_ascii=False)
    assert {feature["properties"]["kind"] for feature in public.map(f"{DISTRICT}001")["features"]} == {
        "vendor_guide_zone",
        "bbq_site",
        "convenience_market",
        "recycling_zone",
        "vendor_cluster",
    }


def story_of(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        query = select(HISTORY.c.at, HISTORY.c.action, HISTORY.c.actor, HISTORY.c.to_state).order_by(HISTORY.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_every_name_says_that_it_is_invented() -> None:
    ground = make_ground(1, Origin(36.8135, 118.0548), UNTIL.date())
    named = {Register.AREAS, Register.CAMERAS, Register.ZONES, Register.SHOPS, Register.ROADS}
    for register, rows in ground.rows:
        for row in rows if register in named else ():
            assert "虚构" in str(row["name_zh"]) or "网格" in str(row["name_zh"]), row
    assert {member.role for member in staff()} == PEOPLE - {Role.ADMIN}
    assert all(member.name.startswith("demo.") for member in staff())
