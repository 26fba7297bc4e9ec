"""Our Markdown as Atlassian's document format, which Jira's interface takes instead of text.

Only what our own issues use: paragraphs, bold, links, code, quotations, lists and tables. Whatever else Markdown knows
becomes its text, so nothing is lost and nothing of it acts. Empty text nodes, which Jira refuses, are never made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Node = dict[str, Any]

LONGEST_CHARS = 30_000
"""Of the Markdown; Jira refuses documents of somewhat more than 32,000 characters."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_BLOCKS = {
    "paragraph": "paragraph", "blockquote": "blockquote", "bullet_list": "bulletList", "table": "table",
    "ordered_list": "orderedList", "list_item": "listItem", "tr": "tableRow", "th": "tableHeader",
    "td": "tableCell", "heading": "heading",
}  # fmt: skip
_MARKS = {"strong": "strong", "em": "em"}


def adf(markdown: str) -> Node:
    """The document.

    >>> adf("**a**")["content"]
    [{'type': 'paragraph', 'content': [{'type': 'text', 'text': 'a', 'marks': [{'type': 'strong'}]}]}]
    """
    tokens = iter(_MARKDOWN.parse(markdown[:LONGEST_CHARS]))
    content = _blocks(tokens, None) or [_paragraph([_text("–", [])])]
    return {"type": "doc", "version": 1, "content": content}


def plain_text(document: Any) -> str:
    """All text of a document, for comparing; Jira changes the rest as it likes."""
    if isinstance(document, dict):
        own = str(document.get("text", ""))
        return own + "".join(plain_text(part) for part in document.get("content") or ())
    return document if isinstance(document, str) else ""


def _blocks(tokens: Iterator[Token], until: str | None) -> list[Node]:
    found: list[Node] = []
    for token in tokens:
        if token.type == until:
            break
        if token.type == "inline":
            found += [part for part in [_paragraph(_inline(token.children or []))] if part["content"]]
        elif token.type in ("fence", "code_block"):
            found.append({"type": "codeBlock", "content": [_text(token.content or " ", [])]})
        elif token.type == "hr":
            found.append({"type": "rule"})
        elif token.nesting == 1:
            found += _nested(token, tokens)
    return found


def _nested(token: Token, tokens: Iterator[Token]) -> list[Node]:
    name = token.type.removesuffix("_open")
    inner = _blocks(tokens, f"{name}_close")
    kind = _BLOCKS.get(name)
    if kind is None or kind == "paragraph":  # thead, tbody: Jira's tables have rows at once
        return inner
    if kind == "heading":
        return [{**part, "type": kind, "attrs": {"level": int(token.tag[1:])}} for part in inner]
    if kind in ("tableCell", "tableHeader") and not inner:
        inner = [_paragraph([])]
    return [{"type": kind, "content": inner}] if inner else []


def _inline(children: Sequence[Token]) -> list[Node]:
    found: list[Node] = []
    marks: list[Node] = []
    for token in children:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in _MARKS or name == "link":
            if token.nesting == 1:
                marks.append(_mark(name, token))
            else:
                marks.pop()
        elif token.type == "hardbreak":
            found.append({"type": "hardBreak"})
        elif text := " " if token.type == "softbreak" else token.content:
            code = [{"type": "code"}] if token.type == "code_inline" else []
            found.append(_text(text, [*(marks if not code else _links(marks)), *code]))
    return found


def _mark(name: str, token: Token) -> Node:
    if name == "link":
        return {"type": "link", "attrs": {"href": str(token.attrGet("href") or "")}}
    return {"type": _MARKS[name]}


def _links(marks: Sequence[Node]) -> list[Node]:
    """Code goes with no other mark than a link."""
    return [mark for mark in marks if mark["type"] == "link"]


def _text(text: str, marks: Sequence[Node]) -> Node:
    return {"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}


def _paragraph(content: list[Node]) -> Node:
    return {"type": "paragraph", "content": content}
