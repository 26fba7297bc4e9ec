"""Turn HTML or text into plain text.

In:  one body as a channel delivered it.  Out: NFC text without tags, scripts, control or invisible characters;
     paragraphs are kept as blank lines, at most one in a row.
Law: text that holds no known HTML tag is never parsed, so ``a < b`` and ``<3`` pass unharmed; cleaning twice is
     cleaning once, except that an escaped tag (``&lt;b&gt;``) becomes text at the first pass and a tag at a second.
State: none."""

import html
import re
import unicodedata
from typing import Final

from selectolax.lexbor import LexborHTMLParser

# Longest input that is looked at. A feedback text is a few kB; beyond this it is an attachment or an attack.
MAX_CHARS: Final = 200_000
# Deepest run of open tags that is parsed as HTML; deeper input falls back to cutting tags out by pattern.
MAX_OPEN_TAGS: Final = 20_000

_DROPPED: Final = ("script", "style", "head", "template", "noscript", "svg", "iframe", "object", "title")
_PARAGRAPHS: Final = (
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "table",
    "blockquote",
    "pre",
    "section",
)
_LINES: Final = ("div", "li", "tr", "dt", "dd", "article", "header", "footer", "hr", "form")
_CELLS: Final = ("td", "th")
_INLINE: Final = (
    *(
        "a",
        "abbr",
        "b",
        "big",
        "body",
        "button",
        "center",
        "code",
        "del",
        "em",
        "font",
        "html",
        "i",
        "img",
        "input",
    ),
    *(
        "ins",
        "label",
        "link",
        "main",
        "mark",
        "meta",
        "nav",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
    ),
    *("tbody", "thead", "tfoot", "tt", "u", "video", "audio", "br", "wbr"),
)
_NAMES: Final = "|".join(sorted({*_DROPPED, *_PARAGRAPHS, *_LINES, *_CELLS, *_INLINE}, key=len, reverse=True))
_KNOWN_TAG: Final = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]{{0,4000}})?/?>|<!--|<!doctype\b", re.IGNORECASE)
# A "<" that opens no known tag is text: escaped before parsing, so that the parser cannot swallow what follows.
_STRAY_OPEN: Final = re.compile(
    rf"<(?!/?(?:{_NAMES})(?:\s[^<>]{{0,4000}})?/?>|!--|!doctype\b)", re.IGNORECASE
)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff]"
)
_BREAKS: Final = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINE_EDGES: Final = re.compile(r" ?\n ?")
_MANY_LINES: Final = re.compile(r"\n{3,}")
# Private-use marks that stand for the edge of a line, the edge of a paragraph and a <br> while the tree is flattened.
_LINE_MARK: Final = "\ue000"
_PARAGRAPH_MARK: Final = "\ue001"
_BREAK_MARK: Final = "\ue002"
_MARKS: Final = re.compile("[\ue000-\ue002]")
_MARK_RUN: Final = re.compile("[ \ue000-\ue002]*[\ue000-\ue002][ \ue000-\ue002]*")


def plain_text(html_or_text: str) -> str:
    """Return the readable text of ``html_or_text``: NFC, paragraphs kept, no markup and no control characters.

    Input beyond 200,000 characters is cut off before anything is parsed. Raises nothing.

    >>> plain_text("<p>It fails.</p><p>a &lt; b<br>always</p>")
    'It fails.\\n\\na < b\\nalways'
    >>> plain_text("a < b and I <3 it")
    'a < b and I <3 it'
    """
    text = _MARKS.sub(" ", html_or_text[:MAX_CHARS])
    if _KNOWN_TAG.search(text):
        text = _flatten(_COMMENT.sub(" ", text))
    elif _ENTITY.search(text):
        text = html.unescape(text)
    return _tidy(text)


def _flatten(text: str) -> str:
    """Text of an HTML document, line and paragraph ends as newlines."""
    text = _STRAY_OPEN.sub("&lt;", text)
    if text.count("<") > MAX_OPEN_TAGS:
        return html.unescape(_KNOWN_TAG.sub(" ", text))
    tree = LexborHTMLParser(text)
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(list(_DROPPED), recursive=True)
    for selector, mark in ((_PARAGRAPHS, _PARAGRAPH_MARK), (_LINES, _LINE_MARK), (_CELLS, " ")):
        for node in tree.css(", ".join(selector)):
            node.insert_before(mark)
            node.insert_after(mark)
    for node in tree.css("br"):
        node.insert_before(_BREAK_MARK)
    flat = _BLANKS.sub(" ", body.text(deep=True).replace("\n", " "))
    return _MARK_RUN.sub(_breaks_of, flat)


def _breaks_of(run: re.Match[str]) -> str:
    """A run of marks is a blank line when it holds a paragraph's edge or two <br>, else one newline."""
    marks = run.group()
    return "\n\n" if _PARAGRAPH_MARK in marks or marks.count(_BREAK_MARK) > 1 else "\n"


def _tidy(text: str) -> str:
    """NFC, no control characters, single spaces, at most one blank line in a row, no space at the ends."""
    text = _UNWANTED.sub("", _BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", text)
    return _MANY_LINES.sub("\n\n", _LINE_EDGES.sub("\n", _BLANKS.sub(" ", text))).strip()
