"""What is configured about themes: one setting for every tenant and every kind of text."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class ThemePolicy:
    """Numbers of the theme engine; similarities are cosines in the decision space of ``background``.

    The defaults were chosen on hwu64, banking77 and the demo's seeds 1 and 2 (``docs/themes.md``).
    """

    z: float = 3.9
    """A concern joins a theme at ``z`` standard deviations of the similarity of random pairs …"""
    lowest: float = 0.30
    """… but never below this similarity,"""
    highest: float = 0.66
    """… and never above this one is asked for."""
    clear_after: int = 500
    """A concern without a theme since so many concerns joins at a share of that threshold as well, …"""
    clear_share: float = 0.75
    """… this one, …"""
    clear_margin: float = 0.15
    """… if the second nearest theme is less similar by more than this."""
    components: int = 64
    """Dimensions of the decision space."""
    warm_up: int = 120
    """Concerns before the first pass, that is, before the first theme."""
    pass_every: int = 500
    """Concerns between two passes, once ``10 * pass_every`` have been seen."""
    pass_growth: float = 0.12
    """Before that, a pass comes when the stream has grown by this share."""
    refit_every: int = 60
    """Directions are looked for anew after so many concerns or a quarter more, whichever is later."""
    crowd: int = 10
    """A waiting concern brings a pass at once when so many others wait that are as near to it as a theme …"""
    crowd_s: int = DAY_S // 4
    """… and happened within so many seconds of it: an outage is not to wait for the next pass."""
    crowd_apart: int = 25
    """Concerns that have to come between such a pass and the one before."""
    min_members: int = 5
    """Concerns that a birth needs."""
    gather: int = 3
    """A concern that waits founds a theme at once with those that wait near it, when they are so many, …"""
    gather_share: float = 0.8
    """… at this share of the joining threshold …"""
    gather_near: float = 0.8
    """… (looked at are those as near to it as this share of that)."""
    loose_share: float = 0.80
    """What is left waiting may also form a theme at this share of the joining threshold …"""
    loose_members: int = 6
    """… when it is at least so many: a wide topic, which no five of its concerns show."""
    outgrow_part: int = 8
    """A new theme grows out of others among the latest concerns, one in so many of all that came, …"""
    outgrow_least: int = 250
    """… at least so many …"""
    outgrow_most: int = 1500
    """… and at most so many, …"""
    outgrow_near: float = 0.9
    """… of those that are this share of the joining threshold near to the one that arrives, …"""
    outgrow_older: int = 5
    """… if no more than so many others held are as near to it."""
    grow_most: int = 20_000
    """Themes of a group beyond which nothing grows out and nothing folds: to open or close one takes too long then."""
    pool: int = 2000
    """Concerns that may wait; more push the oldest out as ``Unthemed``."""
    pool_after_s: int = 30 * DAY_S
    """Seconds that a concern may wait for others like it."""
    window: int = 5000
    """Latest concerns that a pass may move."""
    sample: int = 3000
    """Concerns in the background sample (kept by hash, so uniform over the stream)."""
    merge_at: float = 0.75
    """Two themes merge at this similarity of their centroids, or …"""
    merge_margin: float = 0.10
    """… at the joining threshold plus this margin, whichever is higher."""
    merge_isolated: float = 0.01
    """Less is enough, this margin above the joining threshold, for a pair that stands out: …"""
    merge_stands_out: float = 0.20
    """… its similarity is so far above that of a typical theme to its nearest."""
    merge_rounds: int = 4
    """Times that a pass looks for such pairs; each theme merges at most once in a round."""
    merge_gap_milli: int = 3_000
    """Themes whose members lie so far apart, in thousandths of their spread (``splits``), do not merge."""
    fold_milli: int = 450
    """A theme is small when it grows by so many thousandths of what a typical one grows by; …"""
    fold_after: int = 1_000
    """… of this age, in concerns, or half as old as the stream, it joins its nearest theme …"""
    fold_like: float = 0.2
    """… when that is as near as the joining threshold plus this share of the way to where themes merge …"""
    fold_margin: float = 0.02
    """… plus this margin."""
    split_alike: float = 0.60
    """A theme is split when its two parts are less alike than this, have …"""
    split_members: int = 8
    """… so many members each in the window, and lie as far apart as one theme does once in a hundred times."""
    burst_us: int = 60_000
    """Work of passes that a tenant may have saved up, in microseconds of a common core as estimated from sizes; …"""
    pace_us: int = 1_000
    """… so much is added with every record, and while there is none left a pass rests; …"""
    quantum_us: int = 8_000
    """… and so much may be done before one record, give or take a step."""
    move_margin: float = 0.03
    """A concern moves only to a theme that is nearer by this much."""
    sweeps: int = 2
    """Lloyd sweeps in a pass."""
    judged: int = 256
    """Latest concerns that a pass is judged by, at its end; half as many are needed."""
    fall_milli: int = 50
    """A pass is run again when what is measured of it (``quality``) is so much below what is usual; …"""
    usual_over: int = 4
    """… usual is what passes had, each with one part in so many, and then what it fell to; …"""
    rerun_shares: tuple[float, ...] = (0.65,)
    """… again, that is: births at these shares of the joining threshold, the first that makes it better …"""
    rerun_gain_milli: int = 15
    """… by so much or more: less is within what single concerns do."""
    history_weight: int = 10
    """Weight of a theme's whole history in its centroid, in members, beside its members in the window."""
    group_weight: int = 20
    """Concerns that a group needs before its own background outweighs the tenant's."""
    retire_after_s: int = 30 * DAY_S
    """A theme retires when nothing has joined it for this long; it returns when something does."""
