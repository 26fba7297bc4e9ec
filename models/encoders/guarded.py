"""Tell an encoder that is away from a text that it cannot bear.

Where encoding raises, a text that any encoder can encode is asked for: if that fails too, the encoder is away
(``EncoderAway``), else the fault is the texts' and what was raised goes on. While it is away that one text is asked for
first, so that nobody waits for a batch to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.encoders.base import Around, Encoder, EncoderAway, Vectors

PROBE = "The export takes too long."
"""Any short plain text."""

AGAIN_S = 10.0
"""When to ask again, for those who can wait."""

OnChange = Callable[[bool], None]
"""Told True when the encoder went away, and False when it is back; on the thread that encodes."""


class GuardedEncoder(Around):
    """An encoder whose absence has one name."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.on_change: list[OnChange] = []
        self._away = False
        self.absences = 0
        """How often it went away."""

    @property
    def is_away(self) -> bool:
        """Whether it was away when it was last asked."""
        return self._away

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order. Raises ``EncoderAway``, or what the encoder raises of these texts."""
        if self._away:
            self.check()
        try:
            return self._encoder.encode(texts)
        except Exception:
            self.check()
            raise

    def check(self) -> None:
        """See whether it works. Raises ``EncoderAway``."""
        try:
            self._encoder.encode([PROBE])
        except Exception as exc:
            self._note(away=True)
            raise EncoderAway(
                f"the encoder {self.version} is away: {type(exc).__name__}", retry_after_s=AGAIN_S
            ) from exc
        self._note(away=False)

    def _note(self, *, away: bool) -> None:
        if away != self._away:
            self._away = away
            self.absences += away
            for told in self.on_change:
                told(away)
