"""Processes that seal rows beside this one, which reads and sends; results come in the order of the chunks.

A process of the pool ends when the one that made it does, however that ends: its pipe closes.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.keys.vault import LocalVault
from contracts.errors import PipelineError, StopWorker
from wiring.bulk.sealing import Numbered, Recipe, Sealed, Sealer


def seal_all(
    chunks: Iterable[Sequence[Numbered]], recipe: Recipe, keys: Path, processes: int
) -> Iterator[list[Sealed]]:
    """Seal chunk after chunk; with 0 processes in this one. Raises ``PipelineError``."""
    if processes == 0:
        with closing(LocalVault(keys)) as vault:
            sealer = Sealer(recipe, vault)
            yield from (sealer.records(chunk) for chunk in chunks)
        return
    with closing(LocalVault(keys)):
        pass  # the store is made once, and a wrong one is told here
    with _Pool(recipe, keys, processes) as pool:
        yield from pool.run(chunks)


class _Pool:
    """Each process has at most one chunk, so that no pipe is ever full on both sides."""

    def __init__(self, recipe: Recipe, keys: Path, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for number in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, recipe, keys), name=f"seal-{number}", daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10)

    def run(self, chunks: Iterable[Sequence[Numbered]]) -> Iterator[list[Sealed]]:
        """The sealed chunks in their order; the next one is read while the processes work."""
        busy: deque[Connection] = deque()
        idle = deque(self._pipes)
        for chunk in chunks:
            done = None
            if not idle:
                pipe = busy.popleft()
                done = _received(pipe)
                idle.append(pipe)
            pipe = idle.popleft()
            _sent(pipe, chunk)
            busy.append(pipe)
            if done is not None:
                yield done
        while busy:
            yield _received(busy.popleft())


def _sent(pipe: Connection, chunk: Sequence[Numbered]) -> None:
    try:
        pipe.send(chunk)
    except OSError as exc:
        raise StopWorker("a process that seals rows ended; give the same command again") from exc


def _received(pipe: Connection) -> list[Sealed]:
    try:
        told = pipe.recv()
    except (EOFError, OSError) as exc:
        raise StopWorker("a process that seals rows ended; give the same command again") from exc
    if isinstance(told, PipelineError):
        raise told
    sealed: list[Sealed] = told
    return sealed


def _work(pipe: Connection, recipe: Recipe, keys: Path) -> None:
    """Seal what comes until the pipe closes."""
    with closing(LocalVault(keys)) as vault:
        sealer = Sealer(recipe, vault)
        # The pipe breaks when whoever reads the file is gone: then nobody waits for more.
        with suppress(EOFError, OSError, KeyboardInterrupt):
            while True:
                chunk = pipe.recv()
                try:
                    sealed: list[Sealed] | PipelineError = sealer.records(chunk)
                except PipelineError as exc:
                    sealed = exc
                pipe.send(sealed)
