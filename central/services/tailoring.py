"""Changes to a node's bundle that the console makes part by part; everything else stays as its newest version has it.

Each gives a new version through the fleet's desk, which checks the whole, signs it and keeps who wanted it why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from central.services.fleet import FleetDesk, Order, UnknownNode, content_of
from central.store.fleet import StoredBundle
from contract.bundle import MaskBlock, ZoneBlock
from contract.errors import UsageError
from contract.problems import every_problem

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a change, why, and from which version they set out (0: the node had none)."""

    by: str
    why: str
    after: int


@dataclass(frozen=True, slots=True)
class Shapes:
    """Zones and masks of a camera; of one preset, only zones: masks are the camera's."""

    zones: tuple[ZoneBlock, ...]
    masks: tuple[MaskBlock, ...] = ()


class Tailor:
    """Any thread."""

    def __init__(self, desk: FleetDesk) -> None:
        self._desk = desk

    def content(self, node_id: str) -> Content:
        """The newest version as the content of a new one; empty where the node has none."""
        try:
            return dict(content_of(self._desk.bundles(node_id)[0]))
        except UnknownNode:
            return {}

    def set_shapes(self, node_id: str, camera_id: str, preset: str, shapes: Shapes, wish: Wish) -> StoredBundle:
        """Gives the camera, or one of its presets, other zones; the camera other masks.

        Raises:
            Overtaken: see `FleetDesk.set_bundle`.
            UsageError: no such camera or preset in the bundle, or two zones of one name.
        """
        _require_own_names(shapes.zones)

        def put(part: Content) -> None:
            part["zones"] = [zone.model_dump(mode="json", exclude_none=True) for zone in shapes.zones]
            if not preset:
                part["masks"] = [mask.model_dump(mode="json") for mask in shapes.masks]

        return self._change_camera(node_id, camera_id, preset, put, wish)

    def set_calibration(
        self, node_id: str, camera_id: str, preset: str, calibration: Mapping[str, object], wish: Wish
    ) -> StoredBundle:
        """Gives the camera, or one of its presets, surveyed points in place of a measured pose.

        Raises:
            Overtaken: see `FleetDesk.set_bundle`.
            UsageError: no such camera or preset in the bundle.
        """

        def put(part: Content) -> None:
            part.pop("pose", None)
            part["options"] = dict(part.get("options") or {}) | {"calibration": dict(calibration)}

        return self._change_camera(node_id, camera_id, preset, put, wish)

    def set_parts(self, node_id: str, parts: Mapping[str, object], wish: Wish) -> StoredBundle:
        """Gives the bundle other top-level parts (`policies`, `model`, …); None takes one out.

        Raises:
            Overtaken: see `FleetDesk.set_bundle`.
            UsageError: the node has no bundle yet, or the whole is none.
        """
        content = self.content(node_id)
        if not content:
            raise UsageError(f"node {node_id} has no bundle yet; set its first one on the node's page")
        changed = {name: value for name, value in {**content, **parts}.items() if value is not None}
        return self.set_all(node_id, changed, wish)

    def set_all(self, node_id: str, content: Mapping[str, object], wish: Wish) -> StoredBundle:
        """Gives the node a whole new version.

        Raises:
            Overtaken: see `FleetDesk.set_bundle`.
            UsageError: it is no bundle; a line per problem.
        """
        return self._desk.set_bundle(node_id, Order(content, wish.by, wish.why, {}, after=wish.after))

    def _change_camera(
        self, node_id: str, camera_id: str, preset: str, put: Callable[[Content], None], wish: Wish
    ) -> StoredBundle:
        content = self.content(node_id)
        camera = _named(content.get("cameras", ()), "camera_id", camera_id)
        if camera is None:
            raise UsageError(f"camera {camera_id} is in no bundle of node {node_id}; add it on the node's page")
        part = _named(camera.get("presets", ()), "name", preset) if preset else camera
        if part is None:
            raise UsageError(f"camera {camera_id} has no preset {preset}")
        put(part)
        return self.set_all(node_id, content, wish)


def read_shapes(text: str) -> Shapes:
    """What the editor sent: ``{"zones": [{name, polygon, kinds}], "masks": [{polygon, kinds}]}``.

    Raises:
        UsageError: a line per problem, each with its place.
    """
    try:
        return _SHAPES.validate_json(text)
    except ValidationError as error:
        raise UsageError(every_problem(error, "shapes")) from error


_SHAPES = TypeAdapter(Shapes)


def _named(parts: Sequence[Content], key: str, name: str) -> Content | None:
    return next((part for part in parts if part.get(key) == name), None)


def _require_own_names(zones: Sequence[ZoneBlock]) -> None:
    names = [zone.name for zone in zones]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UsageError(f"zones: two are called {doubled[0]}; findings name their zone, so each needs its own name")
