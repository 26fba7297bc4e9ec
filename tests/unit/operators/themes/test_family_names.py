"""The families of a tenant's themes: told with the themes, named by keywords, the same after a restart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from connectors.keys.vault import LocalVault
from models.themes.answers import GroupThemes
from models.themes.grid import ONE, Units, on_grid
from models.themes.keywords import ThemeTerms
from operators.themes.families import Families
from operators.themes.profiles import Profiles
from operators.themes.vocabulary import PEOPLE, Vocabulary

NAMES = [f"t{n}" for n in range(6)]
WORDS = (("invoice", "refund"), ("export", "csv"))


class Engine:
    """Six themes around two centres; passes happen when told."""

    in_pass = False
    last_pass = 1

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        centres = rng.normal(size=(2, 64))
        rows = np.stack([centres[n % 2] + 0.8 * rng.normal(size=64) for n in range(6)])
        self.units: Units = on_grid(np.rint(rows * 10_000))
        self.living = list(range(6))

    def groups(self) -> list[GroupThemes]:
        ids = [NAMES[n] for n in self.living]
        return [GroupThemes(ids, self.units[self.living], [20] * len(ids), int(0.5 * ONE))]

    def ordinal(self, theme_id: str) -> int:
        return NAMES.index(theme_id)


class Tenant:
    """Themes with words, as many people as it takes."""

    def __init__(self, directory: Path) -> None:
        self.engine = Engine()
        self.profiles, self.terms = Profiles(), ThemeTerms()
        self.vocabulary = Vocabulary("acme", LocalVault(directory / "keys"))
        for n, name in enumerate(NAMES):
            self.profiles.open(name, "en", 0)
            for person in range(PEOPLE + 1):
                self.terms.add(name, self.vocabulary.learn(WORDS[n % 2], f"{person}-{n}"))
        self.families = Families("acme", self.profiles, self.terms, self.vocabulary)
        list(self.profiles.changed_roots())

    def follow(self) -> list[str]:
        """A pass, and which themes have news of it."""
        self.engine.last_pass += 1
        self.families.follow(self.engine)  # type: ignore[arg-type]
        return list(self.profiles.changed_roots())

    def of(self, n: int) -> tuple[str | None, str | None]:
        return self.families.of(self.profiles.table[NAMES[n]])


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return Tenant(tmp_path)


def test_themes_get_a_family_with_a_name_after_a_pass(tenant: Tenant) -> None:
    assert tenant.of(0) == (None, None)
    assert tenant.follow() == NAMES
    assert len({tenant.of(n) for n in (0, 2, 4)}) == len({tenant.of(n) for n in (1, 3, 5)}) == 1
    assert tenant.of(0) != tenant.of(1)
    assert set((tenant.of(0)[1] or "").split(" · ")) == {"invoice", "refund"}


def test_nothing_is_news_when_nothing_has_changed(tenant: Tenant) -> None:
    tenant.follow()
    assert tenant.follow() == []
    tenant.families.follow(tenant.engine)  # type: ignore[arg-type]
    assert list(tenant.profiles.changed_roots()) == []


def test_a_family_keeps_its_id_when_its_founder_is_gone(tenant: Tenant) -> None:
    tenant.follow()
    before = tenant.of(2)
    tenant.engine.living = [1, 2, 3, 4, 5]
    tenant.follow()
    assert tenant.of(2) == before


def test_a_family_that_fell_apart_is_the_same_when_it_is_back(tenant: Tenant) -> None:
    tenant.follow()
    before = tenant.of(0)
    tenant.engine.living = [0, 1, 3, 5]
    assert tenant.follow() == ["t0"]
    assert tenant.of(0) == (None, None)
    tenant.engine.living = list(range(6))
    tenant.follow()
    assert tenant.of(0) == tenant.of(4) == before


def test_while_a_pass_is_in_progress_nothing_is_looked_at(tenant: Tenant) -> None:
    tenant.engine.in_pass = True
    assert tenant.follow() == []


def test_what_is_stored_goes_on_alike(tenant: Tenant, tmp_path: Path) -> None:
    tenant.follow()
    again = Tenant(tmp_path / "again")
    for key, row in tenant.families.table.drain():
        again.families.table.load(key, row)
    for key, row in tenant.profiles.table.drain():
        again.profiles.table.load(key, row)
    again.profiles.finish_load()
    again.families.restore_small(tenant.families.small_state())
    again.engine.last_pass = tenant.engine.last_pass
    assert again.follow() == tenant.follow() == []
    assert [again.of(n) for n in range(6)] == [tenant.of(n) for n in range(6)]
