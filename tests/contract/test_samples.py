"""The golden contract: committed payloads and schemas. A sample that has to change is a changed wire."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from contract.schema import PUBLISHED, SCHEMA_DIR, schema_text

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.glob("*.json"))


def model_of(sample: str) -> type[BaseModel]:
    return PUBLISHED[sample.split(".")[0]]


def schema_of(sample: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        (SCHEMA_DIR / f"{sample.split('.')[0]}.schema.json").read_text(encoding="utf-8")
    )
    return loaded


def payload(sample: str) -> bytes:
    return (SAMPLES / sample).read_bytes().removesuffix(b"\n")


def to_wire(value: BaseModel) -> bytes:
    wire = getattr(value, "to_wire", None)
    return bytes(wire()) if wire is not None else value.model_dump_json().encode()


def test_every_published_model_has_a_sample() -> None:
    assert {name.split(".")[0] for name in NAMES} == set(PUBLISHED)


def test_every_state_of_an_event_has_a_sample() -> None:
    states = {json.loads(payload(name))["data"]["state"] for name in NAMES if name.startswith("event.")}
    assert states == {"opened", "updated", "closed"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_committed_schema_is_current(name: str) -> None:
    committed = (SCHEMA_DIR / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(PUBLISHED[name]), "run `make schema`"


def test_no_schema_is_left_over() -> None:
    assert {path.name for path in SCHEMA_DIR.iterdir()} == {f"{name}.schema.json" for name in PUBLISHED}


@pytest.mark.parametrize("sample", NAMES)
def test_a_sample_is_valid_under_its_schema(sample: str) -> None:
    schema = schema_of(sample)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(payload(sample)))


@pytest.mark.parametrize("sample", NAMES)
def test_a_sample_comes_back_byte_for_byte(sample: str) -> None:
    assert to_wire(model_of(sample).model_validate_json(payload(sample))) == payload(sample)


@pytest.mark.parametrize("sample", [name for name in NAMES if not name.startswith("model-manifest")])
def test_a_reader_ignores_fields_of_a_newer_writer(sample: str) -> None:
    newer = json.loads(payload(sample)) | {"added_in_2031": {"deep": [1, 2]}}
    if "data" in newer:
        newer["data"] |= {"also_new": True, "box": newer["data"]["box"] | {"angle_deg": 3}}
    assert to_wire(model_of(sample).model_validate_json(json.dumps(newer))) == payload(sample)


def test_a_manifest_refuses_unknown_keys() -> None:
    """A file is written by hand or by our own tools: a key nobody reads is a typing error."""
    wrong = json.loads(payload("model-manifest.json")) | {"nms": 0.5}
    with pytest.raises(ValueError, match="nms"):
        model_of("model-manifest.json").model_validate(wrong)


@pytest.mark.parametrize("sample", NAMES)
def test_no_required_field_can_be_missing(sample: str) -> None:
    """Leaving out any field the schema requires is refused by schema and model alike."""
    content, schema = json.loads(payload(sample)), schema_of(sample)
    assert schema["required"]
    for field in schema["required"]:
        less = {key: value for key, value in content.items() if key != field}
        assert not Draft202012Validator(schema).is_valid(less)
        with pytest.raises(ValueError, match=field):
            model_of(sample).model_validate_json(json.dumps(less))
