"""What is quarantined as toxic, and what is only angry."""

import pytest

from models.toxicity import ToxicityDetector

DETECTOR = ToxicityDetector()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Kill yourself", "self_harm"),
        ("k.y.s please", "self_harm"),
        ("I hope you die in a fire", "self_harm"),
        ("I will hurt you", "threat"),
        ("I will find and kill your family", "threat"),
        ("I know where you live, support.", "threat"),
        ("i know where that rep lives", "threat"),
        ("I'm gonna smash her teeth", "threat"),
        ("we will find you and hurt you", "threat"),
        ("They should go hang themselves", "self_harm"),
        ("i hope the moron on your desk gets cancer", "self_harm"),
        ("The developer is a faggot", "slur"),
        ("F4gg0t devs", "slur"),
        ("what a f*ggot", "slur"),
        ("Those immigrants are vermin", "hate"),
        ("You stupid b1tch", "harassment"),
        ("Your support agent is a lazy cunt", "harassment"),
    ],
)
def test_an_attack_on_people_is_quarantined_with_its_reason(text: str, reason: str) -> None:
    verdict = DETECTOR.judge([text])[0]
    assert verdict.quarantine
    assert verdict.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "This f***ing app is trash, fix your shit!!!",
        "You are idiots, worst company ever, fuck you all",
        "The new update is so retarded",
        "This app is a bitch to set up",
        "You guys are killing it",
        "This will kill you battery wise, it killed my phone",
        "I'll shoot you an email tomorrow",
        "You beat you to it, I'm going to beat you to it",
        "I'd kill for a dark mode",
        "You're dead to me, uninstalling",
        "I hope this battery dies slower after the fix",
        "I hope they get it fixed before my phone dies",
        "We will be waiting for your answer, make sure you get it right",
        "I will wait for you and beat the deadline",
        "The app will just die after a minute",
        "Hang up on me again and I cancel",
        "A chink in the armour: the cracker barrel ad",
        "Spotify is queer-friendly, thanks",
        "die App stürzt ab",
        "Order 455 h3llo x11 k20",
        "",
    ],
)
def test_anger_and_harmless_look_alikes_pass(text: str) -> None:
    assert not DETECTOR.judge([text])[0].quarantine


def test_a_verdict_does_not_depend_on_its_neighbours() -> None:
    texts = ["Kill yourself", "Great app", "You stupid bitch"]
    assert DETECTOR.judge(texts) == [DETECTOR.judge([text])[0] for text in texts]


def test_the_score_is_what_decides_the_quarantine() -> None:
    high, none = DETECTOR.judge(["go drink bleach", "lovely"])
    assert high.score >= 0.7
    assert (none.score, none.reason) == (0.0, None)
