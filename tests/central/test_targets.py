"""The targets file: what is wrong in it is named with its place and remedy, and no secret stands in it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from central.domain.workflow import CaseState
from central.targets import load_targets, secret_value
from contract.errors import UsageError
from tests.central.delivery_parts import CITY
from tests.house.source import ROOT


def load(tmp_path: Path, **changes: Any) -> None:
    path = tmp_path / "targets.yaml"
    target = {"url": "https://platform.example/api", **CITY, **changes}
    path.write_text(yaml.safe_dump({"targets": [{key: value for key, value in target.items() if value is not None}]}))
    load_targets(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"find": None}, "targets[0].http: find: is missing. After a time-out somebody must be able to ask"),
        ({"url": "platform.example"}, "targets[0].http.url: write it as https://platform.example/api/"),
        ({"url": "https://me:secret@platform.example/"}, "targets[0].http.url: holds a password; name a secret"),
        ({"only_states": ["pending_review"]}, "pending_review: nobody outside is told of what no person has confirmed"),
        ({"codes": 5}, "targets[0].http.codes: Input should be a valid string"),
        ({"colour": "red"}, "targets[0].http.colour: unknown key; remove it or check its spelling"),
        ({"create": {**CITY["create"], "fields": {"x": "plate_number"}}}, "a case has no 'plate_number'; it has: "),
        ({"create": {**CITY["create"], "path": "/cases"}}, "write it relative to the target's url"),
        ({"create": {**CITY["create"], "path": "../admin"}}, "write it relative to the target's url"),
        ({"create": {**CITY["create"], "path": "cases/{who}"}}, "{who} can't be filled in; there are: case_id,"),
        ({"create": {**CITY["create"], "fields": {"x": {"path": "state", "value": 1}}}}, "either a path into the case"),
        ({"headers": {"Authorization": {"secret": "a b"}}}, "targets[0].http.headers.Authorization"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, **changes)
    assert message in str(caught.value)
    assert "targets.yaml" in str(caught.value)


def test_a_secret_comes_from_the_environment_or_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    assert secret_value("city-token", {"XUNJIE_SECRET_CITY_TOKEN": "direct"}) == "direct"
    assert secret_value("city-token", {"XUNJIE_SECRET_CITY_TOKEN_FILE": str(file)}) == "from-a-file"
    with pytest.raises(UsageError, match="neither XUNJIE_SECRET_CITY_TOKEN nor XUNJIE_SECRET_CITY_TOKEN_FILE is set"):
        secret_value("city-token", {})


def test_reported_on_leaves_leads_at_home() -> None:
    targets = load_targets(ROOT / "configs" / "central" / "targets.yaml").in_use
    city, bus = (next(target for target in targets if target.name == name) for name in ("city", "bus"))
    assert CaseState.CONFIRMED not in city.to_rule().states
    assert {CaseState.REPORTED, CaseState.CLOSED} < city.to_rule().states
    assert CaseState.CONFIRMED in bus.to_rule().states
    assert CaseState.PENDING_REVIEW not in bus.to_rule().states | city.to_rule().states
