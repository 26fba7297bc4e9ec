"""The evidence check and the figures of ``undercurrent eval``."""

from __future__ import annotations

import pytest

from models.encoders.hashing import KeywordEncoder
from models.labellers import ConcernText, LocalLabeller, literal_quotes, load_taxonomy
from models.labellers.scoring import as_gold_label, merge_labels, score_labels


def test_only_what_stands_in_the_text_is_a_quote() -> None:
    text = "The export fails.\n  It drops  the last column."
    checked = literal_quotes(text, ["fails. It drops the last", "it drops", "", "the first column"])
    assert checked.literal == ("fails. It drops the last",)
    assert checked.rejected == ("it drops", "", "the first column")


def test_macro_f1_counts_every_gold_label_the_same() -> None:
    score = score_labels(["a"] * 8 + ["b"] * 2, ["a"] * 10)
    assert score.accuracy == pytest.approx(0.8)
    assert score.macro_f1 == pytest.approx((2 * 0.8 / 1.8) / 2)


def test_no_pairs_score_zero() -> None:
    assert (score_labels([], []).macro_f1, score_labels([], []).n) == (0.0, 0)


def test_labels_are_merged_by_name() -> None:
    assert merge_labels(["x", "y", "z"], {"x": "z"}) == ["z", "y", "z"]


def test_decisions_read_in_the_words_of_a_data_set() -> None:
    encoder = KeywordEncoder()
    texts = [
        "The invoice page crashes with an error",
        "Please add an option to sort",
        "I love this, great tool",
    ]
    labeller = LocalLabeller(load_taxonomy()[0], encoder)
    decisions = labeller.label([ConcernText(text) for text in texts], encoder.encode(texts))
    three = ["bug", "feature_request", "other"]
    assert [as_gold_label(one, three) for one in decisions] == three
    assert as_gold_label(decisions[2], ["praise", "complaint"]) == "praise"
