"""Figures over HTTP, on the command line and as files; what the public sees and what it doesn't."""

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select

from central.api.access import Access, Tokens
from central.domain.assessment.figures import Measure
from central.domain.people import Operator
from central.domain.registers.snapshot import NO_REGISTERS
from central.domain.workflow import Role
from central.scorebook import load_scorebook
from central.services.assessment_parts import Assessment, Ground, assessment_of
from central.services.assessment_views import MEASURES
from central.services.feed import LiveFeed
from central.services.sight import Sight
from central.store.cases import CASES, HISTORY
from central.store.stages import STAGES
from central.web import Outside, make_http
from contract.clock import VirtualClock
from contract.plane import Origin
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.assessment_world import ZONE, World
from tests.central.builders import T0, Street, minutes
from tests.central.commandline import CommandLine
from tests.central.parts import BAN_SITE, HEALTHY, LAW, OPERATOR_TOKEN, QUICK_HASHER, Parts

PERIOD = "from=2026-06-22&to=2026-06-30"


@pytest.fixture
def month(file_parts: Parts) -> Parts:
    """A random month, some days ago."""
    world = World(4)
    world.grow(world.open(60), 14)
    world.store(file_parts.database)
    return file_parts


def counted(parts: Parts, client: AsgiClient) -> AsgiClient:
    """As the service's worker does."""
    made: Assessment = assessment_of(
        parts.database,
        load_scorebook(),
        Ground(lambda _connection: NO_REGISTERS, Origin(36.8, 118.0), ZONE),
        VirtualClock(parts.clock.now() + timedelta(days=20)),
    )
    made.counting.catch_up()
    return client


@pytest.fixture
def client(month: Parts) -> AsgiClient:
    return counted(month, AsgiClient(month.http, OPERATOR_TOKEN))


def test_figures_come_with_their_parts_and_their_cases(client: AsgiClient) -> None:
    view = client.get(f"/api/v1/assessment?area=370303&{PERIOD}&by=street").json()
    figures = {figure["key"]: figure for figure in view["figures"]}
    confirmed = figures["confirmation_rate"]
    assert confirmed["value"] == pytest.approx(
        100 * confirmed["numerator"]["number"] / confirmed["denominator"]["number"], abs=1e-5
    )
    assert {row["key"] for row in view["rows"]} == {"370303001", "370303002"}
    page = client.get(f"/api/v1/assessment/cases?area=370303&{PERIOD}&of=confirmed&limit=1000").json()
    assert sum(case["times"] for case in page["cases"]) == confirmed["numerator"]["number"]
    assert figures["filing_in_time_rate"]["finding"]["code"] == "no_cases_due"


