"""Writes the JSON Schemas of everything on the wire; `make schema` rewrites them, a test compares.

python -m contract.schema [--check]
"""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from contract.bundle import Bundle
from contract.events import Event
from contract.keys import PublicKeys
from contract.manifest import ModelManifest
from contract.notices import CaseNotice, PlatformReply
from contract.receipts import Receipt
from contract.reported import Reported
from contract.requests import Reply, Request
from contract.signing import Signed
from contract.status import NodeStatus

SCHEMA_DIR = Path(__file__).parent / "schemas"
PUBLISHED: dict[str, type[BaseModel]] = {
    "event": Event,
    "receipt": Receipt,
    "node-status": NodeStatus,
    "model-manifest": ModelManifest,
    "signed": Signed,
    "public-keys": PublicKeys,
    "bundle": Bundle,
    "reported": Reported,
    "request": Request,
    "reply": Reply,
    "case-notice": CaseNotice,
    "platform-reply": PlatformReply,
}


def schema_text(model: type[BaseModel]) -> str:
    """The JSON Schema of `model` as it is committed."""
    return json.dumps(model.model_json_schema(mode="validation"), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    stale = []
    for name, model in PUBLISHED.items():
        path = SCHEMA_DIR / f"{name}.schema.json"
        text = schema_text(model)
        if arguments == ["--check"]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"stale schemas: {', '.join(stale)}; run `make schema`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
