"""A Kafka broker in a process of ours, which a test may kill, freeze and start again on its data and its port.

In:  a directory; a broker that ran there before goes on with what it held, on the port it had if that is free.
Out: ``LocalBroker``; what Kafka says goes to ``kafka.log`` in the directory.
Elsewhere: the jars and Java (``jars``), the settings (``properties``), who chooses this broker (``broker``)."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
import weakref
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from connectors.holding import claim, name_holder
from connectors.kafka.cluster import Cluster, read_properties
from contracts.errors import StopWorker
from wiring.kafka.jars import class_path, java
from wiring.kafka.properties import broker_properties, free_ports, hold, is_free

# A start takes 3 to 7 s on an idle machine of 2 cores. After a kill it looks through every log first: 2,000
# partitions took 144 s on a busy one. Who is ended in the middle of that begins it anew; one that dies is told at once.
READY_WITHIN_S = 300.0
# A clean stop takes under 1 s; past this the broker is killed, which costs the next start a check of its logs.
STOPPED_WITHIN_S = 15.0
# What the watcher takes to end a broker whose owner was killed; who starts again at once is not refused for that.
LEFT_WITHIN_S = 5.0

# Quick to start rather than quick after minutes: this broker serves tests and one developer.
_JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xlog:disable",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)

# Ends the broker when our end of the pipe closes without a word: its owner died and could not.
_WATCH = """
import contextlib, os, signal, sys
if not sys.stdin.read():
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGKILL)
"""


class LocalBroker:
    """One broker process on 127.0.0.1; ``watched`` ends it when this process ends, however that happens."""

    def __init__(self, directory: Path, *, why: str = "asked for", watched: bool = True) -> None:
        """Fetch the jars and format the directory, if new; ``start`` starts.

        Raises ``StopWorker``, and ``RecoveryRefused`` where a broker runs there, whose settings stay as they are.
        """
        self.directory: Final = directory.absolute()
        self.why: Final = why
        self._watched = watched
        self._java = [str(java()), *_JVM, "-cp", os.pathsep.join(map(str, class_path()))]
        self._settings = self.directory / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._claim()
        self.port: Final = self._prepare()
        self.bootstrap: Final = f"127.0.0.1:{self.port}"

    @property
    def cluster(self) -> Cluster:
        """Clients for this broker."""
        return Cluster(self.bootstrap)

    @property
    def pid(self) -> int | None:
        """The broker's process while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it, if it does not run, and wait until it answers. Raises ``StopWorker`` with what it said."""
        if self.pid is not None:
            return
        self._release_watcher()
        lock = self._claim()
        with (self.directory / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - Java and its flags are ours
                [*self._java, "kafka.Kafka", str(self._settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        name_holder(lock, self._process.pid)
        if self._watched:
            self._watcher = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-I", "-S", "-c", _WATCH, str(self._process.pid)],
                stdin=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        self._await_answer()

    def stop(self) -> None:
        """End it in order, its data kept; does nothing when it does not run."""
        if self._process is not None and self.pid is not None:
            self.resume()
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOPPED_WITHIN_S)
        self.kill()

    def detach(self) -> int:
        """Leave it running when this process ends; its pid is returned. For one that is not watched."""
        if self._process is None or self._watched:
            raise AssertionError("only a started broker that nothing watches can be left running")
        self._process.returncode = 0  # we no longer wait for it
        self._let_go()  # the broker's own hold on the directory is what counts from now on
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: what was acknowledged is in the operating system's cache, and so survives this."""
        self._release_watcher()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._let_go()

    def _claim(self) -> int:
        """The directory's lock, which the broker inherits: it is held while one of the two lives."""
        if self._lock is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.directory / "in-use", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                claim(fd, self.directory, "process", LEFT_WITHIN_S)
            except BaseException:
                os.close(fd)
                raise
            self._lock = fd
        return self._lock

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None and self.pid is not None:
            self._process.send_signal(number)

    def _prepare(self) -> int:
        logs = self.directory / "log"
        port, controller = free_ports(2)
        if self._settings.exists():
            before = read_properties(self._settings)["listeners"].split(",")
            ports = [int(listener.rpartition(":")[2]) for listener in before]
            if all(map(is_free, ports)):
                port, controller = ports
        # Others choose ports too before this one is up, and while it is down in between.
        for kept in map(hold, (port, controller)):
            if kept is not None:
                weakref.finalize(self, os.close, kept)
        properties = broker_properties("127.0.0.1", port, controller, f"127.0.0.1:{port}", str(logs))
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        if not (logs / "meta.properties").exists():
            self._format()
        return port

    def _format(self) -> None:
        cluster = "U" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--ignore-formatted"]
        done = subprocess.run(  # noqa: S603 - Java and its flags are ours
            [*self._java, *tool, "--config", str(self._settings)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise StopWorker(
                f"{self.directory} cannot be formatted for Kafka: {(done.stderr or done.stdout)[-600:]}"
            )

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not _accepts(self.port):
            self._fail_if_over(deadline)
            time.sleep(0.05)
        while not answers(self.cluster):
            self._fail_if_over(deadline)

    def _fail_if_over(self, deadline: float) -> None:
        ended = self.pid is None
        if not ended and time.monotonic() < deadline:
            return
        self.kill()
        what = "ended at its start" if ended else f"does not answer after {READY_WITHIN_S:.0f} s"
        log = self.directory / "kafka.log"
        raise StopWorker(f"Kafka on port {self.port} {what}: see {log}; it said last: {_last_words(log)}")

    def _release_watcher(self) -> None:
        if self._watcher is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watcher.communicate(b"released")
            self._watcher = None


def answers(cluster: Cluster, within_s: float = 2.0) -> bool:
    """Whether a broker of the cluster tells its topics."""
    quiet = Cluster(cluster.bootstrap, {**cluster.properties, "log_level": "0"})
    try:
        return bool(quiet.admin().list_topics(timeout=within_s).brokers)
    except KafkaException:
        return False


def _last_words(log: Path) -> str:
    """The end of what it said, without the stack traces."""
    lines = log.read_text("utf-8", "replace").splitlines()
    return " ".join([line for line in lines if line and not line.startswith("\tat ")][-4:])[-800:]


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
