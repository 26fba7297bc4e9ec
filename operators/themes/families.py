"""The families that themes are in: ids that stay, and keyword names that change only with the content.

In: the engine's centroids after each pass.   Out: ``Profile.parent``, and a mark on every theme of which that is news.
State: a row for each family; how far the last look went. Elsewhere: what makes a family (``models.themes.families``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from models.themes.answers import Answers, GroupThemes
from models.themes.families import LOOKED_AT, NONE, regroup
from models.themes.grid import Ints
from models.themes.keywords import ThemeTerms
from models.themes.wording import is_as_good, words_of
from operators.state import Table
from operators.themes.names import CANDIDATES, STAYS, TELLING, Wording, doublings
from operators.themes.profiles import Profile, Profiles
from operators.themes.vocabulary import Vocabulary

_NAMESPACE: UUID = uuid5(NAMESPACE_URL, "undercurrent:family")

NAMED_BY = 30
"""Themes, the largest of a family, whose terms make its name."""

GROWN = 0.25
"""A family's terms are looked at again once its concerns have changed by this share, or its number of themes."""


@dataclass(slots=True)
class Family:
    """What a family is called; ``telling`` are the terms that told it apart when it was named, at so many concerns."""

    label: list[str] = field(default_factory=list)
    telling: list[int] = field(default_factory=list)
    themes: int = 0
    concerns: int = 0


def _encode(family: Family) -> list[Any]:
    return [list(family.label), list(family.telling), family.themes, family.concerns]


class Families:
    """The families of one tenant's themes; ``table`` is the bulk state."""

    def __init__(self, tenant: str, profiles: Profiles, terms: ThemeTerms, vocabulary: Vocabulary) -> None:
        self.table: Table[Family] = Table(_encode, lambda row: Family(*row))
        self._tenant = tenant
        self._profiles = profiles
        self._terms = terms
        self._wording = Wording(terms, vocabulary)
        self._looked_at = 0
        self._turn = 0

    def of(self, profile: Profile) -> tuple[str | None, str | None]:
        """The family of a theme and its keyword name; that is None while its words are not those of enough people."""
        row = self.table.get(profile.parent) if profile.parent is not None else None
        if row is None or profile.redirect is not None:
            return None, None
        return profile.parent, " · ".join(row.label) or None

    def follow(self, engine: Answers) -> None:
        """Look at the themes again, once after each pass."""
        if engine.last_pass == self._looked_at or engine.in_pass:
            return
        self._looked_at = engine.last_pass
        for group in engine.groups():
            self._regroup(group, engine)
        self._turn += 1

    def _regroup(self, group: GroupThemes, engine: Answers) -> None:
        before = [self._profiles.table[theme].parent for theme in group.theme_ids]
        known = sorted({family for family in before if family is not None})
        number = {family: place for place, family in enumerate(known)}
        own = np.array([NONE if family is None else number[family] for family in before], np.int64)
        found = regroup(group.units, own, len(known), group.threshold, self._rows(own))
        members: dict[int, list[int]] = {}
        for row, family in enumerate(found.tolist()):
            members.setdefault(family, []).append(row)
        ids: dict[int, str | None] = {NONE: None, **dict(enumerate(known))}
        for family in sorted(family for family in members if family >= len(known)):
            ids[family] = self._founded([group.theme_ids[row] for row in members[family]], engine)
        for family, rows in members.items():
            for row in rows:
                if before[row] != ids[family]:
                    self._profiles.table[group.theme_ids[row]].parent = ids[family]
                    self._profiles.touch(group.theme_ids[row])
        for family in sorted(family for family in members if family != NONE):
            self._name(str(ids[family]), group, members[family])
        for family in sorted(set(known) - {ids[number] for number in members}):
            self.table.drop(str(family))

    def _rows(self, own: Ints) -> Ints:
        """Those without a family first, then the others in turn."""
        alone, inside = np.flatnonzero(own == NONE), np.flatnonzero(own != NONE)
        least = LOOKED_AT // 2
        share = max(least, LOOKED_AT - len(alone))
        start = self._turn * share % max(len(inside), 1)
        chosen = np.roll(inside, -start)[:share]
        late = np.roll(alone, -(self._turn * least % max(len(alone), 1)))[: LOOKED_AT - len(chosen)]
        return np.sort(np.concatenate([late, chosen]))

    def _founded(self, themes: Sequence[str], engine: Answers) -> str:
        """The id of a new family: named after the oldest of its themes that gives no other family its name."""
        oldest = sorted(themes, key=engine.ordinal)
        ids = [str(uuid5(_NAMESPACE, f"{self._tenant}\x1f{theme}")) for theme in oldest]
        fallback = str(uuid5(_NAMESPACE, "\x1f".join([self._tenant, *oldest])))
        name = next((one for one in ids if one not in self.table), fallback)
        self.table.put(name, Family())
        return name

    def _name(self, name: str, group: GroupThemes, rows: Sequence[int]) -> None:
        """Look at the words of a family, if it is another one than when it was named."""
        if name not in self.table:  # a theme that had retired came back to what nobody else was in any more
            self.table.put(name, Family())
        family, concerns = self.table[name], sum(group.sizes[row] for row in rows)
        grown = abs(concerns - family.concerns) > GROWN * family.concerns
        if family.label and len(rows) == family.themes and not grown:
            return
        due = doublings(concerns) > doublings(family.concerns)
        family.themes, family.concerns = len(rows), concerns
        self.table.touch(name)
        largest = sorted(rows, key=lambda row: (-group.sizes[row], row))[:NAMED_BY]
        parts = [part for row in largest for part in self._profiles.family(group.theme_ids[row])]
        best = self._terms.label(parts, CANDIDATES)
        moved = len(set(family.telling) & set(best)) < STAYS * len(family.telling)
        if family.label and not moved and not due:
            return
        words = words_of(self._wording.told(parts, best))
        if not words:
            return
        family.telling = list(best[:TELLING])
        if words != family.label and (moved or not is_as_good(family.label, words)):
            family.label = words
            for row in rows:
                self._profiles.touch(group.theme_ids[row])

    def small_state(self) -> list[int]:
        """How far the last look went."""
        return [self._looked_at, self._turn]

    def restore_small(self, small: Sequence[int]) -> None:
        """Take up ``small_state``."""
        self._looked_at, self._turn = small
