"""Categories that tenants add: which there are, and at the door whether a new one can be.

In:    the file's taxonomy, and what was added by orders of the journal.   Out: each tenant's taxonomy; an order.
Law:   what is accepted holds no personal data that our patterns find, and the stage takes it.
Elsewhere: what the stage makes of it (``operators.extract.classes``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from contracts.commands import AddLabel, Command
from contracts.errors import OrderRefused, WrongUsage
from contracts.registry import read_journal
from contracts.unfit import Unfit, first_unfit
from models.labellers.added import Added, extended, objection, together, with_label
from models.labellers.taxonomy import Taxonomy
from wiring.public import refuse_personal_data
from wiring.views.topics import Records, Topics

Orders = Mapping[str, Sequence[AddLabel]]
"""What was ordered for each tenant, in its order."""

_VERB = b'"add_label"'


@dataclass
class Taxonomies:
    """The taxonomy of each tenant; ``ordered`` is asked when it is first needed."""

    file: Taxonomy
    ordered: Callable[[], Orders] = field(default=dict)
    _made: dict[str, Taxonomy] = field(default_factory=dict, init=False)

    def of(self, tenant: str) -> Taxonomy:
        """The tenant's taxonomy."""
        if tenant not in self._made:
            self._made[tenant] = extended(self.file, self._added.get(tenant, ()))
        return self._made[tenant]

    def add(self, tenant: str, order: AddLabel) -> None:
        """Somebody ordered one just now."""
        self._added[tenant] = with_label(self._added.get(tenant, ()), order)
        self._made.pop(tenant, None)

    def forget(self) -> None:
        """Ask anew: more was ordered."""
        self._made.clear()
        self.__dict__.pop("_added", None)

    def accepted(self, tenant: str, said: Mapping[str, Any]) -> AddLabel:
        """The order that a person means. Raises ``WrongUsage``, ``OrderRefused`` for what the stage would not take."""
        try:
            order = AddLabel.model_validate({name: value for name, value in said.items() if value})
        except ValidationError as exc:
            raise WrongUsage(_told(first_unfit(exc), said)) from None
        areas = [area.name for area in self.of(tenant).areas]
        if order.product_area not in areas:
            raise WrongUsage(
                f"the taxonomy has no product area {order.product_area!r}; say one of: {', '.join(areas)}"
            )
        if (why := objection(self.file, self._added.get(tenant, ()), order)) is not None:
            raise OrderRefused(f"refused: {why}")
        _refuse_personal(order)
        return order

    def knows(self, tenant: str, name: str) -> bool:
        """Whether the tenant added a category of this name before."""
        return any(one.name == name for one in self._added.get(tenant, ()))

    @cached_property
    def _added(self) -> dict[str, Added]:
        return {tenant: together(self.file, orders) for tenant, orders in self.ordered().items()}


def _told(unfit: Unfit, said: Mapping[str, Any]) -> str:
    if unfit.field == "name":
        return f"name {said.get('name')!r}: begin with a letter, then lower-case letters, digits and _, at most 40"
    return unfit.told("category")


def _refuse_personal(order: AddLabel) -> None:
    """Nobody's words: an erasure does not reach what is typed here. Raises ``WrongUsage``."""
    from models.privacy.redactor import patterns_only_redactor  # lists need not wait for it

    texts = {"description": order.description, "owner": order.owner, "action": order.action}
    texts |= {f"example {n}": said for n, said in enumerate(order.exemplars, 1)}
    refuse_personal_data({name: said for name, said in texts.items() if said}, patterns_only_redactor())


def ordered_in(topics: Records) -> dict[str, list[AddLabel]]:
    """What the journal of a data directory holds; of all its lines only the few that may be such orders are read."""
    found: dict[str, list[AddLabel]] = {}
    for command in _commands(topics):
        if isinstance(command.order, AddLabel):
            found.setdefault(command.tenant, []).append(command.order)
    return found


def _commands(topics: Records) -> list[Command]:
    if isinstance(topics, Topics):
        lines = (line for _place, line in topics.lines("journal") if _VERB in line)
        records = (read_journal(0, 0, line) for line in lines)
        return [record for record in records if isinstance(record, Command)]
    return [record for _place, record in topics.records("journal") if isinstance(record, Command)]