@pytest.mark.parametrize(
    ("query", "status", "match"),
    [
        ("area=370303", 422, "give either period"),
        ("area=37030300100200&period=2026-06", 422, "14 digits"),
        ("area=370303&period=2026-99", 422, "is no period"),
        ("area=370303&period=2026-06&by=moon", 422, "can be split by"),
        (f"area=370303&period=2026-06&{PERIOD}", 422, "give either period"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(file_parts: Parts, query: str, status: int, match: str) -> None:
    answer = counted(file_parts, AsgiClient(file_parts.http, OPERATOR_TOKEN)).get(f"/api/v1/assessment?{query}")
    assert answer.status_code == status
    assert match in answer.text


def test_every_measure_has_a_name_in_both_languages() -> None:
    assert set(MEASURES) == set(Measure)


def test_figures_are_not_for_everybody(month: Parts) -> None:
    stranger = AsgiClient(month.http)
    assert stranger.get(f"/api/v1/assessment?{PERIOD}").status_code == 401
    assert stranger.get("/api/v1/public/statistics?period=2026-06").status_code == 401
    assert stranger.get("/api/v1/public/map").status_code == 401


def test_figures_that_are_not_counted_yet_come_later(month: Parts) -> None:
    answer = AsgiClient(month.http, OPERATOR_TOKEN).get(f"/api/v1/assessment?{PERIOD}")
    assert answer.status_code == 503
    assert "counted for the first time" in answer.text


def test_the_files_hold_what_the_api_tells(client: AsgiClient) -> None:
    where = f"area=370303&{PERIOD}&by=street"
    view = client.get(f"/api/v1/assessment?{where}").json()
    told = {figure["key"]: figure["value"] for figure in view["figures"]}
    as_json = json.loads(client.get(f"/api/v1/assessment/export?{where}&format=json").content)
    assert {figure["key"]: figure.get("value") for figure in as_json["figures"]} == told
    table = client.get(f"/api/v1/assessment/export?{where}&format=csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(table)))
    own = {line["key"]: line["值 value"] for line in lines if not line["subject"]}
    assert {key: float(value) if value else None for key, value in own.items()} == told
    assert {line["subject"] for line in lines} == {"", "370303001", "370303002"}
    answer = client.get(f"/api/v1/assessment/export?{where}")
    assert 'filename="assessment-370303-' in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["指标 figures", "数量 counts", "分项 split"]
    rows = book.get_sheet_by_name("指标 figures").to_python()[5:]
    assert {str(row[1]): row[2] if row[2] != "" else None for row in rows} == {
        figure["name"]["en"]: figure["value"] for figure in view["figures"]
    }


def test_what_a_period_froze_is_listed(client: AsgiClient) -> None:
    """The service's own clock stands at the 1st of July."""
    answer = client.send("POST", "/api/v1/assessment/frozen", json={"period": "2026-W26"})
    assert answer.status_code == 200
    assert answer.json()["sheets"] > 1
    assert [entry["period"] for entry in client.get("/api/v1/assessment/frozen").json()] == ["2026-W26"]
    view = client.get("/api/v1/assessment?area=370303&period=2026-W26").json()
    assert view["frozen"]["taken_by"] == "operator"
    assert view["frozen"]["differences"] == []
    too_early = client.send("POST", "/api/v1/assessment/frozen", json={"period": "2026-07"})
    assert too_early.status_code == 422


def test_public_statistics_hold_no_small_count(month: Parts, client: AsgiClient) -> None:
    answer = client.get("/api/v1/public/statistics?period=2026-06&area=370303")
    assert answer.status_code == 200
    statistics = answer.json()
    cells = [number for row in statistics["filed"]["cells"].values() for number in row.values()]
    assert cells
    assert all(number is None or number == 0 or number >= 5 for number in cells)
    for figure in statistics["figures"]:
        part, whole = figure["numerator"]["number"], figure["denominator"]["number"]
        assert whole >= 5
        assert all(rest == 0 or rest >= 5 for rest in (part, whole - part))
    assert "wang" not in answer.text
    assert client.get("/api/v1/public/statistics?period=2026-07").status_code == 422
    assert client.get("/api/v1/public/statistics?period=2026-W26").status_code == 422


def test_the_command_tells_the_same(month: Parts, command_line: CommandLine, tmp_path: Path) -> None:
    where = [
        "--database-url",
        str(month.database.url),
        "--area",
        "370303",
        "--from",
        "2026-06-22",
        "--to",
        "2026-06-30",
    ]
    answer = command_line("assess", *where, "--json")
    assert answer.returncode == 0
    view = json.loads(answer.stdout)
    sets = {entry["key"]: entry["number"] for entry in view["sets"]}
    cases = command_line("assess", *where, "--cases", "reviewed", "--json").stdout.splitlines()
    assert sets["reviewed"] == sum(json.loads(line)["times"] for line in cases) > 5
    path = tmp_path / "figures.xlsx"
    assert command_line("assess", *where, "--by", "person", "--out", str(path)).returncode == 0
    assert path.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--from", "2026-07-09", "--to", "2026-07-01"], "ends"),
        (["--from", "yesterday", "--to", "2026-07-01"], "--from yesterday"),
        (["--period", "2026-07", "--by", "moon"], "can be split by"),
        (["--period", "2026-07", "--out", "figures.pdf"], ".xlsx"),
        (["--period", "2026-07", "--area", "37030300100200"], "14 digits"),
        (["--period", "2026-07", "--cases", "nothing"], "there is none"),
        ([], "give either"),
    ],
)
def test_a_wrong_call_is_one_line(file_parts: Parts, command_line: CommandLine, options: list[str], match: str) -> None:
    answer = command_line("assess", "--database-url", str(file_parts.database.url), *options)
    assert answer.returncode == 2
    assert match in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_name_that_looks_like_a_formula_stays_a_name(month: Parts, client: AsgiClient) -> None:
    """A spreadsheet would run it."""
    with month.database.write() as connection:
        connection.execute(STAGES.update().values(person='=HYPERLINK("x")').where(STAGES.c.outcome == "confirm"))
        one = {"at": month.clock.now(), "what": "action", "role": "admin", "actor": "somebody", "facts": "{}"}
        known = [row.id for row in connection.execute(CASES.select())]
        connection.execute(insert(HISTORY), [{"case_id": case_id, **one} for case_id in known])
    counted(month, client)
    table = client.get(f"/api/v1/assessment/export?{PERIOD}&by=person&format=csv").content.decode("utf-8-sig")
    subjects = {line["subject"] for line in csv.DictReader(io.StringIO(table))}
    assert '\'=HYPERLINK("x")' in subjects


def opened(parts: Parts, access: Access, *, is_public: bool = False) -> FastAPI:
    outside = Outside(
        parts.database,
        parts.objects,
        LAW,
        BAN_SITE,
        LiveFeed(),
        parts.clock,
        hasher=QUICK_HASHER,
        is_public=is_public,
    )
    return make_http(outside, access, lambda: HEALTHY)


def test_a_city_may_open_statistics_and_map_and_nothing_else(file_parts: Parts) -> None:
    access = Access(Tokens(OPERATOR_TOKEN, "node-token"), file_parts.doors, Sight(file_parts.database))
    anybody = counted(file_parts, AsgiClient(opened(file_parts, access, is_public=True)))
    assert anybody.get("/api/v1/public/map").json() == {"type": "FeatureCollection", "features": []}
    assert anybody.get("/api/v1/public/statistics?period=2026-05").status_code == 200
    assert anybody.get(f"/api/v1/assessment?{PERIOD}").status_code == 401


def test_everybody_sees_their_own_district(month: Parts) -> None:
    access = Access(Tokens(OPERATOR_TOKEN, "node-token"), month.doors, Sight(month.database))
    http = opened(month, access)
    li = Operator("li", frozenset({Role.LEADER}), "370302")
    http.dependency_overrides[access.operator] = lambda: li
    client = counted(month, AsgiClient(http))
    own = client.get(f"/api/v1/assessment?{PERIOD}").json()
    assert own["scope"]["area"] == "370302"
    assert client.get(f"/api/v1/assessment?{PERIOD}&area=370302001").status_code == 200
    for path in ("assessment", "assessment/export", "assessment/cases"):
        answer = client.get(f"/api/v1/{path}?{PERIOD}&area=370303&of=filed")
        assert answer.status_code == 403
        assert "li answers for 370302" in answer.text


def test_the_sheet_shows_figures_that_lead_to_their_cases(month: Parts, client: AsgiClient) -> None:
    month.take(Street().event("real", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    with month.database.write() as connection:
        real = connection.execute(select(CASES.c.judgement).where(CASES.c.judgement != "{}")).scalar_one()
        connection.execute(CASES.update().values(judgement=real))
    page = AsgiClient(month.http)
    page.get(f"/?token={OPERATOR_TOKEN}")
    sheet = page.get("/figures?area=370303&period=2026-06-22..2026-06-30&by=street&lang=en").text
    view = client.get(f"/api/v1/assessment?area=370303&{PERIOD}&by=street").json()
    confirmed = next(figure for figure in view["figures"] if figure["key"] == "confirmation_rate")
    assert f"{confirmed['value']:.1f} %" in sheet
    assert "Day by day" in sheet
    address = "/figures/cases?of=confirmed&area=370303&period=2026-06-22..2026-06-30"
    assert address in unescape(sheet)
    listed = page.get(address)
    assert listed.text.count('<a href="/cases/') == len({*re.findall(r"/cases/([0-9a-f-]{36})", listed.text)}) > 0
    lines = json.loads(unescape(sheet.partition('data-curves="')[2].partition('"')[0]))
    assert {len(numbers) for numbers in lines["numbers"]} == {len(lines["days"])} == {9}
    assert lines["numbers"][0].count(None) < 9
    empty = page.get("/figures?area=370303&period=2020-01&lang=en").text
    assert ("nothing to draw" in empty, "data-curves" in empty) == (True, False)
    part = page.get("/figures?area=370303&period=2026-06&lang=en").text
    lines = json.loads(unescape(part.partition('data-curves="')[2].partition('"')[0]))
    assert set(lines["numbers"][0][:19]) == {None}  # before anything was there
    for text in (empty, page.get("/figures?area=370303&period=2020-01&lang=zh").text):
        assert [key for key in Measure if f"：{key}" in text or f": {key}" in text] == []
    wrong = page.get("/figures?period=tomorrow")
    assert (wrong.status_code, "is no period" in wrong.text) == (422, True)
    assert page.get("/figures/cases?of=nonsense&period=2026-06").status_code == 422
