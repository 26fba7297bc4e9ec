"""What the dataflow engine raises, as ours: no library's exception leaves ``wiring``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.errors import PipelineError, StopWorker


@contextmanager
def translated_engine_errors(what: str) -> Iterator[None]:
    """Let our own errors out from under the engine's wrapping; the rest, panics too, is ``StopWorker``."""
    StopWorker.latest = None
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as exc:  # a panic of the engine is no Exception
        raise _ours(exc, what) from exc


def _ours(error: BaseException, what: str) -> PipelineError:
    """The first of our errors among the causes, or what stopped a worker's thread, or the innermost cause."""
    seen: BaseException | None = error
    innermost = error
    while seen is not None:
        if isinstance(seen, PipelineError):
            return seen
        innermost = seen
        seen = seen.__cause__ or seen.__context__
    if StopWorker.latest is not None and not isinstance(error, Exception):
        return StopWorker.latest
    return StopWorker(f"{what}: {type(innermost).__name__}: {innermost}; mend that, then start again")
