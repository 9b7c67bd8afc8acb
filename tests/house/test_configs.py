"""Every example in `configs/` loads, and the demo's files describe the street that is drawn."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from central.catalogue import load_catalogue
from central.flowrules import load_workflow
from central.open311 import load_open311
from central.rulebook import load_rules
from central.scorebook import load_scorebook
from central.settings import load_settings
from central.site import load_site
from central.targets import load_targets
from central.timelimits import load_time_limits
from contract.bundle import Bundle
from contract.plane import contains
from contract.reported import BundleMark
from contract.sealing import UnsealKey
from datasets.catalogue import read_catalogue
from datasets.split_plan import read_split_plan
from edge.desired.wanted import to_wanted
from edge.scene.streets import demo_street
from edge.settings import load_node, load_policies, load_replay, secret_value
from models.plan import read_plan
from tests.house.source import ROOT

CONFIGS = ROOT / "configs"
LOADERS: dict[str, Callable[[Path], object]] = {
    "edge/*policies.yaml": load_policies,
    "edge/replay*.yaml": load_replay,
    "edge/*.yaml": load_node,
    "central/bundle.yaml": lambda path: load_bundle(path),
    "central/central.yaml": lambda path: load_settings(path, {}),
    "central/violations.yaml": load_catalogue,
    "central/association.yaml": load_rules,
    "central/assessment.yaml": load_scorebook,
    "central/deadlines.yaml": load_time_limits,
    "central/targets*.yaml": load_targets,
    "central/open311*.yaml": load_open311,
    "central/workflow.yaml": load_workflow,
    "site/*.yaml": load_site,
    "training/*.yaml": read_plan,
    "datasets/split.yaml": read_split_plan,
    "datasets/catalogue.yaml": read_catalogue,
}
EXAMPLES = sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*.yaml"))
"""The broker's own files beside them are the broker's to read."""


def load_bundle(path: Path) -> Bundle:
    """As `central fleet set` reads it, and in the node's own settings too."""
    content = yaml.safe_load(path.read_bytes()) | {"node_id": "node-1", "version": 1, "made_at": "2026-07-01T10:00:00Z"}
    bundle = Bundle.model_validate(content, extra="forbid")
    base = load_node(CONFIGS / "edge/node.yaml")
    to_wanted(bundle, BundleMark(version=1, sha256="0" * 64), b"", base, UnsealKey.generate())
    return bundle


def loader_of(name: str) -> Callable[[Path], object]:
    """The first that matches: the kinds of node files stand before the node's own."""
    found = next((loader for pattern, loader in LOADERS.items() if Path(name).match(pattern)), None)
    assert found is not None, f"configs/{name}: no settings class reads it"
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_loads(name: str) -> None:
    assert loader_of(name)(CONFIGS / name) is not None


@pytest.mark.parametrize("name", ["edge/node.yaml", "edge/demo.yaml"])
def test_what_a_nodes_example_names_exists(name: str) -> None:
    settings = load_node(CONFIGS / name)
    assert load_policies(settings.policies).presence
    assert (settings.model / "manifest.json").is_file()
    for secret in [camera.secret for camera in settings.cameras if camera.secret is not None]:
        variable = "XUNJIE_SECRET_" + secret.upper().replace("-", "_")
        assert variable in (CONFIGS / name).read_text(encoding="utf-8"), "the comment names the variable"
        assert secret_value(secret, {variable: "user:password"}) == "user:password"


def test_the_demos_poses_are_those_of_the_street() -> None:
    street = {camera.camera_id: camera for camera in demo_street().cameras}
    settings = load_node(CONFIGS / "edge/demo.yaml")
    site = load_site(CONFIGS / "site/demo.yaml")
    assert [camera.camera_id for camera in settings.cameras] == list(street)
    for camera in settings.cameras:
        assert camera.source == f"scene:demo/{camera.camera_id}"
        assert camera.pose is not None
        drawn = street[camera.camera_id]
        for field in ("east_m", "north_m", "height_m", "yaw_deg", "tilt_deg", "fov_deg"):
            assert getattr(camera.pose, field) == getattr(drawn, field), f"{camera.camera_id}.{field}"
        assert (camera.pose.origin_lat, camera.pose.origin_lon) == (site.to_origin().lat, site.to_origin().lon)


def test_the_demos_cameras_hang_on_the_map_where_the_street_has_them() -> None:
    site = load_site(CONFIGS / "site/demo.yaml")
    registers = site.to_registers()
    for camera in demo_street().cameras:
        row = registers.camera(camera.camera_id)
        assert row is not None and row.point is not None
        assert (row.point.east_m, row.point.north_m) == pytest.approx((camera.east_m, camera.north_m), abs=0.1)
        assert (row.heading_deg, row.view_deg) == (camera.yaw_deg % 360, camera.fov_deg)


def test_the_demo_sites_zones_hold_what_is_painted() -> None:
    site = load_site(CONFIGS / "site/demo.yaml")
    polygons = {zone.kind.value: [(p.east_m, p.north_m) for p in zone.polygon] for zone in site.to_zones()}
    painted = demo_street().zones
    assert set(polygons) == set(painted)
    for kind, corners in painted.items():
        for corner in corners:
            assert corner in polygons[kind] or contains(polygons[kind], *corner), f"{kind}: {corner} lies outside"


def test_the_demos_policies_differ_from_the_real_ones_in_patience_only() -> None:
    real = load_policies(CONFIGS / "edge/policies.yaml").presence
    demo = load_policies(CONFIGS / "edge/demo-policies.yaml").presence
    assert set(real) == set(demo)
    for seen, policy in demo.items():
        assert policy.model_copy(update={"present_after_s": real[seen].present_after_s}) == real[seen], seen
        assert policy.present_after_s <= real[seen].present_after_s


def test_a_file_nobody_reads_is_seen() -> None:
    with pytest.raises(AssertionError, match="no settings class"):
        loader_of("forgotten.yaml")
