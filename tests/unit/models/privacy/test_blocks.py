"""Letterheads and signatures."""

from models.privacy.blocks import BlockDetector

DETECTOR = BlockDetector()


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in DETECTOR.find([text], ["und"])[0]]


def test_names_above_an_address_are_persons_and_lines_below_places() -> None:
    text = "> Zoë Ardent\n> Quillworks\n>\n> 12 High Street\n> Featherham"
    assert found(text) == [("PERSON", "Zoë Ardent"), ("PERSON", "Quillworks"), ("LOCATION", "Featherham")]


def test_short_lines_without_an_anchor_are_feedback() -> None:
    assert found("Crashes\nSlow sync\nUgly icons\nNo export") == []


def test_prose_around_an_anchor_stays() -> None:
    assert (
        found("The export fails again.\nPlease call me at 450 0840 about it!\nIt is really urgent, thanks.")
        == []
    )
