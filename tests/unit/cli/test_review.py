"""A review: what waits and in which order, one case at a time by keys, and the same by a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from cli.cards import case_lines
from cli.review import Reviewing
from cli.review_session import Session, Tally
from connectors.keys.vault import LocalVault
from contracts.commands import AddLabel, ConfirmConcern, CorrectConcern, DismissConcern
from contracts.errors import WrongUsage
from contracts.identity import theme_id
from contracts.stages import Decision
from contracts.steering import ConcernRef, JudgeAlert, MoveConcern, RenameTheme, ThemeRef
from models.labellers.taxonomy import load_taxonomy
from tests.support.runs import NOON, RunBuilder, Said
from wiring.appending import Given
from wiring.datadir import DataDir
from wiring.ordering import scene_of
from wiring.reviewing.answers import Answers
from wiring.reviewing.answers import Said as Word
from wiring.reviewing.case import Case
from wiring.reviewing.classes import Taxonomies
from wiring.reviewing.queue import open_cases
from wiring.reviewing.table import plain, read_answers, refuse_unseen, safe, write_cases
from wiring.views.topics import Topics

TAXONOMY = load_taxonomy()[0]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    run = RunBuilder(tmp_path)
    yield run
    run.close()


def ask(run: RunBuilder, text: str, worth: int | None) -> str:
    said = run.item(text, change="")
    run.change(said, "assigned", theme="t1", p_milli=480, ask_milli=worth)
    return said.concern_id


def waits(run: RunBuilder, text: str, **asked: Any) -> Said:
    """A concern in review."""
    options = tuple(label.name for label in TAXONOMY.labels)
    return run.item(text, needs_review=True, confidence_milli=400, asked=asked | {"options": options})


def cases(run: RunBuilder, **how: Any) -> list[Case]:
    topics = Topics(DataDir(run.write()).logs)
    with closing(LocalVault(run.directory / "keys")) as vault:
        return open_cases(topics, vault, **how)


def test_an_uncertain_assignment_is_listed_with_its_theme_and_how_sure_it_is(run: RunBuilder) -> None:
    theme = theme_id("acme", "export")
    said = run.item("The export fails", change="")
    run.change(said, "assigned", theme=theme, p_milli=480, ask_milli=300)
    (case,) = cases(run)
    assert f"{said.concern_id} → theme {theme[:8]} (p 0.48)  worth" in case_lines(case)


def test_the_question_whose_answer_is_worth_most_comes_first(run: RunBuilder) -> None:
    low, high = ask(run, "the map is slow", 900), ask(run, "charged twice", 3900)
    ask(run, "cannot log in", None)
    waiting = cases(run)
    assert [case.id for case in waiting] == [high, low]
    assert (waiting[0].quote, waiting[0].p_milli) == ("charged twice", 480)


def test_an_answer_or_another_theme_ends_the_question(run: RunBuilder) -> None:
    answered = ask(run, "charged twice", 3900)
    moved = run.item("the map is slow", change="")
    run.change(moved, "assigned", theme="t1", p_milli=480, ask_milli=900)
    run.change(moved, "moved", theme="t2", from_theme="t1")
    item = ConcernRef(concern_id=answered, item_id="i")
    run.command(MoveConcern(concern=item, to=ThemeRef(theme_id="t1"), reason="it is right there"))
    assert cases(run) == []


def test_a_category_that_is_asked_about_is_confirmed_though_it_waits_for_nobody(run: RunBuilder) -> None:
    run.item("charged twice", asked={"worth_milli": 2000, "category_milli": 480})
    waits(run, "it does it again", worth_milli=500)
    first, _ = cases(run)
    assert (first.kind, first.category_milli) == ("category", 480)
    topics = Topics(DataDir(run.write()).logs)
    answers = Answers(topics, Taxonomies(TAXONOMY), lambda tenant: scene_of(topics, tenant))
    (given,) = answers.orders(first, Word("confirm"))
    assert isinstance(given.order, ConfirmConcern)


def test_what_a_model_may_still_answer_is_shown_when_it_is_due_or_asked_for(run: RunBuilder) -> None:
    asked = waits(run, "the thing", worth_milli=700, due=NOON + timedelta(hours=1))
    run.tick(NOON)
    assert (cases(run), [case.id for case in cases(run, early=True)]) == ([], [asked.concern_id])
    run.tick(NOON + timedelta(hours=1))
    assert [case.id for case in cases(run)] == [asked.concern_id]


def test_what_was_decided_waits_no_more_though_no_stage_has_acted_yet(run: RunBuilder) -> None:
    waits(run, "the thing", worth_milli=700)
    (case,) = cases(run)
    assert case.item is not None
    run.command(DismissConcern(concern_id=case.id, item=case.item))
    assert cases(run) == []


# -- the terminal ----------------------------------------------------------------------------------------


class Desk:
    """A run with one case of each kind, and what a review by keys sends and says."""

    def __init__(self, run: RunBuilder) -> None:
        self.run = run
        self.sent: list[list[Given]] = []
        self.said: list[str] = []
        self.theme = run.theme("founder", "charged twice · invoice", concerns=3)
        run.lines.setdefault("assignments", []).append(run.lines["themes"][-1])
        self.known: Said = waits(run, "thing is broken", worth_milli=900)
        waits(run, "it does it again", worth_milli=500)

    def press(self, keys: str) -> Tally:
        topics = Topics(DataDir(self.run.write()).logs)
        answers = Answers(topics, Taxonomies(TAXONOMY), lambda tenant: scene_of(topics, tenant))
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text(keys)
            scene = lambda tenant: scene_of(topics, tenant)  # noqa: E731
            session = Session(
                cases(self.run), answers, answers.taxonomies, scene, self.sent.append, self.said.append
            )
            return session.run()

    def orders(self) -> list[Any]:
        return [given.order for orders in self.sent for given in orders]


@pytest.fixture
def desk(run: RunBuilder) -> Desk:
    return Desk(run)


def test_keys_confirm_and_dismiss_the_most_valuable_first(desk: Desk) -> None:
    tally = desk.press("cdq")
    confirmed, dismissed = desk.orders()
    assert isinstance(confirmed, ConfirmConcern)
    assert isinstance(dismissed, DismissConcern)
    assert (confirmed.concern_id, tally.sent) == (desk.known.concern_id, {"confirm": 1, "dismiss": 1})
    assert "thing is broken" in desk.said[0]


def test_a_correction_is_given_by_letters_or_names_and_enter_keeps(desk: Desk) -> None:
    desk.press("eb\rh\r\rbf\rq")
    (order,) = desk.orders()
    assert isinstance(order, CorrectConcern)
    told = order.correction.model_dump(exclude_none=True)
    assert told == {"category": "login", "bug": True, "feature_request": True}


SHIPPING = "eshipping\raParcels that do not arrive.\raccounts\rMy parcel never came.\r\r\r\r\r"
"""Correct to a category that is added first, and to nothing else."""


def test_a_category_that_the_taxonomy_lacks_is_added_or_the_case_is_gone_back_to(desk: Desk) -> None:
    tally = desk.press("eshipping\rbeshipping\ra\rq")
    assert (desk.orders(), tally.sent) == ([], {})
    assert "there is no category 'shipping'" in "".join(desk.said)


def test_a_category_that_is_added_comes_before_the_correction_to_it(desk: Desk) -> None:
    tally = desk.press(SHIPPING + "ce" + "q\x04")
    added, corrected, confirmed = desk.orders()
    assert isinstance(added, AddLabel)
    assert (added.name, added.product_area, added.exemplars) == (
        "shipping",
        "accounts",
        ("My parcel never came.",),
    )
    assert (corrected.correction.category, corrected.correction.severity) == ("shipping", None)
    assert (tally.sent, isinstance(confirmed, ConfirmConcern)) == ({"correct": 1, "confirm": 1}, True)


def test_undo_takes_back_a_category_that_was_just_added(desk: Desk) -> None:
    desk.press(SHIPPING + "ueshipping\rbq")
    assert desk.orders() == []
    assert sum("there is no category 'shipping'" in line for line in desk.said) == 2


def test_what_is_typed_for_a_category_holds_no_personal_data(desk: Desk) -> None:
    desk.press("eshipping\raParcels.\raccounts\rI am at jo@example.org\r\rq")
    assert desk.orders() == []
    assert any("example 1: holds personal data (email)" in line for line in desk.said)


def test_undo_takes_back_what_was_said_last_before_it_is_sent(desk: Desk) -> None:
    tally = desk.press("cuds" + "q")
    (order,) = desk.orders()
    assert (type(order), order.concern_id) == (DismissConcern, desk.known.concern_id)
    assert (tally.sent, tally.skipped) == ({"dismiss": 1}, 1)


def test_what_was_said_before_the_terminal_went_away_is_sent(desk: Desk) -> None:
    assert desk.press("c\x04").sent == {"confirm": 1}


def test_a_theme_is_found_by_its_words_and_the_concern_is_confirmed_into_it(desk: Desk) -> None:
    desk.press("tnothing\rtinvo\r1\rq")
    confirmed, moved = desk.orders()
    assert isinstance(confirmed, ConfirmConcern)
    assert isinstance(moved, MoveConcern)
    assert (moved.to and moved.to.theme_id, moved.concern.concern_id) == (desk.theme, desk.known.concern_id)
    assert "  no theme has these words" in desk.said


def test_a_new_theme_is_named_by_keys_and_shown_with_its_words(desk: Desk) -> None:
    theme = desk.run.new_theme("new", "refund · late")
    for n in range(2):
        desk.run.item(f"where is refund {n}", author=f"p{n}", theme=theme, severity="critical")
    desk.press("nLate refunds\rq")
    (order,) = desk.orders()
    assert (type(order), order.theme.theme_id, order.name) == (RenameTheme, theme, "Late refunds")
    assert "  where is refund 1\n  where is refund 0\n" in desk.said[0]
    assert f"theme: refund · late [{theme[:8]}]" in desk.said[0]


def test_a_false_alarm_is_dismissed_by_a_key(desk: Desk) -> None:
    desk.run.alert("burst_day", desk.theme)
    desk.press("dq")
    (order,) = desk.orders()
    assert (type(order), order.real, order.theme.theme_id) == (JudgeAlert, False, desk.theme)


def test_a_key_that_means_nothing_here_does_nothing(desk: Desk) -> None:
    assert desk.press("r\rzxq") == Tally()


def test_a_slip_at_the_flags_clears_none(desk: Desk) -> None:
    waits(desk.run, "the app crashes", worth=900)
    told = desk.press("e\r\r\ryes\rq")
    assert (told, desk.orders()) == (Tally(), [])
    assert any("flags 'yes': say b, f, bf, or n for none" in line for line in desk.said)


def test_a_case_that_is_skipped_again_after_an_undo_counts_once(desk: Desk) -> None:
    for worth in (900, 800, 700):
        waits(desk.run, f"the app crashes {worth}", worth=worth)
    assert desk.press("csucssq") == Tally({"confirm": 1}, skipped=2)


# -- the file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49", "-x", "@SUM(A1)", "\tx", "'quoted", "fine", "", "a=b", "\r=1"]
)
def test_no_cell_is_a_formula_and_reading_gives_back_what_was_written(cell: str) -> None:
    assert not safe(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain(safe(cell)) == cell


def filled(path: Path, *verdicts: dict[str, str]) -> None:
    """Fill in the rows of an exported file, in their order."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | verdict for row, verdict in zip(rows, verdicts, strict=True))


