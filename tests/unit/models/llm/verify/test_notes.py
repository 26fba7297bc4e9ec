"""A model's own sentences: kept when they are plain and of this text alone, dropped whole otherwise."""

from __future__ import annotations

import time

import pytest

from contracts.answers import MAX_NOTE
from models.llm.verify.notes import Notes, link_in

TEXT = "Hallo <PERSON_1>, the Export to Sheets fails, see https://a.example/x and mail me."
OTHER = "We moved our whole accounting over to you last spring and now nothing adds up."


def why_not(said: str) -> str | None:
    """The remark about a sentence that was dropped; None where it stands."""
    kept, why = Notes(TEXT, [OTHER]).sentence(said)
    assert (kept is None) == (why is not None)
    return why


@pytest.mark.parametrize(
    ("said", "remark"),
    [
        (
            "The export fails, probably a permission (scope) is missing: version 2.1.0, e.g. after 10:30.",
            None,
        ),
        ("The export to Sheets fails for <PERSON_1>.", None),
        ("See https://a.example/x for it.", "note_link"),
        ("See [this](page).", "note_link"),
        ("Go to evil.com now.", "note_link"),
        ("Go to evil[.]com now.", "note_link"),
        ("Ask jo@evil.test about it.", "note_link"),
        ("Look at 10.0.0.1 first.", "note_link"),
        ("It is <b>bold</b>.", "note_unclean"),
        ("It is ```code```.", "note_unclean"),
        ("It is \u202ereversed.", "note_unclean"),
        ("Decode " + "QUJD" * 12, "note_unclean"),
        ("Told by <PERSON_2>.", "note_placeholder"),
        ("Ask for 4111 1111 1111 1111 there.", "note_personal"),
        ("The export fails for Margaret.", "note_name"),
        (f"They say: {OTHER}", "note_of_others"),
        (f"They say: {' '.join(OTHER.upper())}", "note_of_others"),
    ],
)
def test_a_sentence_stands_or_falls_whole(said: str, remark: str | None) -> None:
    assert why_not(said) == remark


def test_a_long_sentence_ends_at_a_word_within_the_limit() -> None:
    kept, _ = Notes(TEXT).sentence("slow export " * 60)
    assert kept is not None
    assert len(kept) <= MAX_NOTE
    assert kept.endswith(("slow…", "export…"))


def test_a_translation_may_be_long_and_name_things_but_holds_no_link() -> None:
    notes = Notes("Der Export nach Paris schlägt fehl. " * 20)
    assert notes.translation("The export to Lisbon fails. " * 20)[0] is not None
    assert notes.translation("The export at evil.com fails.") == (None, "note_link")
    # The writer's link, not the model's.
    assert Notes(TEXT).translation("See https://a.example/x") == (None, None)


def test_entities_are_pieces_of_the_text() -> None:
    assert Notes(TEXT).entities(
        ["Sheets", "Sheets", "sheets", "Excel", "<PERSON_1>", "https://a.example/x", ""]
    ) == ("Sheets",)


@pytest.mark.parametrize("word", ["a", "1", "a.", "a@b", "1.", "[](", "<a ", "a-", "://"])
def test_no_sentence_is_expensive_to_look_at(word: str) -> None:
    started = time.process_time()
    link_in(word * 7_000)
    Notes(TEXT).translation(word * 7_000)
    assert time.process_time() - started < 3
