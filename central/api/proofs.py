"""Whether a case's pictures are what they say: all of them in one answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path

from central.api.access import Access
from central.api.evidence import ProofView
from central.services.evidence import EvidenceDesk
from central.services.reading import Reader
from contract.ids import UUID_PATTERN

MOST = 100
"""Pictures hashed for one answer: a hundred of 300 kB take a tenth of a second."""


def proofs_router(reader: Reader, desk: EvidenceDesk, access: Access) -> APIRouter:
    """``/cases/{case_id}/proofs``, for operators."""
    router = APIRouter(prefix="/cases", tags=["cases"])

    @router.get("/{case_id}/proofs", dependencies=[Depends(access.operator)])
    def show_proofs(case_id: Annotated[str, Path(pattern=UUID_PATTERN)]) -> list[ProofView]:
        """What is proven about each picture of the case that is here; the newest hundred."""
        case = reader.detail(case_id)
        if case is None:
            raise HTTPException(404, f"no case {case_id}")
        here = dict.fromkeys(picture.sha256 for picture in reversed(case.evidence) if picture.is_stored)
        proofs = [desk.proof(sha256) for sha256 in list(here)[:MOST]]
        return [ProofView.of(proof) for proof in proofs if proof is not None]

    return router
