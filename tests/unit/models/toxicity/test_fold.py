"""Disguises are undone, plain words stay."""

import pytest

from models.toxicity.fold import folded


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("You F4GG0T", "you faggot"),
        ("k y s", "kys"),
        ("k.y.s", "kys"),
        ("nooooo", "noo"),
        ("I\u2019ll", "ill"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("zero\u200bwidth", "zerowidth"),
        ("Über\tdrüber", "uber druber"),
    ],
)
def test_a_disguise_is_undone(disguised: str, plain: str) -> None:
    assert folded(disguised) == plain


def test_numbers_and_short_codes_stay() -> None:
    assert folded("Gate K20 at 10:30, order 4455") == "gate k20 at 10:30, order 4455"
