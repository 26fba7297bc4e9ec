"""Uploads over HTTP: received in pieces, kept until all is there, then put into the bulk lane one after another.

In:    pieces of a file at offsets.   Out: records in the bulk topic.
State: a folder for each upload with the file and a note; whatever stops, the sender goes on at ``received`` and this
at the same row. The file is deleted once its rows are in the bulk lane; until then it lies here as it came, readable
by us alone. What nobody finishes is deleted some days after its last byte (``expired``): it may hold personal data.

Any number of processes may share the folder: one of them loads an upload, and a piece is appended where the file ends
or not at all, so two senders of one upload do not mix.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Literal

import orjson
import structlog

from connectors.holding import alone_with, if_free
from contracts.errors import PipelineError, RetryLater, WrongUsage
from wiring.bulk.book import Upload
from wiring.bulk.folder import ENDINGS
from wiring.bulk.upload import Lane, Options, Progress, upload
from wiring.datadir import write_whole

log = structlog.get_logger()

State = Literal["receiving", "waiting", "loading", "done", "refused", "expired"]
TO_LOAD: tuple[State, ...] = ("waiting", "loading")

_ID = re.compile(r"[0-9a-f]{24}")
_NAME = re.compile(r"[\w.() -]{1,200}")

MOST_NAME_BYTES = 255
"""Longest name of a file that a disk takes; letters beyond ASCII have two to four bytes each."""

RETRY_S = 5.0
"""Seconds between tries while the broker is away, the disk is full, or another process is at the same upload."""

KEPT = timedelta(days=7)
"""How long after its last byte an upload that is not finished lies here."""

LOOKED_AT_EVERY_S = 3_600.0
"""How often unfinished uploads are looked at."""

DEFECT = "it met a defect here, which the log tells of as upload_failed; send it again once that is mended"
NOT_NOW = "nothing can be made durable at the moment; it is tried again"


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
    """Takes files and loads them in a thread of its own; ``open_lane`` gives a tenant's lane.

    ``kept`` is how long an upload is kept that nobody finishes; ``expired`` counts those that were deleted.
    """

    def __init__(
        self, folder: Path, open_lane: Callable[[str], Lane], max_bytes: int, kept: timedelta = KEPT
    ) -> None:
        self._folder = folder
        self._open_lane = open_lane
        self._max_bytes = max_bytes
        self._kept = kept
        self.expired = 0
        self._queue: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._live: dict[str, Job] = {}

    def start(self) -> None:
        """Load what was received before and is not loaded, then what comes."""
        for note in sorted(self._folder.glob("*/*/job.json")):
            tenant, job_id = note.parts[-3:-1]
            job = self._read(tenant, job_id)
            if job.state in TO_LOAD:
                self._queue.put((tenant, job_id))
            elif job.state != "receiving":  # whoever settled it was killed before the file was deleted
                self._file(tenant, job).unlink(missing_ok=True)
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("uploads", self._run), ("unfinished", self._look_for_unfinished))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin no other file, and wait for the one that is being loaded."""
        self._over.set()
        self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def create(self, tenant: str, file: str, mapping: str | None, source: str | None) -> Job:
        """A new upload, to which nothing was sent yet.

        Raises ``WrongUsage`` for a name that no upload can have, ``RetryLater`` where the disk takes nothing.
        """
        if not _NAME.fullmatch(file) or not file.lower().endswith(ENDINGS) or file.startswith("."):
            raise WrongUsage(f"file: a name of letters and digits that ends in one of {', '.join(ENDINGS)}")
        if len(file.encode()) > MOST_NAME_BYTES:  # a disk that refuses it would be taken for one that is full
            raise WrongUsage(f"file: a name of at most {MOST_NAME_BYTES} bytes")
        job = Job(secrets.token_hex(12), file, mapping=mapping, source=source)
        try:
            self._place(tenant, job.id).mkdir(parents=True)
            self._file(tenant, job).touch(mode=0o600)
            self._write(tenant, job)
        except (OSError, PipelineError) as exc:
            raise _not_now(job.id, exc) from exc
        return job

    async def receive(
        self, tenant: str, job_id: str, offset: int, pieces: AsyncIterator[bytes], *, is_last: bool
    ) -> Job:
        """Append a piece, on disk when this returns.

        Raises ``WrongOffset``, also where another request goes on with the upload meanwhile; ``TooLarge``; ``KeyError``
        where nothing is being received; ``RetryLater`` where the disk takes nothing.
        """
        job = self.find(tenant, job_id)
        if job is None or job.state != "receiving":
            raise KeyError(job_id)
        if offset != job.received:
            raise WrongOffset(job.received)
        try:
            # Without a buffer: what is left of it would be written when another request is behind this one already.
            with self._file(tenant, job).open("r+b", buffering=0) as file:
                received = await self._append(file, offset, pieces)
                await asyncio.to_thread(os.fsync, file.fileno())
                with alone_with(file):
                    job = self._received(tenant, job_id, _only_at(file, received), is_last=is_last)
        except FileNotFoundError:  # another request sent the rest, and it is loaded
            raise KeyError(job_id) from None
        except (OSError, PipelineError) as exc:
            raise _not_now(job_id, exc) from exc
        if is_last:
            self._queue.put((tenant, job_id))
        return job

    async def _append(self, file: IO[bytes], offset: int, pieces: AsyncIterator[bytes]) -> int:
        """Where the file ends with the pieces."""
        received = offset
        async for piece in pieces:
            with alone_with(file):
                file.seek(_only_at(file, received))
                if received + len(piece) > self._max_bytes:
                    file.truncate(offset)
                    raise TooLarge
                left = memoryview(piece)
                while left:
                    left = left[file.write(left) :]
            received += len(piece)
        return received

    def _received(self, tenant: str, job_id: str, received: int, *, is_last: bool) -> Job:
        job = self._read(tenant, job_id)
        if job.state != "receiving":
            raise KeyError(job_id)
        job = replace(job, received=received, state="waiting" if is_last else "receiving")
        self._write(tenant, job)
        return job

    def find(self, tenant: str, job_id: str) -> Job | None:
        """An upload of this tenant, None if it has no such one."""
        if not _ID.fullmatch(job_id) or not (self._place(tenant, job_id) / "job.json").exists():
            return None
        job = self._read(tenant, job_id)
        if job.state == "loading":
            return self._live.get(job_id, job)
        try:
            return replace(job, received=self._size(tenant, job)) if job.state == "receiving" else job
        except FileNotFoundError:  # received and loaded since
            return self._read(tenant, job_id)

    # -- loading -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (next_one := self._queue.get()) is not None and not self._over.is_set():
            if self._is_left(*next_one) and not self._over.wait(RETRY_S):
                self._queue.put(next_one)

    def _is_left(self, tenant: str, job_id: str) -> bool:
        """Load an upload; whether it has to be tried again. Whatever happens to it stops none behind it."""
        if not (self._place(tenant, job_id) / "job.json").exists():
            return False  # somebody deleted it
        try:
            with if_free(self._place(tenant, job_id) / "lock") as is_ours:
                job = self._read(tenant, job_id)
                if is_ours and job.state in TO_LOAD:
                    self._load_or_refuse(tenant, job)
                    return False
                # Another process is at it; should that die, it is ours. Or an earlier word of it had it loaded.
                return job.state in TO_LOAD
        except (OSError, PipelineError) as exc:
            # The broker is away, the disk is full: the same row again, later.
            log.warning("upload_waits", upload=job_id, error=type(exc).__name__, why=str(exc))
            return True
        except Exception as exc:  # noqa: BLE001 - a defect that one note meets must not hold up the others
            log.warning("upload_failed", upload=job_id, error=type(exc).__name__)
            return False
        finally:
            self._live.pop(job_id, None)

    def _load_or_refuse(self, tenant: str, job: Job) -> None:
        try:
            self._load(tenant, job)
        except WrongUsage as exc:
            # Its sender has no use for our folders.
            why = str(exc).replace(str(self._file(tenant, job)), job.file)
            self._settle(tenant, replace(job, state="refused", why=why))
        except (OSError, PipelineError):
            self._write(tenant, replace(job, state="waiting", why=NOT_NOW))
            raise
        except Exception as exc:  # noqa: BLE001 - of a defect its sender is told; at every start it would be met again
            log.warning("upload_failed", upload=job.id, error=type(exc).__name__)
            self._settle(tenant, replace(job, state="refused", why=DEFECT))

    def _load(self, tenant: str, job: Job) -> None:
        try:
            whole_at = datetime.fromtimestamp(self._file(tenant, job).stat().st_mtime, UTC)
        except FileNotFoundError:
            raise WrongUsage(f"{job.file}: it is no longer here; send it anew") from None
        job = replace(job, state="loading", why=None)
        self._write(tenant, job)

        def on_progress(progress: Progress) -> None:
            self._live[job.id] = replace(job, rows=progress.rows, bad=progress.bad)

        options = Options(job.mapping, None, job.source)
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

    # -- what nobody finishes ------------------------------------------------------------------------------

    def _look_for_unfinished(self) -> None:
        while True:
            for note in sorted(self._folder.glob("*/*/job.json")):
                tenant, job_id = note.parts[-3:-1]
                try:
                    self._expire(tenant, job_id)
                except (OSError, PipelineError, ValueError, TypeError, LookupError) as exc:
                    # Again at the next look.
                    log.warning("upload_not_expired", upload=job_id, error=type(exc).__name__)
            if self._over.wait(LOOKED_AT_EVERY_S):
                return

    def _expire(self, tenant: str, job_id: str) -> None:
        """Delete what came of an upload to which nothing was sent for so long; it says so to who asks for it."""
        job = self._read(tenant, job_id)
        if job.state != "receiving":
            return
        try:
            file = self._file(tenant, job).open("rb")
        except FileNotFoundError:  # it was finished since, or whoever expired it was killed before the note
            return
        with file, alone_with(file):
            job = self._read(tenant, job_id)
            last = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            if job.state != "receiving" or datetime.now(UTC) - last < self._kept:
                return
            why = f"nothing was sent for {self._kept / timedelta(days=1):g} days; send it anew"
            self._settle(tenant, replace(job, received=0, state="expired", why=why))
        self.expired += 1
        log.warning("upload_expired", upload=job_id, tenant=tenant, since_the_start=self.expired)

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


def _only_at(file: IO[bytes], end: int) -> int:
    """The end, if the file still ends there. Raises ``WrongOffset``: somebody else has appended or cut."""
    size = os.fstat(file.fileno()).st_size
    if size != end:
        raise WrongOffset(size)
    return end


def _not_now(job_id: str, exc: Exception) -> RetryLater:
    log.warning("upload_not_kept", upload=job_id, error=type(exc).__name__, why=str(exc))
    return RetryLater(NOT_NOW, retry_after_s=RETRY_S)


def _done(job: Job, told: Upload) -> Job:
    return replace(job, state="done", rows=told.rows, bad=told.bad, errors=told.unreadable)
