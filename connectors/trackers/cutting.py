"""Cut our own quotations and account names out of a text that people may have edited; all else stays as it is.

In:    Markdown (Linear) or Atlassian's document format (Jira), and what is ours, told by hashes of its letters and
digits: trackers change marks, escapes and spaces of what they are given, but no letter.   Out: the text without it.
A quotation of ours is two paragraphs of a block quote, what was said and its source (``operators.linear_issue``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category

Digest = Callable[[str], str]

_QUOTED = re.compile(r"\s{0,3}>[>\s]*")
_NAMES = re.compile(r"(?m)(Accounts|Affected customers): (.+)\.[ \t]*$")
_MORE = re.compile(r" and \d+ more$")
_TIER = re.compile(r"\(\w+\)$")
"""Behind a ``bare_name``."""

LONGEST_NAME = 220
"""Characters of an account (``contracts.feedback``) and its tier: no more of a list is tried as one name."""


def letters(text: str) -> str:
    r"""The letters and digits of a text, which is what its hashes are of.

    >>> letters("> It *hurts*\\.")
    'Ithurts'
    """
    return "".join(one for one in text if one.isalnum())


def bare_name(name: str) -> str:
    r"""A name without what escaping and line breaks add to it.

    >>> bare_name("north\\-wind")
    'north-wind'
    """
    return "".join(one for one in name if one != "\\" and not one.isspace() and category(one) != "Cf")


@dataclass
class Ours:
    """Hashes of what is to go: ``blocks`` (quotations with their sources), ``words`` (quotations alone), ``names``.

    ``found`` are the blocks that stood there; ``altered`` the words that stand there yet, in no block of ours.
    """

    blocks: frozenset[str]
    words: frozenset[str]
    names: frozenset[str]
    digest: Digest
    found: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)

    def is_block(self, text: str) -> bool:
        """Whether letters are those of a quotation with its source."""
        hashed = self.digest(text)
        if hashed in self.blocks:
            self.found.add(hashed)
        return hashed in self.blocks

    def look(self, text: str) -> None:
        """Note whether letters are those of a quotation, wherever they stand."""
        if (hashed := self.digest(text)) in self.words:
            self.altered.add(hashed)

    def is_name(self, name: str) -> bool:
        """Whether an account is one of those that go."""
        return bool(self.names) and self.is_bare(bare_name(name))

    def is_bare(self, name: str) -> bool:
        """Whether a ``bare_name`` is that of an account that goes."""
        return self.digest(name) in self.names


def cut(text: Any, ours: Ours) -> Any:
    """Markdown or a document without what is ours; the same object where nothing of it stands there."""
    return _cut_document(text, ours) if isinstance(text, dict) else _cut_markdown(str(text or ""), ours)


# -- Markdown --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph of a block quote: its lines, and its letters."""

    start: int
    end: int
    text: str


def _cut_markdown(text: str, ours: Ours) -> str:
    lines = text.split("\n")
    units = list(_units(lines))
    gone: set[int] = set()
    for first, second in zip(units, [*units[1:], None], strict=False):  # no units: the None is left over
        if second is not None and ours.is_block(first.text + second.text):
            gone.update(range(first.start, second.end))
        elif ours.is_block(first.text):
            gone.update(range(first.start, first.end))
    kept = "\n".join(_without(lines, gone)) if gone else text
    for line in kept.split("\n"):
        ours.look(letters(line))
    return _NAMES.sub(lambda told: _renamed(told, ours), kept) if ours.names else kept


def _units(lines: Sequence[str]) -> Iterator[_Unit]:
    start, said = 0, list[str]()
    for number, line in enumerate([*lines, ""]):
        mark = _QUOTED.match(line)
        rest = line[mark.end() :] if mark else ""
        if rest.strip():
            start = start if said else number
            said.append(rest)
        elif said:
            yield _Unit(start, number, letters(" ".join(said)))
            said = []


