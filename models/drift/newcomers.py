"""Did the concerns most like one come lately, where like ones could have come at any time?

While nothing changes, a concern's nearest are equally likely to be any of those that are held, so the chance that most
of them lie among the latest share q is a binomial tail in q, whatever the themes are. When a topic is told in new
words, or something new is told, its concerns are nearest to each other and all of them are late, though each may have
joined an older theme. Source: nearest-neighbour tests of two samples (Schilling, JASA 1986; Henze, 1988).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from scipy.special import bdtrc, bdtri

from models.themes.alike import Alike

LOOKS = ((8, 8), (12, 11), (16, 14), (24, 18))
"""Of so many nearest so many are asked when they came: a few at first, and more of a change that came a while ago."""
MOST = LOOKS[-1][0]
AGREE = 3
"""Concerns that have to say the same: the one that came, or late ones nearest to it."""

Asked = Callable[[str, int], Alike | None]
"""Answers which held concerns are most like one, so many of them: the engine's ``alike``."""


class Newcomers(NamedTuple):
    """Of the ``looked`` nearest ``late`` lie among the latest ``span`` of the ``held``; ``p`` is the chance of it."""

    p: float
    looked: int
    late: int
    span: int
    since: int
    """The arrival number at which the span begins."""
    held: int


@cache
def _widest(looked: int, late: int, bound: float) -> float:
    """The share q at which the chance is ``bound``."""
    return float(bdtri(late - 1, looked, 1.0 - bound))


def newcomers(
    arrivals: Sequence[int], since: Callable[[int], int], held: int, bound: float
) -> Newcomers | None:
    """The look at which the chance is smallest; None if it is above ``bound`` at all of them.

    ``arrivals``: when the nearest concerns came, nearest first, ``MOST`` of them; ``since`` says how many of the
    ``held`` came then or later.

    >>> even, late = [30 * n + 100 for n in range(24)], [990 - n for n in range(24)]
    >>> newcomers(even, lambda arrival: 1000 - arrival, 1000, 1e-5)
    >>> newcomers(late, lambda arrival: 1000 - arrival, 1000, 1e-5)
    Newcomers(p=6.7e-24, looked=24, late=18, span=27, since=973, held=1000)
    """
    firsts = [sorted(arrivals[:looked], reverse=True)[late - 1] for looked, late in LOOKS]
    if since(max(firsts)) > held * max(_widest(*look, bound) for look in LOOKS):
        return None  # the latest span is too wide for any look, and the others are wider
    found = []
    for (looked, late), first in zip(LOOKS, firsts, strict=True):
        span = since(first)
        if span <= held * _widest(looked, late, bound):
            chance = float(bdtrc(late - 1, looked, span / held))
            found.append(Newcomers(float(f"{chance:.2g}"), looked, late, span, first, held))
    return min(found, default=None)


class Agreed(NamedTuple):
    """Several concerns say that something is new; the one that says it least clearly, and what it sees."""

    concern: str
    look: Newcomers
    near: Alike

    @property
    def late(self) -> list[str]:
        """Those most like the concern that came lately, nearest first."""
        seen = zip(self.near.concerns, self.near.arrivals, strict=True)
        return [concern for concern, arrival in seen if arrival >= self.look.since]


def agreed(concern: str, asked: Asked, suspect: float, bound: float) -> Agreed | None:
    """Hold a concern against its nearest; at a chance of ``suspect`` or below the late ones of them against theirs.

    None unless ``AGREE`` of all these have a chance of ``bound`` or below.
    """
    own = _look(concern, asked, suspect)
    if own is None:
        return None
    around = own.late[: own.look.late]
    looks = [own, *filter(None, (_look(other, asked, bound) for other in around))]
    sure = sorted((look for look in looks if look.look.p <= bound), key=lambda look: look.look.p)
    return sure[AGREE - 1] if len(sure) >= AGREE else None


def _look(concern: str, asked: Asked, bound: float) -> Agreed | None:
    near = asked(concern, MOST)
    found = newcomers(near.arrivals, near.since, near.held, bound) if near is not None else None
    return Agreed(concern, found, near) if near is not None and found is not None else None
