"""``undercurrent themes`` and ``similar``: ask a data directory what it found."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.printing import harmless, print_json
from cli.run import theme_row
from cli.tables import themes_table
from contracts.errors import WrongUsage
from models.encoders.load import load_encoder
from settings import load_settings
from wiring.datadir import DataDir
from wiring.quotes import quotes_of
from wiring.stages.intake import open_readers
from wiring.stages.themes import open_index
from wiring.views import RunView

Directory = Annotated[Path, typer.Option("--dir", help="Data directory of a run.")]
DEFAULT_DIRECTORY = Path("out/demo")


def rank(view: RunView, limit: int, as_json: bool) -> None:
    """Print the first themes of a view, with why."""
    if not as_json:
        console = Console()
        console.print(themes_table(view, limit, width=console.width))
        return
    rows = [theme_row(theme) for theme in view.themes[:limit]]
    print_json(rows)


def similar(
    text: Annotated[str, typer.Argument(help="What to look for; it is redacted first and not stored.")],
    directory: Directory = DEFAULT_DIRECTORY,
    where: Annotated[
        str | None, typer.Option(help="Filters: label=bug,source=zendesk,language=de,severity=high …")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the concerns most like a text, by meaning.

    Example: undercurrent similar "charged twice for the same month" --where source=intercom
    """
    if not text.strip():
        raise WrongUsage("say what to look for: the text is empty")
    settings = load_settings()
    existing(directory)
    filters = parse_filters(where)
    readers = open_readers(settings)
    redacted = readers.redactor.redact([text], readers.language.detect([text]))[0].text
    encoder, notice = load_encoder(settings.encoder)
    if notice:
        Console(stderr=True).print(notice, style="yellow", markup=False)
    index = open_index(directory / "qdrant", encoder.version, encoder.dims)
    try:
        vector = encoder.encode([redacted])[0]
        found = index.similar_items(settings.tenant, vector, limit=limit, where=filters)
    finally:
        index.close()
    quotes = quotes_of(directory, [hit.concern_id for hit in found])
    if as_json:
        rows = [
            {"similarity": round(hit.similarity, 4), "concern_id": hit.concern_id, "item_id": hit.item_id}
            | {"quote": quotes.get(hit.concern_id)}
            | dict(hit.payload)
            for hit in found
        ]
        print_json(rows)
        return
    console = Console()
    for hit in found:
        quote = quotes.get(hit.concern_id) or "(words withheld)"
        source = harmless(str(hit.payload.get("source")))
        facts = f"{source}, {hit.payload.get('label')}, item {hit.item_id}"
        console.print(f"{hit.similarity:.2f}  {quote}\n      {facts}", markup=False, highlight=False)


def parse_filters(where: str | None) -> dict[str, str | int | bool]:
    """``a=b,c=d`` as filters; whole numbers are numbers, so that times can be bounds."""
    filters: dict[str, str | int | bool] = {}
    for pair in filter(None, (where or "").split(",")):
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or not value:
            raise WrongUsage(f"--where {pair}: write field=value")
        filters[name] = int(value) if name.endswith("_s") and value.isdigit() else value
    return filters


def existing(directory: Path) -> Path:
    """The directory, if a run has been there. Raises ``WrongUsage``."""
    if not DataDir(directory).journal.exists():
        named = shlex.quote(str(directory))
        raise WrongUsage(
            f"{directory}: no run here; make one with: undercurrent run --input FILE --out {named}"
        )
    return directory


def existing_or_demo(directory: Path | None, data: Path | None) -> Path:
    """The directory that is named, else the demo's, for a command that no Kafka is named to.

    Raises ``WrongUsage`` for ``data`` alone: the demo's directory is not what was asked for.
    """
    if directory is None and data is not None:
        raise WrongUsage(
            f"--data {data}: KAFKA_BOOTSTRAP_SERVERS names no Kafka; set it, or name a data directory with --dir"
        )
    return existing(directory or DEFAULT_DIRECTORY)
