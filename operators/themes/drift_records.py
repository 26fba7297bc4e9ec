"""How a drift event reads: what its detector measures, why in one sentence, what happened near it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.business import Nearby
from contracts.themes import DriftEvent
from models.drift.seen import Seen
from models.themes.changes import Reran
from operators.calendar import moment
from operators.themes.records import Teller

EXAMPLES = 5
NEARBY = 5
"""Business events named in one drift event, the nearest first."""
_LATER_S = 86_400
"""A business event may be dated ahead of the feedback about it by as much."""

Near = tuple[Nearby, ...]


class _Detector(NamedTuple):
    """What it measures, its sentence, and whether the models' training data may be out of date (E12)."""

    measure: str
    sentence: Callable[[Seen], str]
    retrain: bool = False


DETECTORS: Mapping[str, _Detector] = {
    "adwin_similarity": _Detector(
        "mean similarity of the concerns that come nearest to the theme",
        lambda s: (
            f"concerns lie further from the theme: similarity {s.after:.2f} over the latest {s.after_n}, "
            f"{s.before:.2f} before"
        ),
    ),
    "floor_similarity": _Detector(
        "running mean similarity of joining concerns",
        lambda s: f"concerns barely join: their similarity sank to {s.after:.2f}",
    ),
    "wording": _Detector(
        "squared distance of the latest concerns' mean from the one before, in squared standard errors",
        lambda s: (
            f"the words have changed: the latest concerns lie {s.after:.0f} times as far off as chance puts them"
        ),
    ),
    "label_mix": _Detector(
        "Jensen-Shannon divergence of categories and sentiments, in bits",
        lambda s: (
            f"categories or sentiments are mixed differently: {s.after:.2f} bits over {s.after_n} concerns"
        ),
        retrain=True,
    ),
    "burst_hour": _Detector(
        "people in the running hour, against what is expected of this hour of the week",
        lambda s: f"{s.after:.0f} people in an hour that has {s.before:.2g}; by chance p = {s.p:.1g}",
    ),
    "burst_day": _Detector(
        "people in the running day, against what is expected of this weekday",
        lambda s: f"{s.after:.0f} people in a day that has {s.before:.2g}; by chance p = {s.p:.1g}",
    ),
    "background": _Detector(
        "squared distance of the tenant's latest mean from the one before, in squared standard errors",
        lambda s: f"the tenant's feedback as a whole is about something else: {s.after:.0f} times chance",
        retrain=True,
    ),
    "unassigned": _Detector(
        "share of concerns that find no theme when they come",
        lambda s: (
            f"{100 * s.after:.0f} % of the latest {s.after_n} concerns found no theme, {100 * s.before:.0f} % before"
        ),
    ),
    "low_confidence": _Detector(
        "mean confidence of labels",
        lambda s: f"labels are less sure: {s.after:.2f} over the latest {s.after_n}, {s.before:.2f} before",
        retrain=True,
    ),
    "new_family": _Detector(
        "founding concerns within the latest `after_n` of the tenant",
        lambda s: f"{s.after:.0f} concerns of a new kind among the latest {s.after_n}, none like them before",
        retrain=True,
    ),
    "newcomers": _Detector(
        "concerns, of those nearest to one, among the latest `after_n` that are held",
        lambda s: (
            f"{s.after:.0f} of the concerns most like the first example are among the latest {s.after_n}, where "
            f"{s.before:.2g} are usual: something is being said that was not said before"
        ),
        retrain=True,
    ),
    "births": _Detector(
        "themes born in a block of concerns",
        lambda s: f"{s.after:.0f} themes were born of {s.after_n} concerns, {s.before:.1f} are usual",
        retrain=True,
    ),
    "quality": _Detector(
        "mean silhouette of the latest concerns, 0 for one without a theme (-1 to 1)",
        lambda s: (
            f"themes hold together and apart less well than is usual here: silhouette {s.after:.3f} over the latest "
            f"{s.after_n} concerns, {s.before:.3f} before; births are tried again at lower bars"
        ),
    ),
    "rerun": _Detector(
        "mean silhouette of the latest concerns, without and with what the re-run of a pass would change",
        lambda s: (
            f"a pass was run again, since themes got worse: silhouette {s.before:.3f}, then {s.after:.3f}"
        ),
    ),
}
"""Every detector by its name in a ``DriftEvent``."""


def drift_record(
    tell: Teller, detector: str, seen: Seen, examples: Sequence[str], theme: str | None, near: Near
) -> DriftEvent:
    """What a detector saw, with examples."""
    about = DETECTORS[detector]
    return tell.drift(
        detector=detector,
        theme_id=theme,
        before=seen.before,
        after=seen.after,
        before_n=seen.before_n,
        after_n=seen.after_n,
        p=seen.p,
        examples=tuple(examples[:EXAMPLES]),
        measure=about.measure,
        reason=about.sentence(seen),
        near=near,
        retrain=about.retrain,
    )


def rebuilt_record(tell: Teller, count: int) -> DriftEvent:
    """Detectors that were lost, or that another version of River wrote, had to start anew."""
    return tell.drift(
        detector="warm_up",
        before=0.0,
        after=float(count),
        measure="detectors that start anew",
        reason=f"the state of {count} detectors was lost or is of another version; they are silent while they learn",
        warming=True,
    )


def reran_records(tell: Teller, change: Reran, near: Near) -> Iterator[DriftEvent]:
    """Themes were worse than is usual, and what trying again at lower bars did about it."""
    fell = Seen(change.usual / 1000, change.fell_to / 1000, 0, change.judged)
    yield drift_record(tell, "quality", fell, change.concerns, None, near)
    again = Seen(change.before / 1000, change.after / 1000, change.judged, change.judged)
    tried = ", no bar that was tried makes it better: themes stay as they were"
    if change.share is not None:
        tried = f" with {change.themes} themes born at {100 * change.share:.0f} % of the bar: kept"
    event = drift_record(tell, "rerun", again, change.concerns, None, ())
    yield event.model_copy(update={"reason": f"{event.reason}{tried}"})


def near_of(rows: Mapping[str, list[Any]], now_s: int, within_s: int) -> Near:
    """The business events near a time, from rows ``[order, event, name, at_s, url]`` by journal id."""
    near = [(key, row) for key, row in rows.items() if -within_s <= row[3] - now_s <= _LATER_S]
    near.sort(key=lambda one: (abs(one[1][3] - now_s), one[1][0]))
    return tuple(
        Nearby(id=key, event=event, name=name, at=moment(at_s), url=url)
        for key, (_, event, name, at_s, url) in near[:NEARBY]
    )
