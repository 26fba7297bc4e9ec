"""What a person says of a case, as orders of the journal; what cannot be meant is refused before anything is written.

In:    a case, and a verb with what it needs.   Out: orders, in the order in which they are to be given.
Raises ``WrongUsage`` for what makes no sense, ``OrderRefused`` for what contradicts an earlier order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import ValidationError

from contracts.commands import (
    AddLabel,
    ConfirmConcern,
    CorrectConcern,
    Correction,
    DismissConcern,
    ReleaseQuarantined,
)
from contracts.errors import OrderRefused, WrongUsage
from contracts.priority import Alert
from contracts.stages import EnrichedItem, Vector
from contracts.steering import (
    ConcernRef,
    JudgeAlert,
    MergeThemes,
    MoveConcern,
    MuteTheme,
    RenameTheme,
    ThemeOrder,
    ThemeRef,
)
from contracts.themes import ThemeRecord
from contracts.unfit import first_unfit
from models.labellers.added import extended
from models.labellers.taxonomy import Taxonomy
from wiring.appending import Given
from wiring.ordering import Scene
from wiring.public import without_personal_data
from wiring.reviewing.case import Case
from wiring.reviewing.classes import Taxonomies
from wiring.views.topics import Records

Verb = Literal["confirm", "correct", "dismiss", "assign", "release", "rename"]
VERBS: tuple[Verb, ...] = get_args(Verb)
ALLOWED: dict[str, tuple[Verb, ...]] = {
    "concern": ("confirm", "correct", "dismiss", "assign"),
    "category": ("confirm", "correct", "dismiss", "assign"),
    "assignment": ("confirm", "correct", "dismiss", "assign"),
    "theme": ("confirm", "rename", "assign", "dismiss"),
    "proposal": ("confirm", "dismiss"),
    "anomaly": ("confirm", "dismiss"),
    "quarantined": ("release",),
}
"""What can be said of each kind of case."""

WHY = "review"
"""The reason of every order that a review gives."""

HOW_TO_ADD = (
    "to add one: undercurrent review add-class NAME --tenant TENANT --description TEXT --area AREA"
    " --example SENTENCE"
)
_IN_THE_FILE = "these are in the taxonomy's file, which UNDERCURRENT_TAXONOMY names; see docs/extraction.md"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a case: ``theme`` (an id) to assign, ``correction`` to correct, ``name`` to rename.

    ``label`` is a category that is to be added first.
    """

    verb: Verb
    correction: Correction | None = None
    theme: str | None = None
    name: str | None = None
    label: AddLabel | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Makes orders of answers; ``scene`` is asked for once somebody names a theme."""

    topics: Records
    taxonomies: Taxonomies
    scene: Callable[[str], Scene]

    def orders(self, case: Case, said: Said) -> list[Given]:
        """The orders that an answer means."""
        if said.verb not in ALLOWED[case.kind]:
            can = ", ".join(ALLOWED[case.kind])
            raise WrongUsage(f"{said.verb} cannot be said of a {case.kind}; say one of: {can}")
        if case.kind in ("theme", "proposal", "anomaly"):
            return [self._of_theme(case, said)]
        match said.verb:
            case "release":
                assert case.held is not None
                return [Given(case.tenant, ReleaseQuarantined(item=case.held.item))]
            case "assign":
                return self._assign(case, said.theme)
            case "confirm":
                if case.kind == "assignment":
                    return self._assign(case, case.theme)
                return [Given(case.tenant, ConfirmConcern(concern_id=case.id, item=self._item(case)))]
            case "dismiss":
                return [Given(case.tenant, DismissConcern(concern_id=case.id, item=self._item(case)))]
            case "correct":
                return self._correct(case, said.correction, said.label)
            case "rename":
                raise AssertionError("only a theme is renamed")

    def _correct(self, case: Case, correction: Correction | None, label: AddLabel | None) -> list[Given]:
        if correction is None:
            raise WrongUsage(
                "say what is to be corrected: category, sublabel, severity, sentiment, a flag or the area"
            )
        item = self._item(case)
        new = [] if label is None else [label]
        check(correction, item.concerns[0].decision.category, extended(self.taxonomies.of(case.tenant), new))
        order = CorrectConcern(concern_id=case.id, item=item, correction=correction)
        return [*(Given(case.tenant, one) for one in new), Given(case.tenant, order)]

    def _of_theme(self, case: Case, said: Said) -> Given:
        """What is said of a theme, a proposal or an alert is an order about themes."""
        scene = self.scene(case.tenant)
        if case.proposal is not None:
            order: ThemeOrder = scene.decision(
                case.proposal, approve=said.verb == "confirm", why=WHY, topics=self.topics
            )
        elif case.alert is not None:
            order = _verdict(case.alert, scene, real=said.verb == "confirm")
        else:
            order = _about_theme(case, said, scene)
        return _accepted(order, scene)

    def _assign(self, case: Case, theme: str | None) -> list[Given]:
        """Into a theme for good; a concern in review is confirmed first."""
        item, scene = self._item(case), self.scene(case.tenant)
        ref = ConcernRef(concern_id=case.id, item_id=item.item_id, vector=_vector(item))
        placed = _accepted(MoveConcern(concern=ref, to=_named(theme, scene), reason=WHY), scene)
        if case.kind != "concern":
            return [placed]
        return [Given(case.tenant, ConfirmConcern(concern_id=case.id, item=item)), placed]

    def item_of(self, concern_id: str) -> EnrichedItem:
        """The item of a concern as it was decided last, with that concern alone. Raises ``WrongUsage``."""
        return item_of(self.topics, concern_id)

    def _item(self, case: Case) -> EnrichedItem:
        return case.item or self.item_of(case.id)


def _accepted(order: ThemeOrder, scene: Scene) -> Given:
    """The order, unless it contradicts an earlier one. Raises ``OrderRefused``."""
    if (why := scene.refusal(order)) is not None:
        raise OrderRefused(f"refused: {why}")
    return Given(scene.tenant, order)


def _about_theme(case: Case, said: Said, scene: Scene) -> ThemeOrder:
    """A theme that is confirmed is called so from here on: the engine merges and splits it no more, but proposes it."""
    theme = scene.root(case.id)
    match said.verb:
        case "assign":
            return MergeThemes(theme=theme, into=_named(said.theme, scene), reason=WHY)
        case "dismiss":
            return MuteTheme(theme=theme, reason=WHY)
    name = said.name if said.verb == "rename" else case.name
    if not name:
        raise WrongUsage("say what the theme is called: undercurrent review rename ID NAME")
    without_personal_data(name=name)
    try:
        return RenameTheme(theme=theme, name=name, reason=WHY)
    except ValidationError as exc:
        raise WrongUsage(first_unfit(exc).told("name")) from None


def _verdict(alert: Alert, scene: Scene, *, real: bool) -> JudgeAlert:
    assert alert.drift_id is not None
    return JudgeAlert(
        alert_id=alert.alert_id,
        detector=alert.detector or "",
        drift_id=alert.drift_id,
        at=alert.event_time,
        theme=None if alert.theme_id is None else scene.root(alert.theme_id),
        real=real,
        reason=WHY,
    )


def _named(theme: str | None, scene: Scene) -> ThemeRef:
    if theme is None:
        raise WrongUsage("say which theme; find one with: undercurrent themes")
    return scene.root(theme)


def _vector(item: EnrichedItem) -> Vector | None:
    return item.concerns[0].vector


def item_of(topics: Records, concern_id: str) -> EnrichedItem:
    """The item of a concern as it was decided last, with that concern alone. Raises ``WrongUsage``."""
    found: EnrichedItem | None = None
    for _place, record in topics.records("enriched"):
        if isinstance(record, EnrichedItem):
            concern = next((one for one in record.concerns if one.concern_id == concern_id), None)
            if concern is not None:
                found = record.model_copy(update={"concerns": (concern,), "retracts": ()})
    if found is None:
        raise WrongUsage(f"no concern {concern_id}; list what waits with: undercurrent review ls")
    return found


def correction_of(told: dict[str, Any]) -> Correction:
    """A correction of what is not None in ``told``. Raises ``WrongUsage``."""
    try:
        return Correction.model_validate({name: value for name, value in told.items() if value is not None})
    except ValidationError as exc:
        raise WrongUsage(first_unfit(exc).told("correction")) from None


def check(correction: Correction, category: str, taxonomy: Taxonomy) -> None:
    """Raises ``WrongUsage`` for a category, sublabel or product area that the taxonomy lacks, with how to add one."""
    name = correction.category or category
    label = taxonomy.label(name)
    if label is None and correction.category is not None:
        raise _lacks("category", name, (one.name for one in taxonomy.labels), HOW_TO_ADD)
    subs = [one.name for one in label.sublabels] if label else []
    if correction.sublabel is not None and correction.sublabel not in subs:
        raise _lacks(f"sublabel of {name}", correction.sublabel, subs)
    areas = [one.name for one in taxonomy.areas]
    if correction.product_area is not None and correction.product_area not in areas:
        raise _lacks("product area", correction.product_area, areas)


def _lacks(what: str, name: str, there: Iterable[str], how: str = _IN_THE_FILE) -> WrongUsage:
    return WrongUsage(f"the taxonomy has no {what} {name!r}; there are {', '.join(there) or 'none'}; {how}")


def themes_about(scene: Scene, words: str, most: int = 9) -> list[ThemeRecord]:
    """Themes whose name, keywords or family have most of these words (or how they begin), the largest among equals."""
    wanted = [word for word in words.lower().split() if word]

    def hits(record: ThemeRecord) -> int:
        told = " ".join((record.label, *record.keywords, record.family or "")).lower().split()
        return sum(any(one.startswith(word) for one in told) for word in wanted)

    alive = [one for one in scene.themes.values() if one.redirect_to is None and one.status == "active"]
    found = sorted(alive, key=lambda one: (-hits(one), -one.concerns, one.theme_id))
    return [one for one in found if hits(one)][:most]
