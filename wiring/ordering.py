"""What orders about themes need to know of a run: where everything is, what people ordered before, what is proposed.

In:    the topic ``assignments`` of a data directory or of Kafka, read once, and ``enriched`` for vectors.
Out:   a ``Scene`` of one tenant: names anchors, finds concerns, and says at the door what the stage would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.commands import Command
from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.stages import Assignment, EnrichedItem, Vector
from contracts.steering import ConcernRef, DecideProposal, Steering, ThemeOrder, ThemeRef
from contracts.themes import ThemeEvent, ThemeOrdered, ThemeRecord
from models.themes.constraints import By, Constraints
from models.themes.noting import note
from models.themes.objections import objection
from models.themes.redirects import chain
from operators.themes.arrivals import group_of
from wiring.views.topics import Records

ANCHORED = 9
"""Anchors that an order is given, where the theme has so many: best members first, then by id."""


@dataclass(slots=True)
class Scene:
    """One tenant's concerns and themes as they are now; a ``models.themes.places.Places``."""

    tenant: str
    placed: dict[str, Assignment] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    themes: dict[str, ThemeRecord] = field(default_factory=dict)
    redirects: dict[str, str | None] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    told: dict[str, list[ThemeEvent | ThemeOrdered]] = field(default_factory=dict)
    proposals: dict[str, ThemeOrdered] = field(default_factory=dict)

    def take(self, record: Envelope) -> None:
        """Take one record of ``assignments`` into account."""
        match record:
            case Assignment(change="retracted"):
                self.placed.pop(record.concern_id, None)
            case Assignment():
                self.placed[record.concern_id] = record
                if record.about is not None:
                    self.languages[record.concern_id] = group_of(record.about.language)
            case ThemeRecord():
                self.themes[record.theme_id] = record
                self.redirects[record.theme_id] = record.redirect_to
            case Command(order=Steering()):
                self.commands[record.id] = record
            case ThemeOrdered(event="proposed"):
                self.proposals[record.id] = record
            case ThemeEvent() | ThemeOrdered() if record.order_id is not None:
                self.told.setdefault(record.order_id, []).append(record)

    # -- where everything is ---------------------------------------------------------------------------

    def theme_of(self, concern_id: str) -> str | None:
        """See ``Places``."""
        origin = self.origin_of(concern_id)
        return None if origin is None else self.resolve(origin)

    def origin_of(self, concern_id: str) -> str | None:
        """See ``Places``."""
        last = self.placed.get(concern_id)
        return None if last is None else last.theme

    def knows(self, concern_id: str) -> bool:
        """See ``Places``."""
        return concern_id in self.placed

    def has_theme(self, theme_id: str) -> bool:
        """See ``Places``."""
        return theme_id in self.themes

    def chain(self, theme_id: str) -> tuple[str, ...]:
        """See ``Places``."""
        return chain(theme_id, self.redirects.get)

    def resolve(self, theme_id: str) -> str:
        """See ``Places``."""
        return self.chain(theme_id)[-1]

    def group_of(self, theme_id: str) -> str | None:
        """See ``Places``."""
        record = self.themes.get(theme_id)
        return None if record is None else record.language

    def speaks(self, concern_id: str) -> str | None:
        """See ``Places``."""
        return self.languages.get(concern_id)

    # -- what an order names ---------------------------------------------------------------------------

    def theme(self, told: str) -> str:
        """The theme of this id, or of the only id that begins so. Raises ``WrongUsage``."""
        found = [told] if told in self.themes else [theme for theme in self.themes if theme.startswith(told)]
        if len(found) != 1:
            what = "several themes begin so" if found else "no such theme"
            raise WrongUsage(f"{told}: {what}; list them with: undercurrent themes --json")
        return found[0]

    def root(self, told: str) -> ThemeRef:
        """A theme, through merges, with its anchors."""
        theme = self.resolve(self.theme(told))
        inside = [name for name in self.placed if self.theme_of(name) == theme]
        return ThemeRef(theme_id=theme, anchors=self._anchors(theme, inside))

    def origin(self, told: str) -> tuple[ThemeRef, ThemeRef]:
        """A theme that was merged away and what it is read as, each with anchors of its own."""
        theme = self.theme(told)
        root = self.resolve(theme)
        if root == theme:
            raise WrongUsage(
                f"theme {theme} is not merged into another; see: undercurrent themes history {told}"
            )
        own = [name for name in self.placed if theme in self.chain(self.origin_of(name) or "")]
        others = [name for name in self.placed if self.theme_of(name) == root and name not in set(own)]
        rest = ThemeRef(theme_id=root, anchors=self._anchors(root, others))
        return ThemeRef(theme_id=theme, anchors=self._anchors(theme, own)), rest

    def _anchors(self, theme: str, inside: Iterable[str]) -> tuple[str, ...]:
        members = set(inside)
        best = [one for one in self.themes[theme].representatives if one in members]
        return tuple([*best, *sorted(members - set(best))][:ANCHORED])

    def concerns(self, told: Iterable[str], topics: Records) -> tuple[ConcernRef, ...]:
        """Concerns with their items and vectors. Raises ``WrongUsage`` for one that nobody knows."""
        names = list(dict.fromkeys(told))
        for name in names:
            if name not in self.placed:
                raise WrongUsage(f"no concern {name}; find some with: undercurrent similar TEXT --json")
        vectors = dict(_vectors(topics, set(names)))
        return tuple(
            ConcernRef(concern_id=name, item_id=self.placed[name].item_id, vector=vectors.get(name))
            for name in names
        )

    # -- what holds ------------------------------------------------------------------------------------

    def constraints(self) -> Constraints:
        """What all orders that were obeyed ask for together."""
        found = Constraints()
        for order_id, events in self.told.items():
            command = self.commands.get(order_id)
            if command is None or any(event.event in ("refused", "unresolved") for event in events):
                continue
            order = command.order
            assert isinstance(order, Steering)
            by = By(order_id, order.verb, command.author)
            made = next((event.other_theme for event in events if event.event == "split"), None)
            note(_as_done(order, events), by, found, self, made)
        return found

    def refusal(self, order: ThemeOrder) -> str | None:
        """Why the stage would refuse an order, None if it would not."""
        return objection(order, self.constraints(), self)

    def open_proposals(self) -> list[ThemeOrdered]:
        """Proposals that nobody has decided, and whose themes are still what they were; oldest first."""
        decided = {
            command.order.proposal for command in self.commands.values() if hasattr(command.order, "proposal")
        }
        return [
            one
            for one in self.proposals.values()
            if one.id not in decided
            and all(
                theme is None or self.resolve(theme) == theme for theme in (one.theme_id, one.other_theme)
            )
        ]

    def decision(self, proposal: ThemeOrdered, *, approve: bool, why: str, topics: Records) -> DecideProposal:
        """The order that lets a proposal be done, or never."""
        assert proposal.theme_id is not None
        assert proposal.act is not None
        return DecideProposal(
            proposal=proposal.id,
            approve=approve,
            act=proposal.act,
            theme=self.root(proposal.theme_id),
            other=self.root(proposal.other_theme) if proposal.other_theme else None,
            examples=self.concerns(proposal.evidence, topics) if proposal.act == "split" else (),
            reason=why,
        )

    def unresolved(self) -> list[ThemeOrdered]:
        """Orders that wait for a person, because nobody can tell which theme is meant."""
        events = (event for told in self.told.values() for event in told)
        return [one for one in events if isinstance(one, ThemeOrdered) and one.event == "unresolved"]


