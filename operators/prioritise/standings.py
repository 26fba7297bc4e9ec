"""Who the customers of one tenant are: tier, revenue, weight; told by updates or seen on feedback."""

from __future__ import annotations

from contracts.feedback import CustomerUpdated
from contracts.stages import ItemFacts
from models.priority.policy import Weights
from models.priority.windows import Standing
from operators.prioritise.rows import CustomerRow, key, rows_of
from operators.state import Table

Change = tuple[str, Standing, Standing]
"""Whose standing changed, from what, to what."""


class Standings:
    """Tier and weight by who spoke. What a customer update told wins over what feedback said."""

    def __init__(self, tenant: str, rows: Table[CustomerRow], weights: Weights) -> None:
        self._tenant = tenant
        self._rows = rows
        self._weights = weights
        self._stranger = Standing("unknown", weights.of_customer("unknown", None))
        self._known = {who: self._of(row) for who, row in rows_of(rows, tenant)}

    def of(self, who: str) -> Standing:
        """The standing now; an unknown customer weighs as the tier ``unknown``."""
        return self._known.get(who, self._stranger)

    def revenue(self, who: str) -> float | None:
        """The monthly revenue now, where it is known."""
        row = self._rows.get(key(self._tenant, who))
        return None if row is None else row.mrr

    def seen(self, who: str, facts: ItemFacts) -> Change | None:
        """Take up what feedback says of its author's account; None when it changes nothing."""
        if facts.tier == "unknown" and facts.mrr is None:
            return None
        row = self._rows.get(key(self._tenant, who)) or CustomerRow()
        tier = facts.tier if facts.tier != "unknown" else row.seen_tier
        mrr = facts.mrr if facts.mrr is not None else row.seen_mrr
        if (tier, mrr) == (row.seen_tier, row.seen_mrr):
            return None
        row.seen_tier, row.seen_mrr = tier, mrr
        return self._take(who, row)

    def told(self, record: CustomerUpdated) -> Change | None:
        """Take up a customer update; it holds from now on."""
        who = f"a:{record.account}"
        row = self._rows.get(key(self._tenant, who)) or CustomerRow()
        row.told_tier, row.told_mrr, row.told = record.tier, record.mrr, True
        return self._take(who, row)

    def forget(self, who: str) -> None:
        """Nobody of this name speaks inside the horizon any more; a told customer stays."""
        row = self._rows.get(key(self._tenant, who))
        if row is not None and not row.told:
            self._rows.drop(key(self._tenant, who))
            del self._known[who]

    def _take(self, who: str, row: CustomerRow) -> Change | None:
        self._rows.put(key(self._tenant, who), row)
        before, after = self.of(who), self._of(row)
        self._known[who] = after
        return None if before == after else (who, before, after)

    def _of(self, row: CustomerRow) -> Standing:
        return Standing(row.tier, self._weights.of_customer(row.tier, row.mrr))


def who_spoke(facts: ItemFacts, item_id: str) -> str:
    """Whom a concern counts for: the account, where unknown the author, else the item."""
    if facts.account:
        return f"a:{facts.account}"
    return f"u:{facts.author}" if facts.author else f"i:{item_id}"
