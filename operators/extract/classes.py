"""Labels that people added to a tenant's taxonomy, from their place in the order on.

In:    orders to add one.   Out: each tenant's taxonomy, and the labeller that reads by it; what the file says where
nobody added anything, at no cost.
State: the ``classes`` table: a row for each tenant that has some, sealed under the tenant's key.
Elsewhere: what a taxonomy with added labels is (``models.labellers.added``).
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import TypeAdapter

from contracts.commands import AddLabel, Command
from contracts.envelope import EVERYONE
from contracts.feedback import TENANT_SUBJECT, Sealed
from models.encoders.base import EncoderAway
from models.labellers.added import Added, extended, objection, stand_in, with_label
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import Taxonomy
from operators.isolation import Poisoned, each_apart
from operators.ports import Vault
from operators.state import Table

_ORDERS: TypeAdapter[Added] = TypeAdapter(Added)


class Classes:
    """The taxonomies of the tenants of one journal partition."""

    def __init__(
        self, vault: Vault, labeller: LocalLabeller, standby: Callable[[], LocalLabeller] | None = None
    ) -> None:
        """``labeller`` reads by the file; ``standby`` while the encoder is away, without it the stage stops then."""
        self._vault = vault
        self._labeller = labeller
        self._standby = standby
        self._added: dict[str, Added] = {}
        self._taxonomies: dict[str, Taxonomy] = {}
        self._labellers: dict[tuple[str, str], LocalLabeller] = {}
        self.table: Table[list[str]] = Table()

    def add(self, command: Command, order: AddLabel) -> None:
        """Take an order into account; one that cannot be changes nothing."""
        tenant = command.tenant
        if tenant == EVERYONE or self._cannot_be_read(order):
            return
        added = self._of(tenant)
        if objection(self._labeller.taxonomy, added, order) is not None:
            return
        said = _ORDERS.dump_json(with_label(added, order), exclude_none=True)
        sealed = self._vault.seal(tenant, TENANT_SUBJECT, said)
        self.table.put(tenant, [sealed.nonce, sealed.ciphertext])
        self._added.pop(tenant, None)
        self._taxonomies.pop(tenant, None)
        self._labellers = {key: one for key, one in self._labellers.items() if key[0] != tenant}

    def taxonomy(self, tenant: str) -> Taxonomy:
        """The tenant's taxonomy."""
        if tenant not in self.table:
            return self._labeller.taxonomy
        if tenant not in self._taxonomies:
            self._taxonomies[tenant] = extended(self._labeller.taxonomy, self._of(tenant))
        return self._taxonomies[tenant]

    def told(self, tenant: str) -> dict[str, str]:
        """The version of that taxonomy as a field of ``Provenance``; nothing where it is the file's."""
        return {"taxonomy": self.taxonomy(tenant).version} if tenant in self.table else {}

    def labeller(self, tenant: str) -> LocalLabeller:
        """Who reads the tenant's concerns; by the file alone, as long as the encoder is away for new exemplars."""
        if tenant not in self.table:
            return self._labeller
        try:
            return self._made(tenant, self._labeller)
        except EncoderAway:
            if self._standby is None:
                raise
            return self._labeller

    def standing_by(self, tenant: str) -> LocalLabeller:
        """Who reads them while the encoder is away."""
        assert self._standby is not None
        return self._made(tenant, self._standby()) if tenant in self.table else self._standby()

    def stand_in(self, tenant: str, category: str) -> str | None:
        """Whose rules hold for a category that has none of its own; None where it is one of the file's."""
        if tenant not in self.table or self._labeller.taxonomy.label(category) is not None:
            return None
        label = self.taxonomy(tenant).label(category)
        return None if label is None else stand_in(self._labeller.taxonomy, label)

    def _made(self, tenant: str, labeller: LocalLabeller) -> LocalLabeller:
        key = (tenant, labeller.encoder.version)
        if key not in self._labellers:
            self._labellers[key] = labeller.extended(self.taxonomy(tenant))
        return self._labellers[key]

    def _of(self, tenant: str) -> Added:
        if tenant not in self._added:
            row = self.table.get(tenant)
            sealed = row and Sealed(subject=TENANT_SUBJECT, nonce=row[0], ciphertext=row[1])
            opened = self._vault.open(tenant, sealed) if sealed else None
            self._added[tenant] = _ORDERS.validate_json(opened) if opened else ()
        return self._added[tenant]

    def _cannot_be_read(self, order: AddLabel) -> bool:
        """Whether an exemplar makes the encoder raise what nobody expected: no item must bear that."""
        encoder = self._labeller.encoder
        try:
            read = each_apart(lambda orders: [encoder.encode(one.exemplars) for one in orders], [order])
        except EncoderAway:
            if self._standby is None:
                raise
            return False
        return isinstance(read[0], Poisoned)
