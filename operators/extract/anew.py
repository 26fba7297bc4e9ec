"""Read a concern anew that keywords stood in for while the encoder was away.

In:    the order to, with the item and the concern as they were written then.
Out:   the concern with vectors of the encoder, and with its labels where nobody better has decided since; None where
       there is nothing to do: it stands no more, its words are gone, or the encoder is still away.
State: the ``standing`` table, which is extract's.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.commands import Command, EmbedAnew
from contracts.stages import Concern, Decision, EnrichedItem
from models.encoders.base import EncoderAway
from operators.extract.reading import Read, Reader, Text
from operators.extract.standing import Standing
from operators.ports import Vault
from operators.state import Table

TextOf = Callable[[EmbedAnew, str], Text]
"""What the models are given of the order's item, whose opened words these are."""


class Anew:
    """Orders to embed anew, of one journal partition; ``acting`` gives what follows from what was read."""

    def __init__(
        self,
        vault: Vault,
        reader: Reader,
        standing: Table[Standing],
        acting: Callable[[EnrichedItem, Read], Decision],
    ) -> None:
        self._vault = vault
        self._reader = reader
        self._standing = standing
        self._acting = acting

    def read(self, command: Command, order: EmbedAnew, text_of: TextOf) -> tuple[Concern, Read] | None:
        """The concern as it is now, and what the encoder's own labeller says of it."""
        item, row = order.item, self._standing.get(order.item.item_id)
        concern = next((one for one in item.concerns if one.concern_id == order.concern_id), None)
        if concern is None or row is None or item.tenant != command.tenant or row.revision != item.revision:
            return None
        place, opened = row.place(item.item_id, order.concern_id), self._vault.open(item.tenant, item.text)
        if place is None or row.dismissed_at(place) or opened is None:
            return None
        decided = row.decided_at(place) or place in row.answers
        if decided and concern.decision.provisional:
            # Somebody decided since the order was made: not with old labels.
            return None
        text = opened.decode()
        try:
            read = self._reader.again(text_of(order, text), text[concern.start : concern.end])
        except EncoderAway:
            return None
        decision = concern.decision
        if not decided:
            decision = self._acting(item, read)
            self._standing.put(item.item_id, row.reviewed(place, waits=decision.needs_review))
        vectors = {"vector": read.vector, "summary_vector": read.summary_vector}
        return concern.model_copy(update={"decision": decision, **vectors}), read