def test_an_exported_file_is_read_back_with_lines_and_verdicts(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    assert write_cases(path, cases(desk.run)) == 2
    assert read_answers(path) == ([], [])
    filled(path, {"verdict": "correct", "new_severity": "low", "new_bug": "no"}, {"verdict": "dismiss"})
    (first, second), wrong = read_answers(path)
    assert (first.line, first.id, second.said.verb, wrong) == (2, desk.known.concern_id, "dismiss", [])
    assert first.said.correction is not None
    assert first.said.correction.model_dump(exclude_none=True) == {"severity": "low", "bug": False}


@pytest.mark.parametrize(("delimiter", "noted"), [(";", False), ("\t", False), (";", True), (",", True)])
def test_a_file_of_a_spreadsheet_that_divides_cells_otherwise_is_read(
    desk: Desk, tmp_path: Path, delimiter: str, noted: bool
) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, cases(desk.run))
    filled(path, {"verdict": "confirm"}, {"verdict": "dismiss"})
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(f"sep={delimiter}\r\n" if noted else "")
        csv.writer(file, delimiter=delimiter).writerows(rows)
    found, wrong = read_answers(path)
    assert ([row.said.verb for row in found], wrong) == (["confirm", "dismiss"], [])


def test_words_are_no_longer_than_a_cell_may_be(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, [Case("theme", "t1", "acme", "new", examples=("x" * 100_000,) * 5)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (len(row["quote"]), row["quote"][-1]) == (32_000, "…")
    assert read_answers(path) == ([], [])


def test_of_two_cases_with_one_id_a_row_means_that_of_its_kind() -> None:
    both = [Case(kind, "c1", "acme", "unsure") for kind in ("category", "assignment")]
    found = [Reviewing.case(cast(Any, None), "c1", "confirm", both, kind) for kind in ("assignment", "", "x")]
    assert [case.kind for case in found] == ["assignment", "category", "category"]


def test_a_row_whose_id_is_cut_off_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("verdict,id\nconfirm\nyes\n", "utf-8")
    (row,), (wrong,) = read_answers(path)
    assert (row.id, wrong.id) == ("", "")


@pytest.mark.parametrize(
    ("kind", "was", "now", "column"),
    [
        ("concern", {"decision": "billing"}, {"decision": "ux"}, "category"),
        ("assignment", {"theme": "t1"}, {"theme": "t2"}, "theme"),
        ("theme", {"name": "refund"}, {"name": "refund · late"}, "theme_name"),
    ],
)
def test_nobody_confirms_what_the_file_does_not_show(
    tmp_path: Path, kind: Any, was: dict[str, Any], now: dict[str, Any], column: str
) -> None:
    def case(told: dict[str, Any]) -> Case:
        decided = {"decision": labelled(told["decision"])} if "decision" in told else {}
        return Case(kind, "c1", "acme", "unsure", **{**told, **decided})

    path = tmp_path / "cases.csv"
    write_cases(path, [case(was)])
    filled(path, {"verdict": "confirm"})
    (row,), _ = read_answers(path)
    refuse_unseen(row, case(was))
    with pytest.raises(WrongUsage, match=f"{column} is .* now"):
        refuse_unseen(row, case(now))


def labelled(category: str) -> Decision:
    return Decision(
        category=category, severity="low", sentiment="neutral", sentiment_milli=0, confidence_milli=400
    )


def test_a_review_of_one_tenant_decides_no_other_tenants_concern(run: RunBuilder) -> None:
    said = waits(run, "the thing")
    topics = Topics(DataDir(run.write()).logs)
    table = Reviewing(cast(Any, SimpleNamespace(topics=topics, folder=run.directory)), "beta")
    with pytest.raises(WrongUsage, match="is not one of beta"):
        table.case(said.concern_id, "dismiss", [])


def test_an_unsure_assignment_has_a_row_with_the_names_of_both_themes(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    case = Case("assignment", "c1", "acme", "close", theme="t1", runner_up="t2")
    write_cases(path, [case], lambda tenant, theme: f"{tenant}'s {theme}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["theme"], row["theme_name"], row["runner_up_name"]) == ("t1", "acme's t1", "acme's t2")


def test_a_new_theme_has_a_row_with_its_name_and_is_renamed_by_it(run: RunBuilder, tmp_path: Path) -> None:
    theme, path = run.new_theme("new", "refund · late"), tmp_path / "cases.csv"
    assert write_cases(path, cases(run)) == 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["kind"], row["id"], row["theme_name"]) == ("theme", theme, "refund · late")
    filled(path, {"verdict": "rename", "new_name": "Late refunds"})
    (told,), _ = read_answers(path)
    assert (told.id, told.said.verb, told.said.name) == (theme, "rename", "Late refunds")


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ({"verdict": "yes"}, "say one of: confirm"),
        ({"verdict": "correct"}, "names at least one field"),
        ({"verdict": "correct", "new_severity": "huge"}, "severity: .*'critical'"),
        ({"verdict": "correct", "new_bug": "maybe"}, "new_bug 'maybe': say yes or no"),
        ({"verdict": "confirm", "new_category": "ux"}, "new_category is filled in"),
        ({"verdict": "", "new_category": "ux"}, "verdict is empty"),
        ({"verdict": "confirm", "new_name": "Refunds"}, "new_name is filled in"),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_the_others_count(
    desk: Desk, tmp_path: Path, verdict: dict[str, str], why: str
) -> None:
    path = tmp_path / "cases.csv"
    write_cases(path, cases(desk.run))
    filled(path, verdict, {"verdict": "confirm"})
    (right,), (wrong,) = read_answers(path)
    assert (wrong.line, right.line) == (2, 3)
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(wrong.why)