def _as_done(order: Any, events: Iterable[ThemeEvent | ThemeOrdered]) -> Any:
    """The order with the ids that the ledger says its themes had."""
    first = next(iter(events))
    named: dict[str, Any] = {}
    for name, theme in (
        ("theme", first.theme_id),
        ("into", first.other_theme),
        ("out_of", first.other_theme),
    ):
        ref = getattr(order, name, None)
        if isinstance(ref, ThemeRef) and theme and getattr(order, "theme", None) is not None:
            named[name] = ref.model_copy(update={"theme_id": theme})
    return order.model_copy(update=named)


def _vectors(topics: Records, names: set[str]) -> Iterator[tuple[str, Vector]]:
    if not names:
        return
    for _, record in topics.records("enriched"):
        if isinstance(record, EnrichedItem):
            for concern in record.concerns:
                if concern.concern_id in names and concern.vector is not None:
                    yield concern.concern_id, concern.vector


def scene_of(topics: Records, tenant: str | None) -> Scene:
    """The scene of a tenant, the only one if none is named. Raises ``WrongUsage``."""
    scenes: dict[str, Scene] = {}
    for _, record in topics.records("assignments"):
        if record.tenant != "*":
            scenes.setdefault(record.tenant, Scene(record.tenant)).take(record)
    if tenant is None and len(scenes) > 1:
        raise WrongUsage(f"several tenants are here; name one of: {', '.join(sorted(scenes))}")
    found = scenes.get(tenant) if tenant is not None else next(iter(scenes.values()), None)
    if found is None:
        raise WrongUsage(f"nothing of tenant {tenant} is here" if tenant else "there are no themes yet")
    return found
