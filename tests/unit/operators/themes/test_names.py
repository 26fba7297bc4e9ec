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


def few(directory: Path) -> Theme:
    """A theme whose first four concerns may show one word, which is not what it is about."""
    made = Theme(directory)
    made.say(["manual", "hand"], 4)
    assert made.look() is None
    return made


def test_the_words_of_a_small_theme_wait_for_ten_concerns(tmp_path: Path) -> None:
    theme = few(tmp_path)
    before = theme.name
    theme.say(["pickup", "recurring", "hand", "manual"], 5)
    assert theme.look() is None
    assert theme.name == before
    theme.say(["pickup", "recurring"], 6)
    renaming = theme.look()
    assert renaming is not None
    assert renaming.before == before
    assert set(renaming.now.split(" · ")) > {"pickup", "recurring"}
    assert renaming.why == "other words say better what it is about (4 concerns then, 15 now)"
    assert theme.profile.content == 0


def test_a_model_is_not_asked_again_and_keeps_its_name_when_words_become_better(tmp_path: Path) -> None:
    theme = few(tmp_path)
    theme.names.call("t", "Recurring pickups", MODEL)
    theme.say(["pickup", "recurring", "hand", "manual"], 5)
    theme.say(["pickup", "recurring"], 6)
    assert theme.look() is None
    assert (theme.name, theme.profile.content) == ("Recurring pickups", 0)
    assert set(theme.profile.label) >= {"pickup", "recurring"}


def test_a_name_of_one_word_gets_another_as_soon_as_it_may_be_said(tmp_path: Path) -> None:
    theme = Theme(tmp_path)
    theme.say(["dark"], 4)
    theme.look()
    assert theme.name == "dark"
    theme.say(["dark", "mode", "night"], 4)
    assert theme.look() is not None
    assert len(theme.name.split(" · ")) == 3


def test_no_two_themes_have_the_same_words(theme: Theme) -> None:
    theme.profiles.open("twin", "en", 0)
    theme.say(["rain"], 60, "other")
    theme.say(BILLING, 20, "twin")
    theme.names.refresh("twin", ["twin"], 20)
    twin = theme.profiles.table["twin"]
    assert set(theme.profile.label) < set(twin.label)


def test_a_theme_takes_the_words_of_one_that_retired(theme: Theme) -> None:
    theme.profile.status = "retired"
    theme.profiles.open("twin", "en", 0)
    theme.say(["rain"], 60, "other")
    theme.say(BILLING, 20, "twin")
    theme.names.refresh("twin", ["twin"], 20)
    assert set(theme.profiles.table["twin"].label) == set(theme.profile.label)


def test_who_has_which_words_is_known_again_after_a_restart(theme: Theme) -> None:
    theme.profiles.open("twin", "en", 0)
    theme.say(["rain"], 60, "other")
    theme.say(BILLING, 20, "twin")
    again = Names(theme.profiles, theme.terms, theme.vocabulary)
    again.refresh("twin", ["twin"], 20)
    assert len(theme.profiles.table["twin"].label) > len(theme.profile.label)


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
