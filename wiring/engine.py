"""Run a pipeline embedded: checks, Bytewax, and a stop that loses nothing.

SIGTERM and SIGINT let the flow take its last snapshot and end; a second one ends it at once. An error
that a step or a connector raised comes out as itself, not as the engine's.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main
from threadpoolctl import threadpool_limits

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.sink import JsonlSink, Published
from connectors.jsonl.source import JsonlSource
from connectors.jsonl.state import JsonlStateLog
from connectors.polling import Reading
from contracts.registry import write_record
from flows.pipeline import build
from flows.stages import Pipeline
from wiring.datadir import DataDir, locked
from wiring.failures import translated_engine_errors
from wiring.recovery import Prepared, prepare

MakeSink = Callable[[Path, Lanes, Published], JsonlSink]


@dataclass(frozen=True, slots=True)
class Running:
    """How a pipeline is run.

    ``follow``: wait for more at the journal's end. ``batch``: journal records a turn. At the end of
    every ``epoch`` state and offsets are committed: the most that a crash makes it do again.
    ``output`` names where the topics go, so that state is never resumed against other outputs.
    """

    follow: bool = False
    batch: int = 64
    epoch: timedelta = timedelta(seconds=1)
    output: str = "files"
    make_sink: MakeSink = JsonlSink


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: ``drained`` by a signal, or at the journal's end."""

    prepared: Prepared
    drained: bool


def run_pipeline(pipeline: Pipeline, root: Path, running: Running | None = None) -> Ended:
    """Run until the journal's end or a signal. Raises ``PipelineError``; nothing committed is lost by it."""
    how = running or Running()
    directory = DataDir(root)
    with locked(directory), draining_on_signals() as draining, ExitStack() as files:
        prepared = prepare(directory, pipeline, how.output)
        published = Published()
        lanes = Lanes(pipeline.producers, pipeline.partitions)
        sink = how.make_sink(directory.logs, lanes, published)
        sink.prepare()
        reading = Reading(
            batch=how.batch, follow=how.follow, draining=draining.is_set, on_poll=published.release
        )

        def open_state_log(stage: str, partition: int) -> JsonlStateLog:
            log = JsonlStateLog(directory.state / stage, partition)
            files.callback(log.close)
            return log

        flow = build(
            pipeline,
            source=JsonlSource(directory.journal, pipeline.partitions, reading),
            sink=sink,
            lane=lanes.lane,
            write=lambda emitted: write_record(emitted.out.record),
            open_state_log=open_state_log,
        )
        run_flow(flow, directory.recovery, how.epoch)
        published.release()
        return Ended(prepared, drained=draining.is_set())


def run_flow(
    flow: Dataflow, recovery: Path, epoch: timedelta, process: int = 0, addresses: Sequence[str] = ()
) -> None:
    """Run a built flow with one worker in this process; what a step raised comes out as itself.

    With ``addresses`` it is process number ``process`` of a group that listens there, and ends with its peers.
    """
    with translated_engine_errors("the dataflow engine stopped"):
        store = RecoveryConfig(str(recovery))  # type: ignore[no-untyped-call]
        group = {"process_id": process, "addresses": list(addresses)} if addresses else {}
        cli_main(flow, epoch_interval=epoch, recovery_config=store, **group)  # type: ignore[no-untyped-call]


def tune_process() -> None:
    """What helps a process that runs stages; call it once models are loaded and before records come.

    The garbage collector leaves alone what is loaded for good, and looks less often: models and tables are millions of
    objects that live as long as the process, and looking through them again and again took a sixth of the time of the
    project's own stages (records hold no cycles and are freed at once). NumPy multiplies in one thread: centroids are
    small, and two threads that share one product took a third more processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    threadpool_limits(limits=1, user_api="blas")


@contextmanager
def draining_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM or SIGINT sets; only in the main thread, where Python handles signals."""
    draining = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield draining
        return
    before: dict[int, Any] = {}

    def drain(signum: int, _frame: FrameType | None) -> None:
        draining.set()
        signal.signal(signum, before[signum])

    for caught in (signal.SIGTERM, signal.SIGINT):
        before[caught] = signal.signal(caught, drain)
    try:
        yield draining
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
