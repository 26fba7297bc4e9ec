"""People who steer: orders drawn at random, and a checker that knows what each of them promised.

The checker asks an engine only where concerns and themes are; it does not look at its constraints.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.steering import (
    ConcernRef,
    LinkConcerns,
    MergeThemes,
    MoveConcern,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SplitTheme,
    ThemeOrder,
    ThemeRef,
    UnmergeTheme,
)
from models.themes.changes import Born, Change, Merged, Ordered, Retired, Unmerged
from models.themes.engine import ThemeEngine

WHY = "a person says so"


def ref(theme: str, members: Sequence[str]) -> ThemeRef:
    """A theme with up to nine of its members as anchors."""
    return ThemeRef(theme_id=theme, anchors=tuple(members[:9]))


def concern(name: str) -> ConcernRef:
    """A concern without its vector."""
    return ConcernRef(concern_id=name, item_id=name)


@dataclass
class People:
    """Draws orders about the themes as they are; the same draws for the same engine."""

    draw: random.Random
    merged: list[tuple[str, str, list[str]]] = field(default_factory=list)

    def order(self, members: Mapping[str, Sequence[str]], waiting: Sequence[str]) -> ThemeOrder | None:
        """The next order; ``members`` are the concerns of each theme."""
        themes = sorted(theme for theme, names in members.items() if len(names) >= 3)
        if len(themes) < 3:
            return None
        one, other, third = (ref(theme, members[theme]) for theme in self.draw.sample(themes, 3))
        names = [self.draw.choice(members[theme.theme_id]) for theme in (one, other, third)]
        if waiting and self.draw.random() < 0.3:
            names[0] = self.draw.choice(waiting)
        twice = self.draw.sample(list(members[one.theme_id]), 2)
        match self.draw.choice(_KINDS):
            case "must":
                return LinkConcerns(reason=WHY, together=True, concerns=tuple(map(concern, names[:2])))
            case "cannot":
                far = self.draw.random() < 0.5
                return LinkConcerns(
                    reason=WHY, together=False, concerns=tuple(map(concern, names if far else twice))
                )
            case "move":
                return MoveConcern(reason=WHY, concern=concern(names[0]), to=other)
            case "out":
                return MoveConcern(reason=WHY, concern=concern(twice[0]), out_of=one)
            case "pin":
                return PinTheme(reason=WHY, theme=one)
            case "mute":
                return MuteTheme(reason=WHY, theme=one)
            case "name":
                return RenameTheme(reason=WHY, theme=one, name=f"name {len(names)}")
            case "merge":
                self.merged.append((one.theme_id, other.theme_id, list(one.anchors)))
                return MergeThemes(reason=WHY, theme=one, into=other)
            case "split":
                return SplitTheme(reason=WHY, theme=one, examples=tuple(map(concern, twice)))
        if not self.merged:
            return None
        gone, into, anchors = self.merged.pop(self.draw.randrange(len(self.merged)))
        rest = next((t for t in themes if t == into), other.theme_id)
        return UnmergeTheme(reason=WHY, theme=ref(gone, anchors), out_of=ref(rest, members[rest]))


_KINDS = (
    ["must"] * 5 + ["cannot"] * 5 + ["move"] * 5 + ["out"] * 2
    + ["pin", "mute", "name", "merge", "merge", "unmerge", "split"]
)  # fmt: skip


@dataclass
class Promises:
    """What the orders that were taken promise of one engine; ``broken`` says what does not hold now."""

    engine: ThemeEngine
    together: dict[int, tuple[str, ...]] = field(default_factory=dict)
    never: dict[int, tuple[str, ...]] = field(default_factory=dict)
    put: dict[str, str] = field(default_factory=dict)
    out: set[tuple[str, str]] = field(default_factory=set)
    pinned: set[str] = field(default_factory=set)
    one: set[tuple[str, str]] = field(default_factory=set)
    two: set[tuple[str, str]] = field(default_factory=set)
    refused: list[Ordered] = field(default_factory=list)
    unresolved: list[Ordered] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)

    def take(self, number: int, order: ThemeOrder, changes: Sequence[Change]) -> bool:
        """An order was given and this came of it; whether it was taken."""
        said = [change for change in changes if isinstance(change, Ordered)]
        self.refused += [one for one in said if one.event == "refused"]
        self.unresolved += [one for one in said if one.event == "unresolved"]
        if any(one.event in ("refused", "unresolved") for one in said):
            return False
        for change in changes:
            if isinstance(change, Merged):
                self.two = {pair for pair in self.two if self._roots(pair) != {change.into_theme}}
                self.one.add((change.from_theme, change.into_theme))
            elif isinstance(change, Unmerged):
                self.one = {pair for pair in self.one if change.theme_id != pair[0]}
                self.two.add((change.theme_id, change.from_theme))
        self._promise(number, order, said)
        return True

    def _promise(self, number: int, order: ThemeOrder, said: Sequence[Ordered]) -> None:
        match order:
            case LinkConcerns(together=together, concerns=concerns):
                names = tuple(one.concern_id for one in concerns)
                (self.together if together else self.never)[number] = names
            case MoveConcern(concern=moved, to=to):
                theme = said[0].theme_id
                if to is None:
                    self._forget(moved.concern_id)
                    self.out.add((moved.concern_id, theme))
                else:
                    unit = self._unit(moved.concern_id)
                    self.out = {p for p in self.out if p[0] not in unit or self.engine.resolve(p[1]) != theme}
                    self._place(moved.concern_id, theme)
            case SplitTheme(examples=examples):
                made = next(one.other_theme for one in said if one.event == "split")
                assert made is not None
                for one in examples:
                    self._place(one.concern_id, made)
            case PinTheme():
                self.pinned.add(said[0].theme_id)
        for event in said:
            if event.event == "split" and event.other_theme:
                self.two.add((event.theme_id, event.other_theme))
            if event.event == "kept_apart" and event.other_theme:
                self.two.add((event.theme_id, event.other_theme))

    def _place(self, name: str, theme: str) -> None:
        """The last word about where a concern is, and what is linked to it with it, counts."""
        self._forget(name)
        self.put[name] = theme

    def _forget(self, name: str) -> None:
        for one in self._unit(name):
            self.put.pop(one, None)

    def broken(self, changes: Sequence[Change] = ()) -> Iterator[str]:
        """Every promise that does not hold after ``changes``."""
        of = self.engine.theme_of
        for change in changes:
            if isinstance(change, Retired) and change.theme_id in self.pinned:
                yield f"pinned theme {change.theme_id} retired"
        for names in self.together.values():
            if len({of(name) for name in names if self.engine.knows(name)}) > 1:
                yield f"linked concerns {names} are in {[of(name) for name in names]}"
        for names in self.never.values():
            themes = [theme for name in names if (theme := of(name)) is not None]
            if len(set(themes)) < len(themes):
                yield f"concerns {names} share a theme"
        for name, theme in self.put.items():
            if self.engine.knows(name) and of(name) != self.engine.resolve(theme):
                yield f"concern {name} left {theme} for {of(name)}"
        for name, theme in self.out:
            if of(name) == self.engine.resolve(theme):
                yield f"concern {name} is back in {theme}"
        yield from self._themes()

    def _themes(self) -> Iterator[str]:
        for theme in self.pinned:
            if self.engine.resolve(theme) != theme:
                yield f"pinned theme {theme} was merged away"
        for pair in self.one:
            if len(self._roots(pair)) == 2:
                yield f"themes {pair} are two"
        for pair in self.two:
            if len(self._roots(pair)) == 1:
                yield f"themes {pair} are one"

    def _roots(self, pair: tuple[str, str]) -> set[str]:
        return {self.engine.resolve(theme) for theme in pair}

    def _unit(self, name: str) -> set[str]:
        unit, size = {name}, 0
        while len(unit) > size:
            size = len(unit)
            for names in self.together.values():
                if unit & set(names):
                    unit |= set(names)
        return unit


def members_of(engine: ThemeEngine, names: Sequence[str]) -> dict[str, list[str]]:
    """The concerns of each theme, in the order given."""
    found: dict[str, list[str]] = {}
    for name in names:
        theme = engine.theme_of(name)
        if theme is not None:
            found.setdefault(theme, []).append(name)
    return found


def is_born(changes: Sequence[Change]) -> bool:
    """Whether a theme was born."""
    return any(isinstance(change, Born) for change in changes)
