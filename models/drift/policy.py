"""What is configured about drift: one setting for every tenant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """Bounds of the detectors; measured with ``undercurrent eval drift`` (``docs/drift.md``)."""

    least: int = 30
    """Concerns of a theme before its similarity and wording are watched."""
    delta: float = 0.002
    """ADWIN's confidence for means of similarities …"""
    scale: int = 3
    """… which are multiplied by this: ADWIN's bound is for numbers that fill 0 to 1, similarities of a theme do not."""
    tenant_delta: float = 1e-5
    """ADWIN's confidence for the tenant's share without a theme and for its confidence."""
    floor: int = 560
    """A theme's latest similarities below this, in thousandths, …"""
    floor_from: int = 640
    """… after they had been above this."""
    wording: float = 8.0
    """Squared distance of a theme's latest concerns from those before, in squared standard errors; 1 is chance."""
    background: float = 12.0
    """The same of all of a tenant's concerns."""
    mix_p: float = 1e-7
    """Chance of a mix of labels that differs by more, …"""
    mix_bits: float = 0.10
    """… and the Jensen-Shannon divergence that it has to reach."""
    burst_p: float = 1e-7
    """Chance of a count in an hour or day."""
    burst_least: int = 5
    """People that a burst needs in an hour, and twice as many in a day."""
    quiet_h: int = 24
    """Hours without a burst before the next one is told."""
    family_p: float = 1e-8
    """Chance that most of a new theme's concerns came as lately as they did: a young theme's later ones always do."""
    births_p: float = 3e-5
    """Chance that births come so often."""
    newcomer_p: float = 1e-4
    """Chance that so many of the concerns nearest to one came as lately as they did; several have to be so unlikely."""
    suspect_p: float = 3e-3
    """At this chance the late ones of them are held against those nearest to them, too."""
    look_every: int = 3
    """One concern in so many is held against those nearest to it."""
    settled: int = 1000
    """Concerns of a tenant before it is watched."""
    quorum: int = 5
    """People whom low confidence has to come from."""
    unsure: int = 600
    """Confidence below this, in thousandths, is low."""
    near_s: int = 7 * 86_400
    """Business events so long before a drift event are named in it."""