def _without(lines: Sequence[str], gone: set[int]) -> Iterator[str]:
    """The lines that stay; of what separated the cut ones one blank line stays."""
    after_cut, last = False, ""
    for number, line in enumerate(lines):
        if number in gone:
            after_cut = True
        elif after_cut and not line.strip(" >\t"):
            continue
        else:
            if after_cut and last.strip():
                yield ""
            after_cut, last = False, line
            yield line
    if after_cut:
        yield ""


def _renamed(told: re.Match[str], ours: Ours) -> str:
    """A list of names without ours; nothing where none is left."""
    listed, more = told[2], _MORE.search(told[2])
    listed = listed[: more.start()] if more else listed
    kept = list(_names_kept(listed.split(", "), ours, with_tier=told[1] == "Affected customers"))
    if len(kept) == len(listed.split(", ")):
        return told[0]
    return f"{told[1]}: {', '.join(kept) or '–'}{more[0] if more else ''}."


def _names_kept(parts: Sequence[str], ours: Ours, *, with_tier: bool) -> Iterator[str]:
    """The parts that are of no name of ours; a name may hold the comma and the brackets that its list is made of."""
    bare, start = [bare_name(part) for part in parts], 0
    while start < len(parts):
        found = (
            end
            for end, name in _from(bare, start)
            if ours.is_bare(_TIER.sub("", name) if with_tier else name)
        )
        end = next(found, None)
        if end is None:
            yield parts[start]
        start = end or start + 1


def _from(parts: Sequence[str], start: int) -> Iterator[tuple[int, str]]:
    """What may be a name that begins at a part, with where it ends."""
    name = parts[start]
    yield start + 1, name
    for end, part in enumerate(parts[start + 1 :], start + 2):
        name = f"{name},{part}"
        if len(name) > LONGEST_NAME:
            return
        yield end, name


# -- Atlassian's document format -------------------------------------------------------------------------


def _cut_document(node: dict[str, Any], ours: Ours) -> dict[str, Any]:
    content = node.get("content")
    if not isinstance(content, list):
        return _cut_text(node, ours)
    kept = [_cut_document(part, ours) for part in _parts(node, content, ours)]
    if not kept and content:
        kept = [{"type": "paragraph", "content": [{"type": "text", "text": "–"}]}]
    if node.get("type") in ("paragraph", "heading"):
        ours.look(_letters_of(node))
    same = len(kept) == len(content) and all(one is other for one, other in zip(kept, content, strict=True))
    return node if same else {**node, "content": kept}


def _parts(node: dict[str, Any], content: Sequence[Any], ours: Ours) -> Iterator[dict[str, Any]]:
    """The children that stay: no block quote of ours, and in a block quote no two paragraphs that are one."""
    quotes = node.get("type") == "blockquote"
    skip = 0
    for number, part in enumerate(content):
        if skip:
            skip -= 1
            continue
        following = content[number + 1 : number + 2]
        if quotes and following and ours.is_block(_letters_of(part) + _letters_of(following[0])):
            skip = 1
        elif not (part.get("type") == "blockquote" and ours.is_block(_letters_of(part))):
            yield part


def _letters_of(node: dict[str, Any]) -> str:
    """Letters of a node, a link's address behind its text, as Markdown has it."""
    href = "".join(
        str((mark.get("attrs") or {}).get("href", ""))
        for mark in node.get("marks") or ()
        if mark.get("type") == "link"
    )
    inner = "".join(_letters_of(part) for part in node.get("content") or ())
    return letters(str(node.get("text", ""))) + letters(href) + inner


def _cut_text(node: dict[str, Any], ours: Ours) -> dict[str, Any]:
    text = node.get("text")
    if not ours.names or not isinstance(text, str):
        return node
    kept = _NAMES.sub(lambda told: _renamed(told, ours), text)
    return node if kept == text else {**node, "text": kept}
