"""``undercurrent models``: the tenants' own models, their versions, and orders about which one labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from cli.door import Desk, at_the_desk
from cli.printing import print_json
from cli.words import count
from contracts.commands import DirectModel, ModelRole
from contracts.errors import WrongUsage
from contracts.learning import ModelEvent
from models.learning.role import TELL_EVERY, UNTRAINED
from wiring.appending import Given
from wiring.public import without_personal_data
from wiring.views.models import Model, agreement, models

app = typer.Typer(
    help="Local models that learn from corrections: versions, figures, which one labels.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Tenant = Annotated[str | None, typer.Option(help="Whose model, where several tenants are there.")]
Role = Annotated[str, typer.Argument(help="category | sentiment | severity")]
Author = Annotated[str, typer.Option(help="Who orders it; kept in the journal.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with the model. No personal data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
REFUSED = 4
"""Exit code: the flow refused the order."""

Act = Literal["promote", "roll_back", "pin", "unpin"]
ROLES: dict[str, ModelRole] = {"category": "category", "sentiment": "sentiment", "severity": "severity"}


@app.command("ls")
@at_the_desk
def ls(desk: Desk, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """List each tenant's models: the version that labels, the newest one, what happened last.

    Example: undercurrent models ls --dir out/demo
    """
    rows = [_row(model) for model in models(desk.topics, tenant)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        pinned = ", pinned" if row["pinned"] else ""
        _say(
            f"{row['tenant']:<12} {row['role']:<10} labels {row['version']}{pinned}, newest {row['newest']} after "
            f"{row['corrections']} corrections; {count(row['retrain_candidates'], 'reason')} to retrain"
        )
    if not rows:
        _say(
            f"nothing is told of a model before {TELL_EVERY} answers: the untrained one, {UNTRAINED}, labels"
        )


@app.command("show")
@at_the_desk
def show(
    desk: Desk,
    role: Role,
    version: Annotated[str | None, typer.Argument(help="Only this version.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Show one model: its events, and how often it agreed with people, by provider, language and segment.

    Example: undercurrent models show category --dir out/demo
    """
    model = _model(desk, role, tenant)
    events = [one for one in model.events if version in (None, one.version, one.before)]
    if not events:
        raise WrongUsage(f"nothing was told of version {version}; see models show {role}")
    told = _row(model) | {
        "events": [_event(one, model) for one in events],
        "agreement": agreement(desk.topics, model.tenant, model.role),
    }
    if as_json:
        print_json(told)
        return
    for event in told["events"]:
        _say(
            f"{event['event_time'][:16]}  {event['event']:<17} {event['version']} ({event['stage']})  {event['reason']}"
        )
    for name, values in told["agreement"].items():
        for value, one in values.items():
            _say(
                f"{name} {value}: agreed with {100 * one['agreed']:.0f} % of {count(one['answers'], 'answer')}"
            )


