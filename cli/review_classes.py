"""``undercurrent review add-class``: add a category to one tenant's taxonomy, and the same asked for during a review.

It becomes an order of the journal: what comes behind it may have the category, also on replay. Only categories of the
taxonomy's own file have cues and sublabels (``docs/extraction.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.door import Desk, at_the_desk
from cli.printing import print_json
from connectors.keys.vault import LocalVault
from contracts.commands import AddLabel
from contracts.errors import WrongUsage
from models.labellers.taxonomy import load_taxonomy
from settings import load_settings
from wiring.appending import Given
from wiring.reviewing.classes import Taxonomies
from wiring.reviewing.indexed import ordered

Words = Callable[[str], str]
"""Asks for a line."""


def taxonomies_of(desk: Desk) -> Taxonomies:
    """The taxonomies of a desk's tenants; what they added is read when it is first asked for."""

    def orders() -> Mapping[str, Any]:
        with closing(LocalVault(desk.folder / "keys", make=False)) as vault:
            return ordered(desk.topics, desk.folder, vault)

    return Taxonomies(load_taxonomy(load_settings().taxonomy)[0], orders)


@at_the_desk
def add_class(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _.")],
    author: Annotated[str, typer.Option(help="Who says so; kept in the journal.")],
    description: Annotated[str, typer.Option(help="What it is about, in a sentence.")],
    area: Annotated[str, typer.Option(help="A product area of the taxonomy.")],
    example: Annotated[
        list[str], typer.Option(help="A sentence of your own, as somebody would write it; up to ten.")
    ],
    role: Annotated[str, typer.Option(help="issue, bug or feature_request.")] = "issue",
    owner: Annotated[str | None, typer.Option(help="Who sees to it.")] = None,
    action: Annotated[str | None, typer.Option(help="What is usually done about it.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose; default: UNDERCURRENT_TENANT's.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add a category to a tenant's taxonomy, or replace one that was added: what comes from here on may have it.

    Example:
    undercurrent review add-class cards --description "Gift cards." --area payments --example "No code." --author ann
    """
    whose = tenant or load_settings().tenant
    said = {
        "name": name, "description": description, "role": role, "product_area": area, "owner": owner, "action": action,
    }  # fmt: skip
    taxonomies = taxonomies_of(desk)
    known = taxonomies.knows(whose, name)
    order = taxonomies.accepted(whose, said | {"exemplars": tuple(example)})
    if not dry_run:
        with desk.orders() as orders:
            orders.give(author, [Given(whose, order)])
        desk.act(Console(stderr=True))
    if as_json:
        fields = order.model_dump(exclude_none=True, mode="json")
        print_json({"dry_run": dry_run, "tenant": whose, "replaces": known, **fields})
        return
    done = "would be " if dry_run else ""
    Console(soft_wrap=True, markup=False, highlight=False).print(
        f"category {name} of {whose} {done}{'replaced' if known else 'added'}"
    )


def asked_class(taxonomies: Taxonomies, tenant: str, name: str, words: Words) -> AddLabel | None:
    """A category that the taxonomy lacks, as a person describes it; None if they go back. Raises ``WrongUsage``."""
    areas = [area.name for area in taxonomies.of(tenant).areas]
    description = words(f"add category {name}: what is it about, in a sentence; Enter goes back > ")
    area = words(f"product area: {', '.join(areas)} > ") if description else ""
    if not area:
        return None
    examples = [words("a sentence of your own, as somebody would write it > ")]
    examples += [words("another one; Enter for no more > ")] if examples[0] else []
    if not examples[0]:
        raise WrongUsage("a category needs a sentence by which it is recognised")
    said = {"name": name, "description": description, "product_area": area}
    return taxonomies.accepted(tenant, {**said, "exemplars": tuple(one for one in examples if one)})
