"""Embed anew what keywords stood in for, once the encoder is back: orders into the journal, one for each concern.

In:    the topic ``enriched`` as it is, which alone says what was written.   Out: ``EmbedAnew`` orders.
State: a file that says that the encoder was away; it goes when nothing is left to embed, so a restart in between
       heals as well.
Elsewhere: what an order does (``operators.extract.anew``), how its concern changes themes (``standing_in``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.commands import EmbedAnew
from contracts.envelope import Envelope
from contracts.errors import PipelineError
from contracts.stages import EnrichedItem
from models.encoders.guarded import GuardedEncoder
from models.encoders.hashing import KeywordEncoder
from wiring.appending import Given

STANDS_IN = KeywordEncoder().version
"""The encoder of vectors that stand in."""
AUTHOR = "extract"
"""Who orders, in the journal."""

ENCODER_AWAY = "encoder-away"
"""The name of the file that says so, in a data directory or in the folder of the stage."""

LOOK_EVERY_S = 10.0
"""How often an encoder that is away is asked whether it is back."""
WRITTEN_S = 30.0
"""After so long what was made while the encoder was away has been written: the epoch it was made in has ended."""
AGAIN_AFTER_S = 60.0
"""After so long a concern that still lacks its vector is ordered again: the encoder may have been away once more."""


def lacking(records: Iterable[Envelope]) -> list[Given]:
    """An order for each concern that stands and that keywords stood in for, by the records of ``enriched`` in order."""
    found: dict[str, Given] = {}
    for record in records:
        if not isinstance(record, EnrichedItem):
            continue
        for gone in (*record.retracts, *(record.dismissed or ())):
            found.pop(gone, None)
        for concern in record.concerns:
            found.pop(concern.concern_id, None)
            if concern.vector is not None and concern.vector.model == STANDS_IN:
                alone = {"concerns": (concern,), "retracts": (), "dismissed": None}
                order = EmbedAnew(concern_id=concern.concern_id, item=record.model_copy(update=alone))
                found[concern.concern_id] = Given(record.tenant, order)
    return list(found.values())


def watch(guard: GuardedEncoder, mark: Path, say: Callable[[str], None]) -> None:
    """Leave the file ``mark`` when the encoder goes away, and say what becomes of it."""

    def changed(away: bool) -> None:
        if away:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
            say(f"the encoder {guard.version} is away: themes are by shared keywords until it is back")
        else:
            say(f"the encoder {guard.version} is back: what came meanwhile is embedded anew")

    if guard.version != STANDS_IN:
        guard.on_change.append(changed)


@dataclass
class Healer:
    """Orders what is lacking, as long as ``mark`` is there; ``clock`` in seconds, of any beginning.

    ``look`` reads ``enriched`` whole and ``give`` appends orders: both may take their time, so ``poll`` leaves them to
    a thread; what they raise is said, and tried again.
    """

    guard: GuardedEncoder
    mark: Path
    look: Callable[[], Sequence[Given]]
    give: Callable[[Sequence[Given]], None]
    say: Callable[[str], None]
    clock: Callable[[], float]
    _next_s: float = 0.0
    _back: tuple[int, float] = (-1, 0.0)
    _ordered: dict[str, float] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def poll(self) -> None:
        """To be called often, on the thread that encodes."""
        now_s = self.clock()
        busy = self._thread is not None and self._thread.is_alive()
        if busy or now_s < self._next_s or not self.mark.exists():
            return
        self._next_s = now_s + LOOK_EVERY_S
        if not self.is_back():
            return
        if self._back[0] != self.guard.absences:
            self._back = (self.guard.absences, now_s)
        is_written = now_s - self._back[1] >= WRITTEN_S
        self._thread = threading.Thread(
            target=self._again, args=(now_s, is_written), name="healer", daemon=True
        )
        self._thread.start()

    def settled(self, within_s: float = 10.0) -> bool:
        """Wait for what ``poll`` began; whether it is done."""
        if self._thread is not None:
            self._thread.join(within_s)
        return self._thread is None or not self._thread.is_alive()

    def is_back(self) -> bool:
        """Whether the encoder works; asks it where it did not."""
        if self.guard.is_away:
            try:
                self.guard.check()
            except PipelineError:
                return False
        return True

    def heal(self) -> int:
        """Order what lacks its vectors and was not ordered lately; how many. Without any the mark goes.

        To be called while nothing is being written. Where it cannot be done now, that is said, and it is none.
        """
        if not self.mark.exists() or not self.is_back():
            return 0
        return self._again(self.clock(), is_written=True)

    def _again(self, now_s: float, is_written: bool) -> int:
        try:
            return self._order(now_s, is_written)
        except PipelineError as exc:
            self.say(f"what keywords stood in for could not be ordered anew yet: {exc}")
            return 0

    def _order(self, now_s: float, is_written: bool) -> int:
        """``is_written``: all that was made while the encoder was away can be read by now."""
        absences, wanted = self.guard.absences, self.look()
        if not wanted and is_written:
            self.mark.unlink(missing_ok=True)
            self._ordered.clear()
            if self.guard.absences != absences:  # away once more while this was looking
                self.mark.touch()
        due = [one for one in wanted if now_s >= self._ordered.get(_name(one), now_s)]
        if due:
            self.give(due)
            self._ordered |= {_name(one): now_s + AGAIN_AFTER_S for one in due}
            self.say(f"{len(due)} concerns are embedded anew")
        return len(due)


def _name(given: Given) -> str:
    assert isinstance(given.order, EmbedAnew)
    return given.order.concern_id
