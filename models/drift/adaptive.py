"""Has a mean changed? River's ADWIN, written down exactly, and rebuilt in peace when that cannot be read.

A. Bifet, R. Gavaldà: Learning from time-changing data with adaptive windowing (SDM 2007).
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from importlib.metadata import version
from typing import Any

import numpy as np
from river._river_rust.drift import AdaptiveWindowing

from models.drift.seen import Seen
from models.drift.window import UNIT, packed, unpacked
from models.themes.octets import Reader, Writer

KEPT = 32
"""Latest values that are kept as well: they tell what is now, and a detector that was lost starts from them."""

WARM_UP = 64
"""Values before a detector that was rebuilt speaks again."""

VERSION = version("river")

_CLOCK = 4
# River has no types. This is what its ``drift.ADWIN`` wraps: to import that loads scikit-learn along with River's data
# sets, half of the time that a process of themes takes to import what it needs.
_Adwin: Any = AdaptiveWindowing


def _frame() -> bytes:
    """The bytes of a detector that has seen nothing but zeros: what is alike in those of all detectors."""
    adwin = _Adwin(delta=0.002, clock=_CLOCK)
    for _ in range(150):
        adwin.update(0.0)
    return bytes(adwin.__getstate__())


_FRAME = _frame()


class AdaptiveMean:
    """Values in 0 to 1, one at a time; says when their mean has changed, and starts anew.

    What is not a finite number is left out. Values go into ADWIN ``scale`` times and rounded to
    256ths: sums of these are exact, so its floats take little room when they are written down (``window``).

    >>> mean = AdaptiveMean(delta=0.002)
    >>> seen = [mean.update(0.8 if n < 300 else 0.4) for n in range(400)]
    >>> next((n, round(s.before, 2), round(s.after, 2)) for n, s in enumerate(seen) if s)
    (327, 0.8, 0.45)
    """

    __slots__ = ("_adwin", "_delta", "_recent", "_scale", "is_rebuilt", "warming")

    def __init__(self, delta: float, scale: int = 1) -> None:
        self._delta, self._scale = delta, scale
        self._adwin = self._fresh()
        self._recent: deque[int] = deque(maxlen=KEPT)
        self.warming = 0
        """Values until it speaks again."""
        self.is_rebuilt = False
        """Whether it was decoded from what it could not read."""

    def update(self, value: float) -> Seen | None:
        """Take in one value, rounded to thousandths; what changed, if it has."""
        if not math.isfinite(value):
            return None
        milli = round(1000 * value)
        self._recent.append(milli)
        is_cut = self._adwin.update(self._rounded(milli))
        if self.warming:
            self.warming -= 1
        if not is_cut:
            return None
        seen = self._seen()
        self._adwin = self._fresh()
        return None if self.warming else seen

    def _seen(self) -> Seen:
        """The latest values against the whole window, which ADWIN has just cut at its old end."""
        now, width = len(self._recent), int(self._adwin.get_width())
        latest = sum(self._recent) / 1000
        rest = max(width - now, 1)
        before = (self._adwin.get_total() / self._scale - latest) / rest if width > now else latest / now
        return Seen(round(before, 4), round(latest / now, 4), rest, now)

    def _rounded(self, milli: int) -> float:
        return round(milli * self._scale * UNIT / 1000) / UNIT

    def _fresh(self) -> Any:
        return _Adwin(delta=self._delta, clock=_CLOCK, grace_period=30, min_window_length=8)

    def write(self, to: Writer, *, young: bool = False) -> None:
        """River's version, ADWIN's own bytes, the latest values, what is left of the warm-up.

        ``young``: all values are among the latest, so ADWIN's bytes are left out and made from them again.
        """
        inner = (
            b"" if young and len(self._recent) < KEPT else packed(bytes(self._adwin.__getstate__()), _FRAME)
        )
        to.text(VERSION)
        to.octets(inner)
        to.numbers(self.warming, len(self._recent))
        to.array(np.array(self._recent, np.int64))

    @classmethod
    def read(cls, source: Reader, delta: float, scale: int = 1) -> AdaptiveMean:
        """The inverse of ``write``. What another version of River wrote, or is broken, is rebuilt: ``warming``."""
        mean = cls(delta, scale)
        written_by, inner = source.text(), source.octets()
        mean.warming, count = source.numbers(2)
        mean._recent.extend(source.array(count).tolist())
        if not inner:
            mean._refill()
        elif written_by != VERSION or not mean._take_up(inner):
            mean._refill()
            mean.warming, mean.is_rebuilt = WARM_UP, True
        return mean

    def _take_up(self, inner: bytes) -> bool:
        """Read ADWIN's own bytes; whether they hold a detector with finite numbers."""
        try:
            self._adwin.__setstate__(unpacked(inner, _FRAME))
        except (ValueError, TypeError, zlib.error):
            return False
        return math.isfinite(self._adwin.get_total()) and math.isfinite(self._adwin.get_variance())

    def _refill(self) -> None:
        self._adwin = self._fresh()
        for milli in self._recent:
            if self._adwin.update(self._rounded(milli)):
                self._adwin = self._fresh()
