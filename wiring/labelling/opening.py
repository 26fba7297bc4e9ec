"""Open the labeller: the models that settings choose, the taxonomy and prompt, and its memory beside the key store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.holding import claimed
from connectors.keys.vault import LocalVault
from connectors.labelling.store import Change, LabellingStore
from contracts.commands import AddLabel
from contracts.errors import WrongUsage
from models.labellers.taxonomy import load_taxonomy
from models.labelling.asking import Asker
from models.labelling.routes import RoutePolicy
from models.llm.guarded import Watcher
from models.llm.prompts import DECIDE, load_prompt
from models.llm.spending import Standing
from settings import Settings
from wiring.labelling.budget import Append
from wiring.labelling.inbox import Inbox
from wiring.labelling.labeller import Labeller
from wiring.llm.accounts import accounts_in
from wiring.llm.metrics import LlmMetrics
from wiring.llm.open import LanguageModels, open_language_models
from wiring.reviewing.classes import Taxonomies
from wiring.stages.extract import bound_of

FOLDER = "labelling"
"""The labeller's folder beside that of the keys."""

NOBODY = (
    "no language model is set up; set UNDERCURRENT_OPENAI_API_KEY, UNDERCURRENT_ANTHROPIC_API_KEY, or"
    " UNDERCURRENT_COMPATIBLE_URL and UNDERCURRENT_COMPATIBLE_MODEL"
)


@dataclass(frozen=True, slots=True)
class Open:
    """A labeller with what it reads by; ``notices`` is what a person should know."""

    labeller: Labeller
    inbox: Inbox
    store: LabellingStore
    asker: Asker
    taxonomies: Taxonomies
    notices: tuple[str, ...]

    def take(self, changes: Sequence[Change], positions: Mapping[str, int]) -> None:
        """Remember what was read, and how far that was: categories first, for questions are asked by them."""
        labels = [label for change in changes for label in change.labels]
        if labels:
            self.store.keep_labels(labels)
            self.taxonomies.forget()
        self.store.take(changes, self.asker.prompt_id, positions)


@contextmanager
def open_labeller(
    data: Path,
    settings: Settings,
    append: Append,
    now: Callable[[], datetime],
    *,
    name: str = "answers",
    metrics: LlmMetrics | None = None,
    prompt: str = DECIDE,
    anew: bool = False,
) -> Iterator[Open]:
    """The labeller of a data folder; ``name`` tells its memory from that of another generation's.

    ``anew`` as in ``Inbox``; ``metrics`` counts every request to a model. Raises ``WrongUsage`` where none is set up,
    ``RecoveryRefused`` while another process has this memory: both would ask, and pay, for the same.
    """
    accounts = accounts_in(settings)
    if not accounts:
        raise WrongUsage(NOBODY)
    policy = RoutePolicy(
        sure=round(1000 * settings.llm_sure), names_may_leave=all(one.is_own for one in accounts)
    )
    file, _warnings = load_taxonomy(settings.taxonomy)
    with ExitStack() as stack:
        stack.enter_context(claimed(data / FOLDER / f"{name}.lock", "the labeller of process"))
        small = _models(stack, data, settings, metrics)
        large = _models(stack, data, large_of(settings), metrics)
        store = LabellingStore(data / FOLDER / f"{name}.sqlite3")
        stack.callback(store.close)
        taxonomies = Taxonomies(file, lambda: labels_in(store))
        vault = LocalVault(data / "keys")
        stack.callback(vault.close)
        asker = Asker(
            small.provider,
            large.provider if large.any else None,
            load_prompt(prompt),
            taxonomies.of,
            policy,
            review_below=bound_of(settings),
        )
        labeller = Labeller(
            store,
            vault,
            asker,
            append,
            now,
            batch=settings.llm_batch,
            at_once=settings.llm_concurrency,
            ledger=small.ledger,
            on_standing=metrics.stands if metrics else _untold,
        )
        notices = tuple(dict.fromkeys((*small.notices, *large.notices)))
        yield Open(labeller, Inbox(policy, anew=anew), store, asker, taxonomies, notices)


def labels_in(store: LabellingStore) -> dict[str, list[AddLabel]]:
    """The categories that people ordered, as the labeller's memory has them."""
    told = store.labels()
    return {tenant: [AddLabel.model_validate_json(one) for one in orders] for tenant, orders in told.items()}


def _untold(_tenant: str, _standing: Standing) -> None:
    """Nobody measures."""


def large_of(settings: Settings) -> Settings:
    """The settings of the large models: the same providers but those that have none."""
    large = {
        "openai": settings.openai_large_model,
        "anthropic": settings.anthropic_large_model,
        "compatible": settings.compatible_large_model,
    }
    order = [name for name in settings.llm_order.split(",") if large[name]]
    changed = {f"{name}_model": model for name, model in large.items() if model}
    return settings.model_copy(update={**changed, "llm_order": ",".join(order)})


def _models(stack: ExitStack, data: Path, settings: Settings, watcher: Watcher | None) -> LanguageModels:
    models = open_language_models(data / FOLDER, settings, watcher)
    stack.callback(models.close)
    return models
