"""Keyword labels: what counts as a term, bounded counts, telling and diverse labels."""

from __future__ import annotations

from models.themes.keywords import CAPACITY, TermCounts, ThemeTerms, stem, terms


def test_placeholders_and_stop_words_are_no_terms() -> None:
    assert terms("Please call <PHONE_1> about the refund <US_SSN_2>", "en") == ["call", "refund"]


def test_a_bigram_does_not_span_a_stop_word_or_a_sentence() -> None:
    assert "refund missing" not in terms("no refund. Missing parcel, export of report", "en")
    assert "export report" not in terms("export of report", "en")


def test_german_text_loses_german_stop_words() -> None:
    assert terms("Die Rechnung ist leider doppelt", "de") == ["rechnung", "doppelt"]


def test_a_label_prefers_what_is_special_to_the_theme() -> None:
    words = ThemeTerms()
    for _ in range(10):
        words.add("a", [1, 2])
        words.add("b", [1, 3])
    assert words.label("a")[0] == 2


def test_a_name_said_everywhere_is_no_label_however_often_it_is_said() -> None:
    words = ThemeTerms()
    for i in range(20):
        words.add("a", [1, 2] if i < 12 else [1])
        for other in ("b", "c", "d"):
            words.add(other, [1] if i < 12 else [3])
    assert words.label("a") == [2, 1]


def test_a_tenant_with_one_theme_is_labelled_by_what_is_said_most() -> None:
    words = ThemeTerms()
    for i in range(10):
        words.add("a", [1, 2] if i < 3 else [1])
    assert words.label("a") == [1, 2]


def test_subtracting_what_was_added_leaves_nothing() -> None:
    words = ThemeTerms()
    words.add("a", [1, 2])
    words.subtract("a", [1, 2])
    assert words.label("a") == []


def test_a_merged_theme_is_labelled_by_all_its_parts() -> None:
    words = ThemeTerms()
    for part in ("a", "b"):
        words.add(part, [5])
        words.add(part, [ord(part)])
    assert words.label(["a", "b"]) == [5]


def test_counts_stay_bounded_and_keep_the_frequent() -> None:
    counts = TermCounts()
    for i in range(5_000):
        counts.add([1_000_000, i])
    assert len(counts.rows) <= 2 * CAPACITY + 2
    assert counts.rows[1_000_000] == 5_000


def test_counts_come_back_from_the_log() -> None:
    words, again = ThemeTerms(), ThemeTerms()
    for i in range(50):
        words.add("a", [i % 7, i % 3])
    for key, row in words.state_changes():
        again.load(key, row)
    assert again.label("a") == words.label("a")


def test_of_a_big_theme_a_term_needs_a_twentieth_of_the_texts() -> None:
    words = ThemeTerms()
    for i in range(100):
        words.add("a", [1, 2] if i < 5 else [1, 3] if i < 9 else [1])
    assert words.label("a") == [1, 2]


def test_a_term_that_a_third_of_the_other_texts_have_is_said_everywhere() -> None:
    words = ThemeTerms()
    for i in range(12):
        words.add("a", [1, 2])
        words.add("b", [1] if i < 4 else [3])
    assert words.usage(["a"], [1, 2]) == [(12, True), (12, False)]


def test_a_tenant_with_one_theme_says_nothing_everywhere() -> None:
    words = ThemeTerms()
    words.add("a", [1])
    assert words.usage(["a", "unknown"], [1]) == [(1, False)]


def test_short_words_keep_their_form() -> None:
    assert stem("bus") == "bus"
