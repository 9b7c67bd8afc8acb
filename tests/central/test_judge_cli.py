"""`judge` and `rejudge`: from files and databases to judgements with codes, legal basis and reasons."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from central.domain.workflow import CaseState
from central.services.registers_base import Register
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import T0, Street, minutes
from tests.central.commandline import CommandLine
from tests.central.parts import OPERATOR_TOKEN, Parts
from tests.central.test_cases import only_case
from tests.central.test_rejudging import BAN, HERE, a_stall, register

SITE = """
name: {zh: 街, en: street}
zones:
  - id: ban
    kind: bbq_ban_area
    name: {zh: 禁烧区, en: ban area}
    polygon: {local_m: [[-500, -500], [500, -500], [500, 500], [-500, 500]]}
  - id: yard
    kind: bbq_site
    name: {zh: 烧烤大院, en: barbecue yard}
    polygon: {local_m: [[0, 0], [40, 0], [40, 40], [0, 40]]}
    hours: ["05-01..10-15 daily 16:00-02:00", "daily 16:00-22:00"]
    plaque: B-1
    plaque_to: 2027-01-01
  - id: market
    kind: vendor_cluster
    name: {zh: 夜市, en: night market}
    polygon: {local_m: [[100, 0], [140, 0], [140, 40], [100, 40]]}
    hours: ["daily 20:00-23:00"]
registers:
  shops: [{id: s1, name_zh: 面馆, name_en: noodles}]
  frontages: [{id: f1, camera_id: cam-1, shop_id: s1, region: "0.3 0.3; 0.7 0.3; 0.7 0.9; 0.3 0.9"}]
  permits: [{id: P1, kind: advert, holder: Li, places: cam-2/board-1, valid_to: 2026-06-30}]
  cameras:
    - {id: cam-1, name_zh: 一号机, evidence_grade: penalty_reviewed, review: R-1, published_place: web}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


def lines_of_a_day() -> list[str]:
    """Smoke in the yard, a grill in the street, a stall in the closed market, one before a shop, an advert, a cart."""
    street = Street()
    seen = [
        ("fume", Seen.SMOKE, (10, 10), 15, "cam-3"),
        ("grill", Seen.GRILL, (200, 200), 15, "cam-3"),
        ("market", Seen.STALL, (110, 10), 30, "cam-4"),
        ("shop", Seen.STALL, (-50, -50), 20, "cam-1"),
        ("cart", Seen.CART, (-150, -50), 4, "cam-7"),
    ]
    events = [
        street.event(name, kind, at, revision=number, last=T0 + minutes(stay * number / 3), camera=camera)
        for name, kind, at, stay, camera in seen
        for number in (1, 2, 3)
    ]
    board = street.event("board", Seen.BILLBOARD, None, last=T0 + minutes(24 * 60), camera="cam-2")
    data = board.data.model_copy(update={"place_id": "board-1"})
    events.append(board.model_copy(update={"data": data}))
    return [event.to_wire().decode() + "\n" for event in events]


def judged(command_line: CommandLine, tmp_path: Path, site: Path, lines: list[str]) -> list[dict[str, Any]]:
    path = tmp_path / "day.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    done = command_line("judge", "--site", str(site), "--events", str(path), "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_file_of_events_is_judged_with_codes_basis_and_reasons(
    command_line: CommandLine, tmp_path: Path, site: Path
) -> None:
    lines = judged(command_line, tmp_path, site, lines_of_a_day())
    found = {line["cameras"][0].removeprefix("node-1/") + line["seen"][0]: line for line in lines}
    assert {key: (line["judgement"], line["kind"] or line["suggested"]) for key, line in found.items()} == {
        "cam-3smoke": ("reclassified", "oil_fume"),
        "cam-3grill": ("violation", "open_bbq"),
        "cam-4stall": ("reclassified", "night_market"),
        "cam-1stall": ("reclassified", "shop_overflow"),
        "cam-7cart": ("observing", "mobile_vendor"),
        "cam-2billboard": ("violation", "illegal_ad"),
    }
    shop = found["cam-1stall"]
    assert shop["instead_of"] == "road_occupation"
    assert {"standard": "GB/T 47678.5-2026", "code": "09005"} in shop["codes"]
    assert len(shop["codes"]) == 3
    assert shop["evidence_grade"] == "penalty_reviewed"
    assert found["cam-3grill"]["evidence_grade"] == "patrol_only"
    assert found["cam-3grill"]["zone_id"] == "ban"
    for line in lines:
        assert line["sentence"]["zh"].endswith("。")
        assert line["sentence"]["en"].endswith(".")
        assert line["legal_basis"]["reviewed_by"] == ""
        assert all(reason["code"] for reason in line["reasons"])


