"""HTML becomes text; text stays what it is."""

import pytest

from models.markup import plain_text
from models.markup.plain import MAX_CHARS


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>It fails.</p><p>Always.</p>", "It fails.\n\nAlways."),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br/><br/>three", "one\ntwo\n\nthree"),
        ("<ul><li>one</li><li>two</li></ul>tail", "one\ntwo\n\ntail"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("in<b>line</b> stays", "inline stays"),
        ("<style>p{}</style><script>alert(1)</script>kept", "kept"),
        ("<!-- hidden --><p>shown</p>", "shown"),
        ("<p>a &lt; b &amp; c&nbsp;d</p>", "a < b & c d"),
        ("<p>unclosed <a href='x'>link", "unclosed link"),
        ("<b>x<y</b> and y>z", "x<y and y>z"),
    ],
)
def test_markup_becomes_the_text_a_reader_sees(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "text",
    ["a < b and c > d", "I <3 it", "use List<String> here", "name <jo@example.org> wrote", "5 < 6 & 7", ""],
)
def test_text_that_is_no_markup_passes_unharmed(text: str) -> None:
    assert plain_text(text) == text


def test_entities_outside_of_markup_are_decoded() -> None:
    assert plain_text("Tom &amp; Jerry &#128512;") == "Tom & Jerry \U0001f600"


def test_control_and_invisible_characters_are_dropped_and_accents_composed() -> None:
    assert plain_text("a\x00b\u200bc\ufeff \u202ee\u0301") == "abc \u00e9"


def test_line_ends_are_unified_and_blank_lines_limited_to_one() -> None:
    assert plain_text("a\r\n\r\n\r\n\r\nb\rc") == "a\n\nb\nc"


@pytest.mark.parametrize(
    "bomb", ["<div>" * 300_000 + "x", "<" * 300_000, "<p " * 100_000, "<b>" * 19_000 + "x", "&" * 300_000]
)
def test_huge_and_deep_input_is_bounded(bomb: str) -> None:
    assert len(plain_text(bomb)) <= MAX_CHARS
