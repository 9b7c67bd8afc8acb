"""Pictures over HTTP: nodes put them by hash, operators get them."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from central.api.access import Access
from central.services.evidence import EvidenceDesk
from contract.errors import PermanentError
from contract.ids import SHA256_PATTERN

Sha256Path = Annotated[str, Path(pattern=SHA256_PATTERN)]


def evidence_router(desk: EvidenceDesk, access: Access) -> APIRouter:
    """``/evidence``: PUT for nodes, GET for operators."""
    router = APIRouter(prefix="/evidence", tags=["evidence"])

    @router.put("/{sha256}", dependencies=[Depends(access.node)], status_code=201)
    async def put_picture(sha256: Sha256Path, request: Request, response: Response) -> dict[str, str]:
        """Takes a JPEG that an event announced. 201 when new, 200 when known, 404 while no event has announced it."""
        announced_bytes = await run_in_threadpool(desk.announced_size, sha256)
        if announced_bytes is None:
            raise HTTPException(404, "not announced yet: send it again after its event has been receipted")
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
        return FileResponse(path, media_type="image/jpeg", headers=headers)

    return router


def _content_length(request: Request) -> str | None:
    value = request.headers.get("content-length")
    return value if value is not None and value.isdecimal() else None
