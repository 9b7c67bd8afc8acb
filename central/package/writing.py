"""Writes a package: every file with a fixed place, time and mode, the index last and signed."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from central.package.format import (
    CASE,
    CHAIN,
    HISTORY,
    INDEX,
    PHOTOGRAPHS,
    README,
    SHEET,
    SIGNATURE,
    FileEntry,
    Index,
    IndexSignature,
)
from central.package.gathering import Gathered
from central.package.sheet import draw_sheet
from contract.errors import UsageError
from contract.signing import Purpose, SigningKey

EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's first moment: when a file was written is no part of the evidence."""
_LEFT_OUT = {"history", "evidence", "picture", "open_actions", "steps", "claim", "silence"}
"""Of the case as it is shown: what has a file of its own, what depends on who looks, and what passes."""
README_TEXT = """\
巡街 案件证据包 / Xunjie evidence package

验证（可离线）：python -m central verify-package 本文件.zip --key 公钥指纹
Verify (offline):  python -m central verify-package THIS.zip --key FINGERPRINT
The fingerprint is what the authority has published: `python -m central keys` prints it.
index.json 列出全部文件的 SHA-256，由中心平台以 Ed25519 签名。
index.json names every file by SHA-256 and is signed by central.
图片离开边缘节点前已脱敏；节点对每张图片签名（manifests/）。
Pictures were redacted before they left the node, which signed each.
现场照片（photographs/）为粗略形式；photographs.json 载明拍摄人、时间和原图 SHA-256，原图由中心平台加密保存。
Officers' photographs are coarse; their clear forms, by SHA-256, stay sealed with central.
history.json 为处置经过，每一步均封存于链（chain.json）。
history.json holds every step; chain.json proves them.
本包为线索材料，是否违法由有权机关认定。
This is a lead; whether it is an offence is for the authority to find.
"""


def write_package(path: Path, gathered: Gathered, key: SigningKey) -> Index:
    """Writes the ZIP at `path`, whole or not at all.

    Raises:
        UsageError: it can't be written.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            entries = tuple(_put(archive, name, content) for name, content in _files(gathered))
            case = gathered.case
            index = Index(
                case_id=case.id,
                number=case.number,
                state=case.state,
                steps=len(gathered.steps.rows),
                files=entries,
                missing=gathered.missing,
            )
            text = index.to_bytes()
            signature = base64.b64encode(key.sign(text, Purpose.PACKAGE)).decode()
            _put(archive, INDEX, text)
            _put(archive, SIGNATURE, IndexSignature(key_id=key.key_id, signature=signature).to_bytes())
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return index


def _files(gathered: Gathered) -> Iterator[tuple[str, bytes]]:
    """Names and contents, one at a time: a package is never whole in memory."""
    yield README, README_TEXT.encode()
    yield CASE, _case_bytes(gathered)
    yield CHAIN, gathered.chain.to_bytes()
    yield HISTORY, gathered.steps.to_bytes()
    for name, keys in sorted(gathered.keys.items()):
        yield name, keys.to_wire() + b"\n"
    for picture in gathered.pictures:
        yield f"pictures/{picture.sha256}.{'mp4' if picture.is_clip else 'jpg'}", picture.path.read_bytes()
        if picture.manifest is not None:
            yield f"manifests/{picture.sha256}.json", picture.manifest
    if gathered.photographs.photographs:
        yield PHOTOGRAPHS, gathered.photographs.to_bytes()
    for sha256, path in gathered.shots:
        yield f"photographs/{sha256}.jpg", path.read_bytes()
    yield SHEET, draw_sheet(gathered)


def _case_bytes(gathered: Gathered) -> bytes:
    facts = gathered.case.model_dump(mode="json", exclude=_LEFT_OUT)
    for stage in facts["stages"]:
        del stage["claimed_by"]
    facts["evidence"] = [
        {key: value for key, value in view.model_dump(mode="json").items() if key != "is_stored"}
        for view in gathered.case.evidence
    ]
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> FileEntry:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    archive.writestr(info, content)
    return FileEntry(path=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
