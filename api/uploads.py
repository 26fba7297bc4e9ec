"""``/v1/uploads``: files of feedback in pieces, resumable; their rows go into the bulk lane.

``POST`` makes an upload, ``PUT …/content`` sends it or a piece of it, ``GET`` tells how far it is and which rows could
not be read. Offsets are as in the IETF draft of resumable uploads: ``Upload-Offset`` and ``Upload-Complete: ?0``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, ValidationError

from api.access import KEY_REFUSALS, later
from api.bodies import Problem
from api.requests import BODY_REFUSALS, read_body, read_json, refuse_packed
from contracts.errors import RetryLater, WrongUsage
from contracts.unfit import first_unfit
from wiring.bulk.desk import Job, State, TooLarge, UploadDesk, WrongOffset


class NewUpload(BaseModel):
    """What is to be sent: ``map`` are field=column pairs, ``source`` is for rows that name none."""

    # The pattern is for readers of the document: the desk refuses in words of its own, and takes letters of any script.
    file: str = Field(
        min_length=1,
        max_length=200,
        examples=["reviews.csv"],
        json_schema_extra={"pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.() -]{0,60}\.(csv|jsonl|ndjson)(\.gz)?$"},
    )
    map: str | None = Field(default=None, max_length=2000, examples=["text=comment,rating=stars"])
    source: str | None = Field(default=None, min_length=1, max_length=64)


class RowError(BaseModel):
    """A row that could not be read; it is among the dead letters too."""

    line: int
    reason: str


class UploadStatus(BaseModel):
    """How far an upload is: bytes received, rows in the bulk lane, the first bad rows; ``why`` if it was refused."""

    id: str
    file: str
    state: State
    received: int
    rows: int
    bad: int
    errors: list[RowError]
    why: str | None = None


_UNFIT: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "A name, a header or an option that no upload can have."}
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such upload."}}
_CONTENT_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The sender left in the middle."},
    409: {"model": Problem, "description": "Another piece is due; Upload-Offset says from where."},
    413: {"model": Problem, "description": "Larger than an upload may be."},
    415: {"model": Problem, "description": "Compressed on its way."},
}

_BODY = {"required": True, "content": {"application/json": {"schema": NewUpload.model_json_schema()}}}


def uploads_router(desk: UploadDesk, tenant_of: Callable[..., Any]) -> APIRouter:
    """The routes; ``tenant_of`` is the dependency that says whose request it is, or refuses it."""
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
    whose = Depends(tenant_of)

    # The body is read here: as a parameter it would be read before anybody asks for the key, whatever its size.
    @router.post(
        "",
        status_code=201,
        response_model=UploadStatus,
        responses={**BODY_REFUSALS, **KEY_REFUSALS, **_UNFIT},
        openapi_extra={"requestBody": _BODY},
    )
    async def create(request: Request, response: Response, tenant: str = whose) -> UploadStatus:
        """Make an upload; send its content next."""
        new = _new_upload(read_json(request, await read_body(request)))
        try:
            job = await run_in_threadpool(desk.create, tenant, new.file, new.map, new.source)
        except WrongUsage as exc:
            raise HTTPException(422, str(exc)) from None
        except RetryLater as exc:
            raise later(exc) from None
        response.headers["Location"] = f"/v1/uploads/{job.id}"
        return _status(job)

    @router.put(
        "/{upload_id}/content",
        status_code=202,
        response_model=UploadStatus,
        responses={**_CONTENT_REFUSALS, **KEY_REFUSALS, **_UNFIT, **_UNKNOWN},
    )
    async def content(
        upload_id: str,
        request: Request,
        upload_offset: Annotated[int, Header(ge=0)] = 0,
        upload_complete: Annotated[str, Header(pattern=r"^\?[01]$")] = "?1",
        tenant: str = whose,
    ) -> UploadStatus:
        """Send all of it, or the piece at ``Upload-Offset``; ``Upload-Complete: ?0`` says that more follows."""
        refuse_packed(request)
        try:
            is_last = upload_complete == "?1"
            job = await desk.receive(tenant, upload_id, upload_offset, request.stream(), is_last=is_last)
        except KeyError:
            raise HTTPException(404, "no upload of this id waits for content") from None
        except WrongOffset as exc:
            told = {"Upload-Offset": str(exc.received)}
            raise HTTPException(409, f"go on at offset {exc.received}", headers=told) from None
        except TooLarge:
            raise HTTPException(413, "larger than an upload may be; cut the file") from None
        except RetryLater as exc:
            raise later(exc) from None
        return _status(job)

    @router.get("/{upload_id}", response_model=UploadStatus, responses={**KEY_REFUSALS, **_UNFIT, **_UNKNOWN})
    def status(upload_id: str, response: Response, tenant: str = whose) -> UploadStatus:
        """How far it is; while it is being received, ``Upload-Offset`` is where to go on."""
        job = desk.find(tenant, upload_id)
        if job is None:
            raise HTTPException(404, "no such upload")
        response.headers["Upload-Offset"] = str(job.received)
        return _status(job)

    return router


def _new_upload(told: Any) -> NewUpload:
    """What is to be sent. Refuses (422)."""
    try:
        return NewUpload.model_validate(told)
    except ValidationError as exc:
        raise HTTPException(422, first_unfit(exc).told("the upload")) from None


def _status(job: Job) -> UploadStatus:
    errors = [RowError(line=line, reason=reason) for line, reason in job.errors]
    return UploadStatus(
        id=job.id,
        file=job.file,
        state=job.state,
        received=job.received,
        rows=job.rows,
        bad=job.bad,
        errors=errors,
        why=job.why,
    )
