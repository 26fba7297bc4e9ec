"""A provider whose every attempt is paid from a ledger: the most it may cost is set aside first, what it cost after.

Each attempt counts, not each answer: a call that timed out may have been served and charged, so it counts in full.
"""

from __future__ import annotations

from dataclasses import replace

from contracts.errors import WrongUsage
from models.llm.around import Around
from models.llm.base import Call, Provider, Reply
from models.llm.errors import ProviderFailed
from models.llm.prices import Prices
from models.llm.spending import Ledger


class MeteredProvider(Around):
    """Pays for another provider's attempts; a call must say for whom (``tenant``) and when (``day``)."""

    def __init__(self, inner: Provider, ledger: Ledger, prices: Prices) -> None:
        super().__init__(inner)
        self._ledger = ledger
        self._prices = prices

    def ask(self, call: Call) -> Reply:
        """One attempt, paid. Raises ``CapReached`` before anything is asked that could overstep a cap."""
        if not call.tenant or call.day is None:
            raise WrongUsage("a call that is paid for needs tenant and day")
        most_micro = self._prices.most_micro(self.name, self.model, call)
        if most_micro == 0:
            return self._priced(self._inner.ask(call))
        reservation = self._ledger.reserve(call.tenant, call.day, most_micro)
        try:
            reply = self._priced(self._inner.ask(call))
        except ProviderFailed as exc:
            self._ledger.settle(reservation, self._lost_micro(exc, most_micro))
            raise
        self._ledger.settle(reservation, most_micro if reply.cost_micro is None else reply.cost_micro)
        return reply

    def _priced(self, reply: Reply) -> Reply:
        return replace(reply, cost_micro=self._prices.reply_micro(reply))

    def _lost_micro(self, failure: ProviderFailed, most_micro: int) -> int:
        told = self._prices.cost_micro(self.name, self.model, failure.usage)
        if told is not None:
            return told
        return most_micro if failure.maybe_billed else 0
