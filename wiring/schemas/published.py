"""The published files: schemas and pages as they should lie in a checkout, and what is wrong with those that do.

| path below the checkout | what | changes |
| --- | --- | --- |
| ``contracts/schemas/<topic>/<major.minor>.schema.json`` | the schema of each declared version | ``write`` |
| ``contracts/schemas/released/<topic>/<major.minor>.schema.json`` | a version that readers hold us to | never |
| ``docs/topics/<topic>.md``, ``docs/topics/README.md`` | a page per topic, and the index | ``write`` |

A topic's earlier minor versions can no longer be made from the contracts: their files are the released ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.errors import WrongUsage
from wiring.schemas.bundle import Schema, schema_of
from wiring.schemas.changes import breaking_changes, same_shape
from wiring.schemas.pages import pages
from wiring.topics import load_topics

SCHEMAS = Path("contracts/schemas")
RELEASED = SCHEMAS / "released"
PAGES = Path("docs/topics")
SUFFIX = ".schema.json"


def checkout(root: Path) -> Path:
    """The given folder, if it is a checkout of Undercurrent. Raises ``WrongUsage`` if not."""
    if not (root / "contracts/topics").is_dir():
        raise WrongUsage(f"{root} is not a checkout of Undercurrent: it has no contracts/topics; see --root")
    return root


def wanted(root: Path) -> dict[Path, str]:
    """Every published file by its path below ``root``, as it should read. Raises ``WrongUsage``."""
    schemas = {SCHEMAS / topic / f"{version}{SUFFIX}": text for topic, version, text in _schemas(root)}
    return schemas | {PAGES / name: text for name, text in pages().items()}


def _schemas(root: Path) -> Iterator[tuple[str, str, str]]:
    for topic, declared in load_topics().items():
        for schema in declared.schemas[:-1]:
            yield topic, schema.version, _released_text(root, topic, schema.version)
        yield topic, declared.schemas[-1].version, schema_text(schema_of(topic))


def _released_text(root: Path, topic: str, version: str) -> str:
    path = root / RELEASED / topic / f"{version}{SUFFIX}"
    if not path.is_file():
        raise WrongUsage(
            f"{topic} declares {version} beside a later version, but {path} is not there: release a version "
            "before you declare the next one"
        )
    return path.read_text("utf-8")


def schema_text(schema: Schema) -> str:
    """A schema as its file reads."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def differences(root: Path) -> list[str]:
    """What is missing, stale or left over among the published files, a path with a word each."""
    files = wanted(root)
    there = set((root / SCHEMAS).glob(f"*/*{SUFFIX}")) | set((root / PAGES).glob("*.md"))
    left_over = sorted(path.relative_to(root) for path in there)
    return [
        *(f"{path}: {state}" for path, text in files.items() if (state := _state(root / path, text))),
        *(f"{path}: left over" for path in left_over if path not in files),
    ]


def _state(path: Path, text: str) -> str:
    if not path.is_file():
        return "missing"
    return "" if path.read_text("utf-8") == text else "stale"


def write(root: Path) -> list[str]:
    """Make the published files what they should be; returns what changed. Released ones are never touched."""
    files, changed = wanted(root), differences(root)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for line in changed:
        name, _, state = line.partition(": ")
        if state == "left over":
            (root / name).unlink()
    return changed


def release(root: Path, topic: str, *, dry_run: bool = False) -> Path:
    """Promise the current schema of a topic to its readers, from now on; returns the new baseline's path.

    Raises ``WrongUsage`` where that would break a promise, or give a new content to a version that is out.
    """
    if broken := broken_promises(root, {topic: schema_of(topic)}):
        raise WrongUsage("; ".join(broken))
    version = load_topics()[topic].schemas[-1].version
    path = RELEASED / topic / f"{version}{SUFFIX}"
    if not dry_run:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(schema_text(schema_of(topic)), "utf-8")
    return path


def broken_promises(root: Path, current: Mapping[str, Schema] | None = None) -> list[str]:
    """What the current schemas break of the released ones, a sentence each; ``current`` is by topic."""
    schemas = {topic: schema_of(topic) for topic in load_topics()} if current is None else current
    every = current is None
    found = []
    for path in sorted((root / RELEASED).glob(f"*/*{SUFFIX}")):
        topic = path.parent.name
        if every or topic in schemas:
            found += _broken(path.relative_to(root), topic, json.loads(path.read_text("utf-8")), schemas)
    return found


def _broken(path: Path, topic: str, old: Schema, schemas: Mapping[str, Schema]) -> list[str]:
    new = schemas.get(topic)
    if new is None:
        return [f"{path}: {topic} is no longer declared; keep it until its readers have had 90 days"]
    before, now = _version(old), _version(new)
    if before[0] != now[0]:
        return [f"{path}: {topic} declares no {before[0]}.x any more; a new major is a topic of its own"]
    if broken := breaking_changes(old, new):
        return [f"{path}: {finding}" for finding in broken]
    if before == now and not same_shape(old, new):
        return [f"{path}: {topic} says more than the released {_spelt(before)}: declare {_spelt(_next(now))}"]
    if before > now:
        return [f"{path}: {topic} declares {_spelt(now)}, which is older than the released {_spelt(before)}"]
    return []


def _version(schema: Schema) -> tuple[int, int]:
    major, minor = schema["$id"].rpartition("/")[2].split(".")
    return int(major), int(minor)


def _next(version: tuple[int, int]) -> tuple[int, int]:
    return version[0], version[1] + 1


def _spelt(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
