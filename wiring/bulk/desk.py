"""Uploads over HTTP: received in pieces, kept until all is there, then put into the bulk lane one after another.

In:    pieces of a file at offsets.   Out: records in the bulk topic.
State: a folder for each upload with the file and a note; whatever stops, the sender goes on at ``received`` and this
at the same row. The file is deleted once its rows are in the bulk lane; until then it lies here as it came, readable
by us alone.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

import orjson

from contracts.errors import PipelineError, WrongUsage
from wiring.bulk.book import Upload
from wiring.bulk.folder import ENDINGS
from wiring.bulk.upload import Lane, Options, Progress, upload
from wiring.datadir import write_whole

State = Literal["receiving", "waiting", "loading", "done", "refused"]

_ID = re.compile(r"[0-9a-f]{24}")
_NAME = re.compile(r"[\w.() -]{1,200}")

RETRY_S = 5.0
"""Seconds between tries while the broker is away."""


class TooLarge(Exception):
    """More bytes than an upload may have; what came of this piece is dropped."""


class WrongOffset(Exception):
    """The piece does not begin where the last one ended: go on at ``received``."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


@dataclass(frozen=True, slots=True)
class Job:
    """One upload as its sender sees it; ``errors`` holds line and reason of the first rows that could not be read."""

    id: str
    file: str
    state: State = "receiving"
    mapping: str | None = None
    source: str | None = None
    received: int = 0
    rows: int = 0
    bad: int = 0
    errors: tuple[tuple[int, str], ...] = ()
    why: str | None = None


class UploadDesk:
    """Takes files and loads them in a thread of its own; ``open_lane`` gives a tenant's lane."""

    def __init__(self, folder: Path, open_lane: Callable[[str], Lane], max_bytes: int) -> None:
        self._folder = folder
        self._open_lane = open_lane
        self._max_bytes = max_bytes
        self._queue: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._live: dict[str, Job] = {}

    def start(self) -> None:
        """Load what was received before and is not loaded, then what comes."""
        for note in sorted(self._folder.glob("*/*/job.json")):
            tenant, job_id = note.parts[-3:-1]
            if self._read(tenant, job_id).state in ("waiting", "loading"):
                self._queue.put((tenant, job_id))
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin no other file, and wait for the one that is being loaded."""
        self._over.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def create(self, tenant: str, file: str, mapping: str | None, source: str | None) -> Job:
        """A new upload, to which nothing was sent yet. Raises ``WrongUsage`` for a name that no upload can have."""
        if not _NAME.fullmatch(file) or not file.lower().endswith(ENDINGS) or file.startswith("."):
            raise WrongUsage(f"file: a name of letters and digits that ends in one of {', '.join(ENDINGS)}")
        job = Job(secrets.token_hex(12), file, mapping=mapping, source=source)
        self._place(tenant, job.id).mkdir(parents=True)
        self._file(tenant, job).touch(mode=0o600)
        self._write(tenant, job)
        return job

    async def receive(
        self, tenant: str, job_id: str, offset: int, pieces: AsyncIterator[bytes], *, is_last: bool
    ) -> Job:
        """Append a piece. Raises ``WrongOffset``, ``TooLarge``; ``KeyError`` where nothing is being received."""
        job = self.find(tenant, job_id)
        if job is None or job.state != "receiving":
            raise KeyError(job_id)
        if offset != job.received:
            raise WrongOffset(job.received)
        received = offset
        with self._file(tenant, job).open("r+b") as file:
            file.truncate(offset)
            file.seek(offset)
            async for piece in pieces:
                received += len(piece)
                if received > self._max_bytes:
                    file.truncate(offset)
                    raise TooLarge
                file.write(piece)
        job = replace(job, received=received, state="waiting" if is_last else "receiving")
        self._write(tenant, job)
        if is_last:
            self._queue.put((tenant, job_id))
        return job

    def find(self, tenant: str, job_id: str) -> Job | None:
        """An upload of this tenant, None if it has no such one."""
        if not _ID.fullmatch(job_id) or not (self._place(tenant, job_id) / "job.json").exists():
            return None
        job = self._live.get(job_id) or self._read(tenant, job_id)
        return replace(job, received=self._size(tenant, job)) if job.state == "receiving" else job

    # -- loading -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (next_one := self._queue.get()) is not None and not self._over.is_set():
            tenant, job_id = next_one
            job = self._read(tenant, job_id)
            if job.state not in ("waiting", "loading"):  # it was loaded by an earlier word of it
                continue
            try:
                self._load(tenant, job)
            except WrongUsage as exc:
                self._settle(tenant, replace(self._read(tenant, job_id), state="refused", why=str(exc)))
            except PipelineError as exc:  # the broker is away: the same row again, later
                self._write(tenant, replace(self._read(tenant, job_id), state="waiting", why=str(exc)))
                if not self._over.wait(RETRY_S):
                    self._queue.put(next_one)

    def _load(self, tenant: str, job: Job) -> None:
        job = replace(job, state="loading", why=None)
        self._write(tenant, job)

        def on_progress(progress: Progress) -> None:
            self._live[job.id] = replace(job, rows=progress.rows, bad=progress.bad)

        options = Options(job.mapping, None, job.source)
        whole_at = datetime.fromtimestamp(self._file(tenant, job).stat().st_mtime, UTC)
        told = upload(
            self._file(tenant, job),
            options,
            self._open_lane(tenant),
            now=whole_at,
            progress=on_progress,
        )
        self._settle(tenant, _done(job, told))

    def _settle(self, tenant: str, job: Job) -> None:
        self._write(tenant, job)
        self._file(tenant, job).unlink(missing_ok=True)

    # -- where it lies -----------------------------------------------------------------------------------

    def _place(self, tenant: str, job_id: str) -> Path:
        return self._folder / tenant / job_id

    def _file(self, tenant: str, job: Job) -> Path:
        return self._place(tenant, job.id) / job.file

    def _size(self, tenant: str, job: Job) -> int:
        return self._file(tenant, job).stat().st_size

    def _read(self, tenant: str, job_id: str) -> Job:
        told: dict[str, Any] = orjson.loads((self._place(tenant, job_id) / "job.json").read_bytes())
        return Job(**told | {"errors": tuple((line, reason) for line, reason in told["errors"])})

    def _write(self, tenant: str, job: Job) -> None:
        write_whole(self._place(tenant, job.id) / "job.json", orjson.dumps(asdict(job)))
        self._live[job.id] = job


def _done(job: Job, told: Upload) -> Job:
    return replace(job, state="done", rows=told.rows, bad=told.bad, errors=told.unreadable)
