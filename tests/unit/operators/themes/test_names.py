"""What a theme is called: another name only for another content, and a person's for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.keys.vault import LocalVault
from models.themes.keywords import ThemeTerms
from operators.themes.names import MODEL, PERSON, Names, Renaming, name_of
from operators.themes.profiles import Profile, Profiles
from operators.themes.vocabulary import PEOPLE, Vocabulary

BILLING = ["invoice", "refund", "charge", "card", "statement", "vat", "receipt", "payment"]
OUTAGE = [
    "offline",
    "outage",
    "login",
    "server",
    "timeout",
    "gateway",
    "region",
    "status",
    "page",
    "error",
    "retry",
    "queue",
]


class Theme:
    """A theme ``t`` beside another one, with texts of given words."""

    def __init__(self, directory: Path) -> None:
        self.profiles, self.terms = Profiles(), ThemeTerms()
        self.vocabulary = Vocabulary("acme", LocalVault(directory / "keys"))
        self.names = Names(self.profiles, self.terms, self.vocabulary)
        self.profile: Profile = self.profiles.open("t", "en", 0)
        self.concerns = 0
        self.say(["rain", "sun"], 20, "other")

    def say(self, words: list[str], times: int, theme: str = "t") -> None:
        for n in range(times):
            self.terms.add(theme, self.vocabulary.learn(words, f"person-{n % (PEOPLE + 2)}"))
        self.concerns += times if theme == "t" else 0

    def look(self) -> Renaming | None:
        return self.names.refresh("t", ["t"], self.concerns)

    @property
    def name(self) -> str:
        return name_of("t", self.profile)


@pytest.fixture
def theme(tmp_path: Path) -> Theme:
    made = Theme(tmp_path)
    made.say(BILLING, 10)
    assert made.look() is None
    return made


def test_the_first_name_is_no_renaming(theme: Theme) -> None:
    assert set(theme.name.split(" · ")) <= set(BILLING)
    assert theme.profile.content == 0


def test_a_theme_that_only_grows_keeps_its_name(theme: Theme) -> None:
    before = theme.name
    for _ in range(6):
        theme.say(list(reversed(BILLING)), 20)
        theme.say(OUTAGE[:2], 15)
        assert theme.look() is None
    assert (theme.name, theme.profile.content) == (before, 0)


def test_a_theme_that_is_about_something_else_is_renamed_and_says_why(theme: Theme) -> None:
    before = theme.name
    theme.say(OUTAGE, 200)
    renaming = theme.look()
    assert renaming is not None
    assert (renaming.before, renaming.now) == (before, theme.name)
    assert "(10 concerns then, 210 now)" in renaming.why
    assert theme.profile.content == 1


def test_terms_are_not_looked_at_again_before_the_theme_has_changed_by_a_tenth(theme: Theme) -> None:
    theme.say(OUTAGE, 1)
    assert theme.look() is None
    assert theme.profile.labelled_at == 10


def test_a_persons_name_is_final(theme: Theme) -> None:
    theme.names.call("t", "Billing mess", PERSON)
    assert theme.names.call("t", "Invoices", MODEL) is None
    theme.say(OUTAGE, 200)
    assert theme.look() is None
    assert (theme.name, theme.profile.content) == ("Billing mess", 1)


def test_a_person_can_take_the_name_back(theme: Theme) -> None:
    keywords = theme.name
    theme.names.call("t", "Billing mess", PERSON)
    taken_back = theme.names.call("t", None, PERSON)
    assert taken_back == Renaming("Billing mess", keywords, "")
    assert theme.profile.named_by == ""


def test_a_models_name_stands_until_the_content_has_moved(theme: Theme) -> None:
    theme.names.call("t", "Wrong invoices", MODEL)
    theme.say(BILLING, 30)
    assert theme.look() is None
    assert theme.name == "Wrong invoices"
    theme.say(OUTAGE, 400)
    renaming = theme.look()
    assert renaming is not None
    assert (renaming.before, theme.profile.named_by) == ("Wrong invoices", "")
