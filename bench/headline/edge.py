"""Single commands as processes, for measurements of a part of the product; the whole is ``bench.headline.product``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from bench.kafka.common import Ground, await_that
from cli.processes import python_path

UP_WITHIN_S = 60.0


def write_destinations(folder: Path, tenants: Sequence[str], url: str, team: str, token: str) -> Path:
    """One Linear for everyone; issues are opened without asking a person."""
    (folder / "linear").write_text(token, "utf-8")
    told = [
        {
            "tenant": tenant,
            "autonomy": {"open": "act", "comment": "act"},
            "tracker": {
                "name": f"{tenant}-linear",
                "kind": "linear",
                "token_file": "linear",
                "team": team,
                "url": url,
            },
        }
        for tenant in tenants
    ]
    file = folder / "destinations.yaml"
    file.write_text(yaml.safe_dump({"tenants": told}), "utf-8")
    return file


@contextmanager
def command(
    ground: Ground, name: str, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """One ``undercurrent`` command as a process; ended with SIGTERM."""
    argv = [sys.executable, "-m", "cli", name, "--data", str(ground.data), "--prefix", ground.naming.prefix]
    told = {"KAFKA_BOOTSTRAP_SERVERS": ground.cluster.bootstrap, "PYTHONPATH": python_path(), **(env or {})}
    with (ground.data / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([*argv, *options], env=os.environ | told, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def await_edge(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until pages are answered; one that is none of ours will do."""

    def answers() -> bool:
        assert process.poll() is None, f"the edge ended, see {log}"
        try:
            httpx.post(f"http://127.0.0.1:{port}/webhooks/none/none", content=b"{}", timeout=2.0)
        except httpx.TransportError:
            time.sleep(0.2)
            return False
        return True

    await_that(answers, UP_WITHIN_S, f"the edge does not answer, see {log}")
