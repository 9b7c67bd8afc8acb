"""Pictures over HTTP: nodes put them by hash, operators get them."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from central.api.access import Access
from central.services.evidence import Check, EvidenceDesk, Proof, media_type_of
from contract.errors import PermanentError
from contract.events import ClockState, Instant
from contract.ids import SHA256_PATTERN

MANIFEST_HEADER = "X-Evidence-Manifest"

Sha256Path = Annotated[str, Path(pattern=SHA256_PATTERN)]


def evidence_router(desk: EvidenceDesk, access: Access) -> APIRouter:
    """``/evidence``: PUT for nodes, GET for operators."""
    router = APIRouter(prefix="/evidence", tags=["evidence"])

    @router.put("/{sha256}", dependencies=[Depends(access.node)], status_code=201)
    async def put_picture(sha256: Sha256Path, request: Request, response: Response) -> dict[str, str]:
        """Takes a JPEG or an MP4 clip that an event announced. 201 when new, 200 when known, 404 while not announced.

        The header `X-Evidence-Manifest` may carry the node's signed manifest, in base64.
        """
        announced_bytes = await run_in_threadpool(desk.announced_size, sha256)
        if announced_bytes is None:
            raise HTTPException(404, "not announced yet: send it again after its event has been receipted")
        try:
            await run_in_threadpool(_take_manifest, desk, sha256, request.headers.get(MANIFEST_HEADER))
        except (PermanentError, ValueError) as error:
            raise HTTPException(422, f"{MANIFEST_HEADER}: {error}") from error
        if desk.objects.find(sha256) is not None:
            await run_in_threadpool(desk.settle, sha256)
            response.status_code = 200
            return {"sha256": sha256}
        if int(_content_length(request) or announced_bytes) != announced_bytes:
            raise HTTPException(413, f"announced {announced_bytes} bytes")
        upload = desk.objects.begin()
        try:
            async for chunk in request.stream():
                upload.write(chunk)  # into the page cache; only commit waits for the disk
                if upload.size_bytes > announced_bytes:
                    raise HTTPException(413, f"more than the announced {announced_bytes} bytes")
            await run_in_threadpool(desk.accept, upload, sha256, announced_bytes)
        except PermanentError as error:
            raise HTTPException(422, str(error)) from error
        except ClientDisconnect as error:
            raise HTTPException(400, "the upload broke off") from error
        finally:
            upload.discard()
        return {"sha256": sha256}

    @router.get("/{sha256}", dependencies=[Depends(access.operator)], response_class=FileResponse)
    def get_picture(sha256: Sha256Path, request: Request) -> Response:
        """The picture. Its name is its content, so it may be kept for ever."""
        path = desk.objects.find(sha256)
        if path is None:
            raise HTTPException(404, "no such picture here (yet)")
        headers = {
            "ETag": f'"{sha256}"',
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        if sha256 in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        with path.open("rb") as file:
            media_type = media_type_of(file.read(12)) or "application/octet-stream"
        return FileResponse(path, media_type=media_type, headers=headers)

    @router.get("/{sha256}/proof", dependencies=[Depends(access.operator)])
    def get_proof(sha256: Sha256Path) -> ProofView:
        """Whether the picture is what its name says, and whether an enrolled node signed for it."""
        proof = desk.proof(sha256)
        if proof is None:
            raise HTTPException(404, "no such picture here (yet)")
        return ProofView.of(proof)

    return router


class ProofView(BaseModel):
    """What is proven: `content` by hashing the file now, `signature` by the node's manifest and the register."""

    sha256: str
    content: Check
    signature: Check
    manifest_sha256: str | None
    node_id: str | None
    seq: int | None
    signed_at: Instant | None
    clock_state: ClockState | None
    has_original: bool

    @classmethod
    def of(cls, proof: Proof) -> "ProofView":
        entry = proof.entry
        items = [] if entry is None else [item for item in entry.items if item.sha256 == proof.sha256]
        return cls(
            sha256=proof.sha256,
            content=proof.content,
            signature=proof.signature,
            manifest_sha256=proof.manifest_sha256,
            node_id=None if entry is None else entry.node_id,
            seq=None if entry is None else entry.seq,
            signed_at=None if entry is None else entry.made_at,
            clock_state=None if entry is None else entry.clock_state,
            has_original=any(item.original is not None for item in items),
        )


def _take_manifest(desk: EvidenceDesk, sha256: str, header: str | None) -> None:
    if header is not None:
        desk.keep_manifest(sha256, base64.b64decode(header, validate=True))


def _content_length(request: Request) -> str | None:
    value = request.headers.get("content-length")
    return value if value is not None and value.isdecimal() else None