@app.command("diff")
@at_the_desk
def diff(
    desk: Desk,
    role: Role,
    one: Annotated[str, typer.Argument(help="A version.")],
    other: Annotated[str, typer.Argument(help="Another.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Compare what was told of two versions: corrections, code, figures.

    Example: undercurrent models diff category 2.1.50 2.1.100 --dir out/demo
    """
    model = _model(desk, role, tenant)
    rows = {name: _version(model, name) for name in (one, other)}
    names = sorted({name for row in rows.values() for name in row})
    told = {name: [rows[one].get(name), rows[other].get(name)] for name in names}
    told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if as_json:
        print_json(told)
        return
    for name, (left, right) in told.items():
        _say(
            f"{name:<20} {left if left is not None else '-'!s:>12}  {right if right is not None else '-'!s:>12}"
        )


@app.command("promote")
@at_the_desk
def promote(
    desk: Desk,
    role: Role,
    version: Annotated[
        str,
        typer.Argument(help="The newest version; after more corrections than ls names, the refusal does."),
    ],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a version label from here on, whatever the comparison says.

    Example: undercurrent models promote category 2.1.100 --author ann --reason "audited" --dir out/demo
    """
    _order(desk, role, tenant, "promote", version, author, why, dry_run, as_json)


@app.command("rollback")
@at_the_desk
def rollback(
    desk: Desk,
    role: Role,
    author: Author,
    why: Why,
    version: Annotated[str | None, typer.Argument(help="Default: the one before.")] = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let the version before label again.

    Example: undercurrent models rollback category --author ann --reason "wrong on refunds" --dir out/demo
    """
    _order(desk, role, tenant, "roll_back", version, author, why, dry_run, as_json)


@app.command("pin")
@at_the_desk
def pin(
    desk: Desk,
    role: Role,
    author: Author,
    why: Why,
    off: Annotated[bool, typer.Option("--off", help="Let the comparison decide again.")] = False,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep the version that labels until a person orders otherwise.

    Example: undercurrent models pin sentiment --author ann --reason "in an audit" --dir out/demo
    """
    _order(desk, role, tenant, "unpin" if off else "pin", None, author, why, dry_run, as_json)


def _order(
    desk: Desk,
    role: str,
    tenant: str | None,
    act: Act,
    version: str | None,
    author: str,
    why: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    without_personal_data(reason=why)
    model = _model(desk, role, tenant)
    if act == "roll_back" and version is None:
        version = model.before  # given again, say after a kill, it is refused and goes no second step back
    order = DirectModel(role=_role(role), act=act, version=version, why=why)
    if not dry_run:
        with desk.orders() as orders:
            orders.give(author, [Given(model.tenant, order)])
        desk.act(Console(stderr=True))
    now = _model(desk, role, tenant)
    last = _event(now.events[-1], now)
    told: dict[str, Any] = {
        "tenant": model.tenant,
        "ordered": not dry_run,
        **order.model_dump(exclude_none=True),
    }
    if not dry_run and len(now.events) > len(model.events):
        told["became"] = last
    if as_json:
        print_json(told)
    elif dry_run:
        _say(f"would order {act} of {role} for {model.tenant}")
    elif "became" in told:
        _say(f"{last['event']}: {last['version']} labels; {last['reason']}")
    else:
        _say("ordered; the running flow will act on it")
    if "became" in told and last["event"] == "refused":
        raise typer.Exit(REFUSED)


def _model(desk: Desk, role: str, tenant: str | None) -> Model:
    wanted = _role(role)
    found = [one for one in models(desk.topics, tenant) if one.role == wanted]
    if not found:
        raise WrongUsage(
            f"nothing is told of a {role} model before {TELL_EVERY} corrections and confirmations; "
            "people give them with undercurrent review"
        )
    if len(found) > 1:
        raise WrongUsage(f"several tenants have one: {', '.join(one.tenant for one in found)}; give --tenant")
    return found[0]


def _role(name: str) -> ModelRole:
    if name not in ROLES:
        raise WrongUsage(f"{name}: roles are {', '.join(ROLES)}")
    return ROLES[name]


def _row(model: Model) -> dict[str, Any]:
    # Orders bear the version that labels; what was learned is told by ``trained``.
    trained = [one for one in model.events if one.event == "trained"]
    newest = max(trained or model.events, key=lambda one: one.corrections)
    return {
        "tenant": model.tenant,
        "role": model.role,
        "version": model.labelling,
        "pinned": model.pinned,
        "newest": newest.version,
        "corrections": newest.corrections,
        "promotions": sum(one.event == "promoted" for one in model.events),
        "retrain_candidates": sum(one.event == "retrain_candidate" for one in model.events),
    }


def _version(model: Model, name: str) -> dict[str, Any]:
    event = model.version(name)
    if event is None:
        raise WrongUsage(f"nothing was told of version {name}; see models show {model.role}")
    data: dict[str, Any] = event.model_dump(mode="json", exclude_none=True)
    kept = ("version", "corrections", "git_commit", "since", "until")
    return {name: data[name] for name in kept if name in data} | dict(event.metrics)


def _event(event: ModelEvent, model: Model) -> dict[str, Any]:
    data = event.model_dump(mode="json", exclude_none=True)
    dropped = ("kind", "trace", "ingested_at", "schema_version", "tenant", "role")
    return {name: value for name, value in data.items() if name not in dropped} | {
        "stage": model.stage(event.version)
    }


def _say(line: str) -> None:
    Console(soft_wrap=True, markup=False, highlight=False).print(line)
