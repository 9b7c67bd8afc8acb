"""A bundle in the node's own terms: the same settings as its file, so that one validation judges both."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from contract.bundle import Bundle, CameraBlock, parse_bundle, secret_context
from contract.configfile import parse_settings
from contract.errors import PermanentError, UsageError
from contract.keys import PublicKeys
from contract.reported import BundleMark, mark_of
from contract.sealing import UnsealKey
from contract.signing import Purpose, open_signed
from edge.rules.policy import Policies
from edge.settings import NodeSettings, load_policies


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the node shall be: its own settings with the bundle's on top. `secrets` are in the clear: never logged."""

    bundle: Bundle
    mark: BundleMark
    wire: bytes
    settings: NodeSettings
    policies: Policies
    secrets: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Wanted(version {self.mark.version})"


def open_bundle(wire: bytes, node_id: str, central: PublicKeys | None) -> tuple[Bundle, BundleMark]:
    """The bundle in the signed message `wire`, if the pinned central signed it for this node.

    Raises:
        PermanentError: nobody is pinned, or it is not signed by central, or meant for another node.
        UsageError: it is malformed; one line per problem.
    """
    if central is None:
        raise PermanentError("no central is pinned: run `python -m edge enroll --central …` on the node")
    payload = open_signed(wire, Purpose.BUNDLE, [central.verify_key])
    bundle = parse_bundle(payload, "bundle")
    if bundle.node_id != node_id:
        raise PermanentError(f"is for node {bundle.node_id}, this is {node_id}")
    return bundle, mark_of(payload, bundle.version)


def to_wanted(bundle: Bundle, mark: BundleMark, wire: bytes, base: NodeSettings, key: UnsealKey) -> Wanted:
    """The bundle as this node's settings, on top of `base`, the node's own file.

    Raises:
        UsageError: the node's settings refuse something; one line per problem, ``bundle: cameras[0].decode: …``.
    """
    content = base.model_dump()
    content["cameras"] = [_camera(block) for block in bundle.cameras]
    if bundle.evidence is not None:
        content["evidence"] |= bundle.evidence
    settings = parse_settings(content, NodeSettings, "bundle")
    if bundle.policies is None:
        policies = load_policies(base.policies)
    else:
        policies = parse_settings(bundle.policies, Policies, "bundle: policies")
    return Wanted(bundle, mark, wire, settings, policies, _unseal(bundle, key))


def _camera(block: CameraBlock) -> dict[str, Any]:
    doubled = sorted(block.options.keys() & (CameraBlock.model_fields.keys() - {"options"}))
    if doubled:
        raise UsageError(f"bundle: camera {block.camera_id}: options: {doubled[0]} has a place of its own")
    content = _given(block, {"options", "presets"}) | block.options
    if block.presets:
        ptz = content.get("ptz", {})
        presets = [_given(preset, {"options"}) | preset.options for preset in block.presets]
        content["ptz"] = (ptz if isinstance(ptz, dict) else {}) | {"presets": presets}
    return content


def _given(block: BaseModel, left_out: set[str]) -> dict[str, Any]:
    """Only what the bundle says: everything else keeps the node's default."""
    return block.model_dump(exclude_unset=True, exclude_none=True, exclude=left_out)


def _unseal(bundle: Bundle, key: UnsealKey) -> dict[str, str]:
    secrets = {}
    for name, sealed in bundle.sealed_secrets.items():
        try:
            secrets[name] = key.open(base64.b64decode(sealed), secret_context(name)).decode()
        except (PermanentError, UnicodeDecodeError) as error:
            raise UsageError(f"bundle: sealed_secrets.{name}: {error}; seal it to this node's present key") from error
    return secrets
