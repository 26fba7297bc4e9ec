"""``undercurrent doctor``: is everything here that a run needs, and does a data directory hold together?"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.printing import print_json
from contracts.errors import PipelineError
from models.encoders.load import load_encoder
from models.labellers.taxonomy import Taxonomy, load_taxonomy
from models.priority.policy import load_policy
from settings import Settings, load_settings
from wiring.llm.accounts import Named, accounts_in, notices_about, prices_for
from wiring.stages.intake import open_readers
from wiring.topics import load_topics
from wiring.views import read_runs

# A run of a million items leaves about 10 GB of topics and state.
WANTED_FREE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``state`` is ok, degraded (it runs, with less) or broken."""

    name: str
    state: str
    detail: str


def doctor(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Also look into this data directory.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at the installation and, with --dir, at a data directory; exit 1 when something is broken.

    Example: undercurrent doctor --dir out/demo
    """
    checks = list(look(load_settings(), directory))
    if as_json:
        rows = [asdict(check) for check in checks]
        print_json(rows)
    else:
        console = Console()
        for check in checks:
            colour = {"ok": "green", "degraded": "yellow"}.get(check.state, "red")
            console.print(f"[{colour}]{check.state:>9}[/] {check.name}: ", end="")
            console.print(check.detail, markup=False, highlight=False)
    raise typer.Exit(int(any(check.state == "broken" for check in checks)))


def look(settings: Settings, directory: Path | None) -> Iterator[Check]:
    """Every check in turn; an error of ours becomes a broken one with what to do."""
    yield _python()
    yield _guarded("topics", lambda: Check("topics", "ok", f"{len(load_topics())} declared"))
    yield _guarded("encoder", lambda: _encoder(settings))
    yield _guarded("redaction", lambda: _redaction(settings))
    yield _guarded("taxonomy", lambda: _taxonomy(settings))
    yield _guarded("priority rules", lambda: _rules(settings))
    yield _guarded("language models", lambda: _language_models(settings))
    yield _disk(directory or Path())
    if directory is not None:
        yield _guarded("data directory", lambda: _directory(directory))


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except PipelineError as exc:
        return Check(name, "broken", str(exc))


def _python() -> Check:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 12)
    return Check("python", "ok" if fits else "broken", f"{platform.python_version()}, 3.11 or 3.12 is needed")


def _encoder(settings: Settings) -> Check:
    encoder, notice = load_encoder(settings.encoder)
    return Check("encoder", "degraded" if notice else "ok", notice or encoder.version)


def _redaction(settings: Settings) -> Check:
    redactor = open_readers(settings).redactor
    if not redactor.canaries_pass():
        return Check("redaction", "broken", "the built-in canaries are not found; nothing would pass")
    if not redactor.finds_names:
        return Check("redaction", "degraded", "names are not recognised: quotes are withheld everywhere")
    return Check("redaction", "ok", "canaries found, names recognised in English")


def _taxonomy(settings: Settings) -> Check:
    taxonomy, warnings = load_taxonomy(settings.taxonomy)
    return Check("taxonomy", "degraded" if warnings else "ok", "; ".join([_labels_of(taxonomy), *warnings]))


def _labels_of(taxonomy: Taxonomy) -> str:
    return f"version {taxonomy.version}: {len(taxonomy.labels)} categories in {len(taxonomy.areas)} product areas"


def _rules(settings: Settings) -> Check:
    return Check("priority rules", "ok", f"{len(load_policy(settings.rules).rules)} rules")


def _language_models(settings: Settings) -> Check:
    accounts = accounts_in(settings)
    if not accounts:
        return Check("language models", "ok", "none is set up: labels are local (docs/llm-providers.md)")
    prices = prices_for(settings, accounts)
    notices = notices_about(accounts, prices)
    caps = f"up to ${settings.llm_cap_monthly_usd:,} a month for each tenant"
    detail = "; ".join([", then ".join(map(_provider, accounts)), caps, *notices])
    return Check("language models", "degraded" if notices else "ok", detail)


def _provider(named: Named) -> str:
    return f"{named.name} ({named.account.model}{', own server' if named.is_own else ''})"


def _disk(directory: Path) -> Check:
    where = directory if directory.exists() else Path()
    free = shutil.disk_usage(where).free
    return Check("disk", "ok" if free > WANTED_FREE_BYTES else "degraded", f"{free / (1 << 30):.1f} GiB free")


def _directory(directory: Path) -> Check:
    items = on_their_way = 0
    for view in read_runs(directory):
        if view.violations:
            return Check(
                "data directory", "broken", f"tenant {view.tenant}: {'; '.join(view.violations[:3])}"
            )
        items, on_their_way = items + len(view.items), on_their_way + view.on_their_way
    return Check("data directory", "ok", f"{items} items, each with one outcome; {on_their_way} on their way")
