from collections import Counter
from dataclasses import replace

from demo.records import FADING, Key, Sample
from demo.truth import DemoOutcome, Emitted, Rejected, check


def broken_promises(sample: Sample, outcome: DemoOutcome) -> set[str]:
    return {finding.name for finding in check(sample, outcome) if not finding.ok}


def with_themes(outcome: DemoOutcome, themes_of: dict[Key, tuple[str, ...]]) -> DemoOutcome:
    sizes = Counter(theme for themes in themes_of.values() for theme in themes)
    return replace(outcome, themes_of=themes_of, theme_sizes=sizes)


def test_a_perfect_run_keeps_every_promise(sample: Sample, perfect: DemoOutcome) -> None:
    assert broken_promises(sample, perfect) == set()


def test_a_story_split_in_halves_is_not_found(sample: Sample, perfect: DemoOutcome) -> None:
    themes = {
        key: tuple(f"{t}{n % 2}" if t == "S-FEATURE" else t for t in found)
        for n, (key, found) in enumerate(perfect.themes_of.items())
    }
    assert "S-FEATURE found" in broken_promises(sample, with_themes(perfect, themes))


def test_merged_look_alikes_are_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    themes = {
        key: tuple(theme.replace("S-TWIN-B", "S-TWIN-A") for theme in found)
        for key, found in perfect.themes_of.items()
    }
    assert broken_promises(sample, with_themes(perfect, themes)) >= {
        "look-alikes stay apart",
        "S-TWIN-A found",
    }


def test_a_story_without_an_issue_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    issues = [issue for issue in perfect.issues if issue.theme != "S-BILLING"]
    assert broken_promises(sample, replace(perfect, issues=issues)) == {"S-BILLING issue"}


def test_an_issue_about_an_everyday_topic_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    issues = [*perfect.issues, Emitted("map_slow", sample.deliveries[-1].arrived_at, "impact")]
    assert broken_promises(sample, replace(perfect, issues=issues)) == {"no issue without a story"}


def test_a_faded_complaint_among_the_top_ten_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    outcome = replace(perfect, top_ten=[*perfect.top_ten, FADING])
    assert broken_promises(sample, outcome) == {"S-FADING leaves the top 10"}


def test_a_reject_too_many_and_one_too_few_are_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    extra = [*perfect.rejects, Rejected(1, "text", "invalid")]
    assert broken_promises(sample, replace(perfect, rejects=extra)) == {"rejects are those planted"}
    assert broken_promises(sample, replace(perfect, rejects=perfect.rejects[1:])) == {
        "rejects are those planted"
    }


def test_toxic_let_through_and_furious_held_back_are_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    swapped = {
        key: "themed" if truth.toxic else "quarantined" if "furious" in truth.marks else perfect.states[key]
        for key, truth in sample.truths.items()
    }
    assert broken_promises(sample, replace(perfect, states=swapped)) == {
        "toxic held back",
        "furious let through",
    }


def test_a_repeat_taken_for_news_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    receipts = dict(list(perfect.receipts.items())[1:])
    assert broken_promises(sample, replace(perfect, receipts=receipts)) == {"repeats and stale versions"}


def test_a_theme_that_counts_an_item_twice_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    sizes = {**perfect.theme_sizes, "map_slow": perfect.theme_sizes["map_slow"] + 1}
    assert broken_promises(sample, replace(perfect, theme_sizes=sizes)) == {"every concern counted once"}


def test_a_leaked_phone_number_is_noticed_in_any_spacing(sample: Sample, perfect: DemoOutcome) -> None:
    phone = next(s.value for t in sample.truths.values() for s in t.wording.spans if s.type == "PHONE_NUMBER")
    leak = phone.replace(" ", "").replace("-", "")
    assert broken_promises(sample, replace(perfect, public_text=[leak])) == {"no personal data in public"}


def test_too_much_review_is_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    clean = [key for key, truth in sample.truths.items() if truth.labels]
    states = {**perfect.states, **dict.fromkeys(clean[::6], "in_review")}
    assert broken_promises(sample, replace(perfect, states=states)) == {"clean items in review"}


def test_too_few_themed_items_are_noticed(sample: Sample, perfect: DemoOutcome) -> None:
    clean = [key for key, truth in sample.truths.items() if truth.labels]
    states = {**perfect.states, **dict.fromkeys(clean[::4], "waiting")}
    assert broken_promises(sample, replace(perfect, states=states)) == {"clean items themed"}
