"""The index of what waits: it tells what reading everything tells, however the topics were cut, and keeps no words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.keys.vault import LocalVault
from contracts.commands import AddLabel, ConfirmConcern, DismissConcern, Erase, ReleaseQuarantined
from contracts.identity import journal_id
from contracts.registry import read_record
from contracts.stages import Assignment, EnrichedItem
from contracts.steering import ConcernRef, JudgeAlert, MoveConcern, MuteTheme, ThemeRef
from contracts.themes import ThemeOrdered
from tests.support.runs import NOON, RunBuilder, decision
from wiring.datadir import DataDir
from wiring.reviewing.case import Case
from wiring.reviewing.index import ReviewIndex
from wiring.reviewing.indexed import TOPICS
from wiring.reviewing.queue import open_cases
from wiring.views.topics import Topics

pytestmark = pytest.mark.lengthy


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    run = RunBuilder(tmp_path)
    yield run
    run.close()


def eventful(run: RunBuilder) -> None:
    """Of every kind of case some that wait, and some that no longer do, each for a reason of its own."""
    asked = [
        run.item(f"thing {n}", author=f"a{n}", needs_review=True, asked={"worth_milli": n}) for n in range(6)
    ]
    unsure = [run.item(f"map {n}", author=f"b{n}", change="") for n in range(5)]
    for n, said in enumerate(unsure):
        run.change(said, "assigned", theme="t1", p_milli=480, ask_milli=100 + n)
    held = [run.deliver(f"words {n}", author=f"c{n}", record=f"h{n}") for n in range(4)]
    for one in held:
        run.quarantine(one)
    run.change(unsure[1], "moved", theme="t2", from_theme="t1")
    relabel(run, 2)
    ref = ConcernRef(concern_id=unsure[3].concern_id, item_id="i")
    run.command(MoveConcern(concern=ref, to=ThemeRef(theme_id="t1"), reason="it is right there"))
    run.command(DismissConcern(concern_id=asked[1].concern_id, item=case_item(run, asked[1].concern_id)))
    run.item("thing 2 again", author="a2", record="r2", revision=2, retracts=(asked[2].concern_id,))
    run.command(ReleaseQuarantined(item=held[1]))
    run.item("words 2 again", author="c2", record="h2", revision=2)
    run.command(Erase(subject=run.subject("a3")))
    run.vault.destroy(run.tenant, run.subject("a3"))
    lessons = [run.item(f"lesson {n}", author=f"d{n}", asked={"worth_milli": 50 + n}) for n in range(5)]
    answered(run, lessons[0].concern_id)
    answered(run, lessons[1].concern_id, needs_review=True)
    run.item("lesson 2 again", author="d2", record="l2", revision=2, retracts=(lessons[2].concern_id,))
    run.command(ConfirmConcern(concern_id=lessons[3].concern_id, item=case_item(run, lessons[3].concern_id)))
    news(run)
    for words in ("Gift cards.", "Vouchers."):
        run.command(gift_cards(words))
    run.item("is this it", author="z", needs_review=True, asked={"due": NOON + timedelta(hours=2)})
    run.tick(NOON + timedelta(hours=1))


def gift_cards(words: str) -> AddLabel:
    said = {"name": "gift_cards", "product_area": "payments", "description": words, "exemplars": (words,)}
    return AddLabel.model_validate(said)


def news(run: RunBuilder) -> None:
    """Themes, proposals and alerts, some of which somebody has judged."""
    themes = [run.new_theme(f"theme {n}", f"name {n}") for n in range(5)]
    for n in range(12):
        said = run.item(f"news {n}", author=f"e{n}", record=f"n{n}", change="waiting")
        run.change(said, "assigned", theme=themes[n % 5], p_milli=600)
        if n % 3 == 0:
            run.change(said, "moved", theme=themes[(n + 1) % 5], from_theme=themes[n % 5], p_milli=700)
    run.theme("theme 4", "name 4", status="merged", redirect_to=themes[3])
    run.lines["assignments"].append(run.lines["themes"][-1])
    run.command(MuteTheme(theme=ThemeRef(theme_id=themes[0]), reason="fixed"))
    alerts = [run.alert("burst_day", theme) for theme in themes[:3]]
    run.alert("low_confidence", None, at=NOON - timedelta(days=9))
    judged = {
        "alert_id": alerts[1].alert_id,
        "detector": "burst_day",
        "drift_id": "0-1-themes-1",
        "real": True,
    }
    run.command(JudgeAlert.model_validate(judged | {"at": NOON, "reason": "a release"}))
    for n in (1, 4):
        header = run.header(journal_id(0, run.ordinal), "themes")
        fields = {"event": "proposed", "act": "merge", "theme_id": themes[n], "other_theme": themes[2]}
        run.put(
            "assignments",
            ThemeOrdered.model_validate(header | fields | {"author": "themes", "reason": "near"}),
        )


def answered(run: RunBuilder, name: str, **decided: object) -> None:
    """A model has decided of a concern that people were asked about, and is sure or not."""
    item = case_item(run, name)
    (concern,) = item.concerns
    anew = concern.model_copy(update={"decision": decision(provisional=False, **decided)})
    header = run.header(journal_id(0, run.ordinal), "extract", NOON)
    told = item.model_copy(update={"id": header["id"], "concerns": (anew,)})
    run.put("enriched", told)
    if anew.decision.needs_review:
        run.review(told, None, worth_milli=40)


def relabel(run: RunBuilder, n: int) -> None:
    """The question about the nth assignment stays, and is about another category."""
    before = read_record("assignments", run.lines["assignments"][n])
    assert isinstance(before, Assignment)
    assert before.about is not None
    about = before.about.model_copy(update={"decision": decision(category="login")})
    anew = {"change": "relabelled", "ask_milli": None, "sequence": 2, "about": about}
    run.put("assignments", before.model_copy(update=anew))


def case_item(run: RunBuilder, concern: str) -> EnrichedItem:
    return next(case.item for case in whole(run) if case.id == concern and case.item is not None)


def whole(run: RunBuilder, *, early: bool = False) -> list[Case]:
    return open_cases(Topics(DataDir(run.write()).logs), run.vault, early=early)


def fill(index: ReviewIndex, run: RunBuilder, looks: Sequence[Sequence[float]] = ()) -> None:
    """Take the topics in looks, the last of which finds all; of each topic what had come by then."""
    topics = Topics(DataDir(run.write()).logs)
    records = {topic: list(topics.records(topic)) for topic in TOPICS}
    done = dict.fromkeys(TOPICS, 0)
    for cuts in (*looks, [1.0] * len(TOPICS)):
        with index.together():
            for topic, cut in zip(TOPICS, cuts, strict=True):
                upto = max(done[topic], round(len(records[topic]) * cut))
                for place, record in records[topic][done[topic] : upto]:
                    index.take(topic, place, record)
                done[topic] = upto
            index.tidy({})


@pytest.mark.parametrize("early", [False, True])
def test_it_tells_what_reading_everything_tells(run: RunBuilder, tmp_path: Path, early: bool) -> None:
    eventful(run)
    with closing(ReviewIndex(tmp_path / "index.sqlite3", run.vault)) as index:
        fill(index, run)
        assert index.cases(early=early) == whole(run, early=early)
    assert len(whole(run, early=early)) == 16 + early


CUTS = st.lists(st.floats(0, 1), min_size=len(TOPICS), max_size=len(TOPICS))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunBuilder]:
    with closing(RunBuilder(tmp_path_factory.mktemp("run"))) as run:
        eventful(run)
        yield run


@given(looks=st.lists(CUTS, max_size=3))
@settings(max_examples=30, deadline=None)
def test_so_it_does_however_far_each_topic_was_when_somebody_looked(
    busy: RunBuilder, tmp_path_factory: pytest.TempPathFactory, looks: list[list[float]]
) -> None:
    with closing(ReviewIndex(tmp_path_factory.mktemp("index") / "i.sqlite3", busy.vault)) as index:
        fill(index, busy, looks)
        assert index.cases() == whole(busy)
        assert index.labels() == {busy.tenant: (gift_cards("Vouchers."),)}


def test_only_one_tenants_cases_are_told_if_one_is_named(run: RunBuilder, tmp_path: Path) -> None:
    eventful(run)
    with closing(ReviewIndex(tmp_path / "index.sqlite3", run.vault)) as index:
        fill(index, run)
        assert (len(index.cases("acme")), index.cases("other")) == (16, [])


def test_no_words_lie_in_it_and_a_destroyed_key_takes_its_cases_at_once(
    run: RunBuilder, tmp_path: Path
) -> None:
    path = tmp_path / "index.sqlite3"
    said = run.item("the blue lamp", author="eve", needs_review=True, asked={})
    run.command(gift_cards("A blue lamp as a gift."))
    with closing(ReviewIndex(path, run.vault)) as index:
        fill(index, run)
        assert [case.quote for case in index.cases()] == ["the blue lamp"]
        files = [one for one in tmp_path.glob("index.sqlite3*") if one.suffix != ".lock"]
        assert not any(b"blue lamp" in one.read_bytes() for one in files)
        LocalVault(run.directory / "keys").destroy(run.tenant, run.subject("eve"))
        assert (index.cases(), said.concern_id != "") == ([], True)
    assert path.stat().st_mode & 0o077 == 0


def test_the_erased_are_let_go_of_at_the_next_look(run: RunBuilder, tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    said = run.item("the blue lamp", author="eve", needs_review=True, asked={})
    with closing(ReviewIndex(path, run.vault)) as index:
        fill(index, run)
        run.command(Erase(subject=run.subject("eve")))
        fill(index, run)
    assert said.concern_id.encode() not in path.read_bytes()


def test_what_a_topic_no_longer_holds_is_let_go_of(run: RunBuilder, tmp_path: Path) -> None:
    run.item("the blue lamp", needs_review=True, asked={})
    with closing(ReviewIndex(tmp_path / "index.sqlite3", run.vault)) as index:
        fill(index, run)
        with index.together():
            index.tidy({"reviews": {0: 10_000_000}})
        assert index.cases() == []


def test_of_other_words_of_an_item_nothing_is_asked_that_was_asked_before(
    run: RunBuilder, tmp_path: Path
) -> None:
    run.item("the blue lamp", record="lamp", needs_review=True, asked={})
    with closing(ReviewIndex(tmp_path / "index.sqlite3", run.vault)) as index:
        fill(index, run)
        assert len(index.cases()) == 1
        # It retracts nothing, as extract began behind the first words.
        run.item("the red lamp", record="lamp", revision=2)
        fill(index, run)
        assert index.cases() == []


def test_a_word_that_was_said_before_the_request_could_be_read_counts(
    run: RunBuilder, tmp_path: Path
) -> None:
    run.item("the blue lamp", needs_review=True, asked={})
    (case,) = whole(run)
    assert case.item is not None
    run.command(ConfirmConcern(concern_id=case.id, item=case.item))
    topics = Topics(DataDir(run.write()).logs)
    with closing(ReviewIndex(tmp_path / "index.sqlite3", run.vault)) as index:
        for topic in reversed(TOPICS):
            with index.together():
                for place, record in topics.records(topic):
                    index.take(topic, place, record)
        assert index.cases() == []
