"""A tenant's own model: taught in order, restored exactly, promoted on held-out corrections and taken back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from models.learning.contest import GROWN_AT, LOOK_AT, Contest, tail
from models.learning.learner import ONE, Frozen, Learner, Row
from models.learning.role import UNTRAINED, Reading, RoleModel
from models.learning.watch import BASELINE, RECENT, Told, signs

LABELS = ("billing", "bug", "praise")
WIDTH = 6


def example(n: int) -> tuple[Row, str, str]:
    """Numbers that tell the label, which the untrained model gets right one time in three; and that label."""
    gold = LABELS[n % 3]
    numbers = np.zeros(WIDTH, dtype=np.int16)
    numbers[n % 3] = ONE
    numbers[3 + n % 2] = ONE // 2
    return numbers, LABELS[n // 3 % 3], gold


def correction(n: int) -> tuple[Reading, str]:
    numbers, base, gold = example(n)
    return Reading(numbers, base), gold


def taught(many: int, model: RoleModel | None = None, start: int = 0) -> tuple[RoleModel, list[str]]:
    model, happened = model or RoleModel(LABELS, WIDTH), []
    for n in range(start, start + many):
        happened += [one.event for one in model.correct(*correction(n))]
    return model, happened


def test_before_any_correction_it_says_what_the_untrained_model_says() -> None:
    model = RoleModel(LABELS, WIDTH)
    newest = model.challenger()
    for n in range(9):
        numbers, base, _ = example(n)
        assert (
            newest.says(Reading(numbers, base), LABELS).label
            == base
            == model.says(Reading(numbers, base)).label
        )


def added(n: int) -> tuple[Reading, str]:
    """A concern that the untrained model files under a label that people added, which is right each other time."""
    reading, _ = correction(n)
    return reading._replace(base="refunds"), "refunds" if n % 2 else "billing"


def test_what_it_never_learned_of_an_added_label_is_left_to_the_untrained_model() -> None:
    model, _ = taught(LOOK_AT)
    said = model.says(added(1)[0])
    assert (model.champion.head is not None, said.label, said.sure_milli) == (True, "refunds", 0)
    assert model.challenger().says(added(1)[0], LABELS).label == "refunds"


def test_a_label_is_gained_with_the_first_correction_and_older_versions_keep_their_rows() -> None:
    model, _ = taught(LOOK_AT)
    assert model.champion.head is not None
    labels, width = model.champion.head.weights.shape
    before = [model.says(reading) for reading, _ in map(correction, range(9))]
    model.correct(*added(1))
    newest = model.challenger()
    assert newest.head is not None
    assert (model.gained, newest.head.weights.shape) == (("refunds",), (labels + 1, width + 1))
    assert newest.says(added(1)[0], LABELS, model.gained).label == "refunds"
    assert [model.says(reading) for reading, _ in map(correction, range(9))] == before


def test_a_gained_label_is_restored_exactly() -> None:
    model, _ = taught(LOOK_AT)
    rows = dict(model.rows())
    for n in range(30):
        reading, gold = added(n) if n % 3 else correction(n)
        model.correct(reading, gold)
        rows |= dict(model.rows(gold))
    again = RoleModel(LABELS, WIDTH)
    for name, _ in model.rows():
        again.load(name, rows[name])
    for one in (model, again):
        taught(40, one)
        one.correct(*added(7))
    assert dict(again.rows()) == dict(model.rows())


def test_it_is_promoted_when_it_was_right_before_it_learned_and_not_sooner() -> None:
    model, happened = taught(LOOK_AT - 1)
    assert (happened, model.champion.name) == ([], UNTRAINED)
    model, happened = taught(1, model, LOOK_AT - 1)
    assert happened == ["trained", "promoted"]
    assert (model.champion.name, model.former and model.former.name) == ("2.1.50", UNTRAINED)
    numbers, base, gold = example(1)
    assert base != gold == model.says(Reading(numbers, base)).label


def test_rows_restore_it_exactly_also_those_that_one_correction_changed() -> None:
    model, _ = taught(60)
    rows = dict(model.rows())
    model, _ = taught(1, model, 60)
    rows |= dict(model.rows(example(60)[2]))
    again = RoleModel(LABELS, WIDTH)
    for name, data in rows.items():
        again.load(name, data)
    assert dict(again.rows()) == dict(model.rows())
    assert taught(90, again, 61)[1] == taught(90, model, 61)[1]
    assert dict(again.rows()) == dict(model.rows())


def test_people_of_one_product_may_mean_another_thing_by_the_same_words() -> None:
    model, alike = RoleModel(LABELS, WIDTH), np.full(WIDTH, ONE // 2, dtype=np.int16)
    readings = {"bug": Reading(alike, "bug", "planner"), "praise": Reading(alike, "bug", "gantry")}
    for n in range(60):
        gold = ("bug", "praise")[n % 2]
        model.correct(readings[gold], gold)
    said = [model.challenger().says(read, LABELS).label for read in readings.values()]
    assert said == ["bug", "praise"]


def test_a_promoted_version_that_falls_behind_is_rolled_back() -> None:
    model, _ = taught(LOOK_AT)
    happened = []
    for n in range(4 * LOOK_AT):  # from here on the untrained model is right, and the promoted one is not
        numbers, _, gold = example(n)
        other = LABELS[(LABELS.index(gold) + 1) % 3]
        happened += [one.event for one in model.correct(Reading(numbers, other), other)]
        if "rolled_back" in happened:
            break
    assert "rolled_back" in happened
    assert model.champion.name == UNTRAINED


def test_a_pinned_model_changes_by_order_only_and_wrong_orders_are_refused() -> None:
    model = RoleModel(LABELS, WIDTH)
    assert model.direct("pin", None, "wait").event == "pinned"
    model, happened = taught(100, model)
    assert "promoted" not in happened
    assert model.direct("promote", "2.1.7", "now").event == "refused"
    refused = model.direct("roll_back", None, "now")
    assert (refused.event, refused.reason) == (
        "refused",
        f"roll_back: {model.newest} can be promoted, nothing rolled back to",
    )
    assert model.direct("promote", model.newest, "now").version == "2.1.100"
    assert model.direct("roll_back", None, "back").version == UNTRAINED


def test_batches_change_no_label() -> None:
    generator = np.random.default_rng(5)
    weights = generator.integers(-(1 << 24), 1 << 24, (3, 400))
    rows = generator.integers(-3 * ONE, 3 * ONE, (50, 400))
    whole = Frozen(weights).logits(rows)
    assert all((Frozen(weights).logits(row[None]) == whole[n]).all() for n, row in enumerate(rows))
    assert (Frozen.decode(Frozen(weights).encode()).weights == weights).all()


def test_a_rare_label_is_learned_again() -> None:
    def right(replayed: int) -> bool:
        learner = Learner(("common", "rare"), 2, replayed=replayed)
        for n in range(200):
            rare = n % 20 == 0
            learner.learn(np.array([ONE, ONE * rare], dtype=np.int16), "rare" if rare else "common")
        logits = learner.freeze().logits(np.array([[ONE, ONE]])).tolist()[0]
        return bool(logits[1] > logits[0] + 1000)

    assert right(3)


@pytest.mark.parametrize(
    ("better", "worse", "won"), [(9, 1, True), (8, 4, False), (0, 12, False), (0, 0, False)]
)
def test_a_contest_is_won_by_more_than_luck(better: int, worse: int, won: bool) -> None:
    contest = Contest(LOOK_AT, better, worse, 30, 30)
    assert contest.is_won() == won
    assert not Contest(LOOK_AT - 1, better, worse, 30, 30).is_won()


def test_the_more_looks_the_more_it_takes() -> None:
    assert Contest(LOOK_AT, 12, 3, 30, 30).is_won()
    assert not Contest(4 * LOOK_AT, 12, 3, 120, 120).is_won()
    assert [n for n in range(0, 500, 10) if Contest(n).looks] == [50, 100, 200, 400]


def test_a_beginner_takes_more_and_begins_anew_when_it_has_learned() -> None:
    assert not Contest(LOOK_AT, 12, 3, 30, 30, "young").is_won()
    assert Contest(GROWN_AT, 25, 10, 30, 30, "grown").is_won()
    assert Contest(2 * LOOK_AT, 12, 12, 60, 60, "young").aged() == Contest(stage="grown")
    assert Contest(2 * LOOK_AT - 1, stage="young").aged().pairs == 2 * LOOK_AT - 1
    assert [n for n in range(0, 2000, 5) if Contest(n, stage="grown").looks] == [195, 390, 780, 1560]


def test_all_looks_together_promote_by_luck_at_most_once_in_twenty() -> None:
    shares = {
        "steady": sum(Fraction(1, 20 * k * (k + 1)) for k in range(1, 60)),
        "learning": 2 * Fraction(1, 200) + sum(Fraction(1, 50 << k) for k in range(60)),
    }
    assert all(share <= Fraction(1, 20) for share in shares.values())
    for stage, n in (
        ("young", 50),
        ("young", 100),
        ("grown", GROWN_AT),
        ("grown", 2 * GROWN_AT),
        ("steady", 100),
    ):
        luck = {"young": 200, "grown": 50 * n // GROWN_AT, "steady": 20 * 2 * 3}[stage]
        least = next(b for b in range(61) if Contest(n, b, 60 - b, 0, 0, stage).is_won())  # type: ignore[arg-type]
        chance = Fraction(*tail(least, 60 - least))
        assert chance < Fraction(1, luck) <= Fraction(*tail(least - 1, 61 - least))


def test_one_sign_is_weather_and_two_are_a_reason() -> None:
    before = [Told(LABELS[n % 3], LABELS[n % 3], 900) for n in range(BASELINE)]
    calm = [Told(LABELS[n % 3], LABELS[n % 3], 900) for n in range(RECENT)]
    assert signs([*before, *calm]) == signs(before) == []
    unsure = [one._replace(sure_milli=300) for one in calm]
    assert len(signs([*before, *unsure])) == 1
    wrong = [Told("bug", "praise", 300) for _ in range(RECENT)]
    told = " ".join(signs([*before, *wrong]))
    assert all(sign in told for sign in ("label drift", "imbalance", "falling F1", "low confidence"))


def test_a_label_that_was_not_there_before_is_a_sign() -> None:
    before = [Told("bug", "bug", 900) for _ in range(BASELINE + RECENT - 3)]
    assert "new issue family: billing" in signs([*before, *[Told("billing", "billing", 900)] * 3])