def test_the_order_of_lines_does_not_matter(command_line: CommandLine, tmp_path: Path, site: Path) -> None:
    lines = lines_of_a_day()
    first = judged(command_line, tmp_path, site, lines)
    random.Random(1).shuffle(lines)
    assert judged(command_line, tmp_path, site, lines) == first


def test_people_get_a_table_and_bad_lines_are_named(command_line: CommandLine, tmp_path: Path, site: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text(lines_of_a_day()[0] + '{"bad"\n', encoding="utf-8")
    done = command_line("judge", "--site", str(site), "--events", str(path))
    assert done.returncode == 1
    assert "observing" in done.stdout
    assert "line 2" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kind: advert,", "kind: poster,", "permits[0].kind"),
        ("  shops:", "  stores:", "no register 'stores'"),
        ("valid_to: 2026-06-30", "valid_to: yesterday", "permits[0].valid_to"),
        ('"daily 20:00-23:00"', '"evenings"', "hours"),
        ("plaque_to: 2027-01-01", "plaque_to: never", "plaque_to"),
        ("[{id: s1, name_zh: 面馆, name_en: noodles}]", "7", "list of rows"),
    ],
)
def test_a_wrong_site_file_is_one_line_that_names_the_field(
    command_line: CommandLine, tmp_path: Path, site: Path, old: str, new: str, told: str
) -> None:
    site.write_text(SITE.replace(old, new), encoding="utf-8")
    done = command_line("judge", "--site", str(site), "--events", str(tmp_path / "none.jsonl"))
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


BAN_SITE = """
name: {zh: 街, en: street}
zones:
  - id: ban
    kind: bbq_ban_area
    name: {zh: 禁烧区, en: ban area}
    polygon: {local_m: [[-500, -500], [500, -500], [500, 500], [-500, 500]]}
"""


def test_rejudge_previews_and_then_applies(command_line: CommandLine, parts: Parts, tmp_path: Path) -> None:
    a_stall(parts)
    register(parts, Register.ZONES, BAN, HERE)
    site = tmp_path / "ban.yaml"
    site.write_text(BAN_SITE, encoding="utf-8")
    url = parts.database.url.render_as_string(hide_password=False)
    where = ("--database-url", url, "--site", str(site), "--since", "2026-07-01", "--until", "2026-07-01")
    preview = json.loads(command_line("rejudge", *where, "--json").stdout)
    assert (preview["is_applied"], preview["effects"]["cleared"]) == (False, 1)
    assert only_case(parts).state is CaseState.PENDING_REVIEW
    done = command_line("rejudge", *where, "--apply", "--actor", "wang")
    assert done.returncode == 0, done.stderr
    assert only_case(parts).state is CaseState.SUPPRESSED
    assert "Done" in done.stdout
    other_day = json.loads(command_line("rejudge", *where[:4], "--since", "2026-07-02", "--json").stdout)
    assert other_day["judged"] == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [(("--since", "01.07.2026"), "2026-07-01"), (("--since", "2026-07-02", "--until", "2026-07-01"), "lies before")],
)
def test_rejudge_says_how_days_are_written(
    command_line: CommandLine, tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    done = command_line("rejudge", "--database-url", f"sqlite:///{tmp_path}/none.db", *more)
    assert done.returncode == 2
    assert told in done.stderr


def test_rejudge_makes_no_database(command_line: CommandLine, tmp_path: Path) -> None:
    done = command_line("rejudge", "--database-url", f"sqlite:///{tmp_path}/none.db")
    assert done.returncode == 2
    assert not (tmp_path / "none.db").exists()


def test_rejudgement_over_http_looks_first_and_then_writes(parts: Parts) -> None:
    a_stall(parts)
    register(parts, Register.ZONES, BAN, HERE)
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    since = {"since": "2026-07-01T00:00:00Z"}
    preview = client.send("POST", "/api/v1/rejudgements/preview", json=since).json()
    assert preview["effects"]["cleared"] == 1
    assert only_case(parts).state is CaseState.PENDING_REVIEW
    done = client.send("POST", "/api/v1/rejudgements", json=since)
    assert (done.status_code, done.json()["is_applied"]) == (200, True)
    assert only_case(parts).state is CaseState.SUPPRESSED
    assert AsgiClient(parts.http).send("POST", "/api/v1/rejudgements", json=since).status_code == 401
    backwards = {"since": "2026-07-02T00:00:00Z", "until": "2026-07-01T00:00:00Z"}
    assert client.send("POST", "/api/v1/rejudgements/preview", json=backwards).status_code == 422


def test_a_registered_zone_has_its_name_on_pages(parts: Parts) -> None:
    register(parts, Register.ZONES, BAN, HERE)
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    assert {zone["id"] for zone in client.get("/api/v1/zones").json()} == {"ban", "here"}
