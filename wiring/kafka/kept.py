"""One broker that outlives the command which started it: a developer's own, in a directory.

``broker.json`` in the directory says which process it is. A process is taken for ours only if it is Kafka with this
directory's settings on its command line, so a pid that went to another program is never ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from connectors.holding import in_turn
from connectors.kafka.cluster import Cluster
from contracts.errors import StopWorker
from wiring.datadir import write_whole
from wiring.kafka.server import STOPPED_WITHIN_S, LocalBroker, answers


@dataclass(frozen=True, slots=True)
class Kept:
    """A broker that runs in its directory."""

    pid: int
    bootstrap: str


def keep_up(directory: Path) -> tuple[Kept, bool]:
    """The directory's broker, started if it does not run (then True). Raises ``StopWorker``."""
    with in_turn(directory / ".lock"):
        found = running(directory)
        if found is not None:
            if not answers(Cluster(found.bootstrap), within_s=10.0):
                raise StopWorker(
                    f"the broker of {directory} (process {found.pid}) runs but does not answer: end it with "
                    f"`undercurrent kafka down --dir {directory}`, then start it again"
                )
            return found, False
        broker = LocalBroker(directory, why="kept for a developer", watched=False)
        broker.start()
        kept = Kept(broker.detach(), broker.bootstrap)
        write_whole(_record(directory), json.dumps(asdict(kept)).encode())
        return kept, True


def take_down(directory: Path) -> Kept | None:
    """End the directory's broker and wait; None when none runs. Its data stays."""
    if not directory.is_dir():
        return None
    with in_turn(directory / ".lock"):
        found = running(directory)
        if found is not None:
            _end(found.pid, directory)
        _record(directory).unlink(missing_ok=True)
        return found


def running(directory: Path) -> Kept | None:
    """The broker that ``broker.json`` names, if that process is still this broker."""
    try:
        kept = Kept(**json.loads(_record(directory).read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as exc:
        raise StopWorker(
            f"{_record(directory)} is not readable ({exc}): delete it if no broker runs there"
        ) from exc
    return kept if _is_ours(kept.pid, directory) else None


def _end(pid: int, directory: Path) -> None:
    for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + (0.0 if number == signal.SIGCONT else STOPPED_WITHIN_S)
        while _is_ours(pid, directory):
            if time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        else:
            return


def _is_ours(pid: int, directory: Path) -> bool:
    return f"kafka.Kafka {directory.absolute() / 'server.properties'}" in _command_line(pid)


def _command_line(pid: int) -> str:
    """The words of a process, spaces between; empty when there is none, or it has ended and waits for its parent."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            return ""
    told = subprocess.run(  # noqa: S603 - our own words
        ["ps", "-ww", "-o", "args=", "-p", str(pid)],  # noqa: S607 - ps from the path
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout


def _record(directory: Path) -> Path:
    return directory / "broker.json"
