"""Name a theme by the sentence that says it best: no network, no weights, and nothing that nobody said.

In: members' redacted words, the closest to the centroid first.   Out: the clause with most of the theme's keywords as
its name, that sentence as its line, and its place as evidence. The same words give the same name.
"""

from __future__ import annotations

import re

from contracts.naming import MAX_NAME, MAX_SUMMARY, PROMPT, ThemeNaming
from models.naming.base import NamingTask, Shown, evidence_of
from models.segments.sentences import sentences
from models.segments.small_talk import is_small_talk
from models.themes.keywords import stem, terms

VERSION = "extractive-1"
TITLE_CHARS = 60
"""A name is read in a list; a longer clause is cut at a word."""

_CLAUSE_END = re.compile(r"[,;:–—()]\s|\s-\s")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*?(?:_\d+)?>")
_LEAST_WORDS = 3


class ExtractiveNamer:
    """The most telling sentence of a theme's members.

    >>> namer = ExtractiveNamer()
    >>> task = NamingTask(("csv", "export"), "en", (Shown("a", "Hi all. The CSV export is empty, again!"),))
    >>> namer.name_one(task).name
    'The CSV export is empty'
    """

    @property
    def model(self) -> str:
        """``extractive-1``; changes when a name would."""
        return VERSION

    @property
    def prompt(self) -> str:
        """The prompt that it fulfils."""
        return PROMPT

    def name_one(self, task: NamingTask) -> ThemeNaming:
        """A name with its evidence. Raises ``RejectItem`` where nothing was shown that could be one."""
        wanted = {stem(word) for keyword in task.keywords for word in keyword.split()}
        found = [(shown, quote) for shown in task.texts for quote in _sentences(shown)]
        found = found or [(shown, shown.text.strip()) for shown in task.texts]
        shown, quote = max(found, key=lambda one: _worth(one[1], wanted, task.language))  # ties to the first
        clauses = [clause.strip(" .!?…\"'") for clause in _CLAUSE_END.split(quote)]
        fit = [c for c in clauses if len(c.split()) >= _LEAST_WORDS and not _PLACEHOLDER.search(c)] or [quote]
        title = max(fit, key=lambda clause: _worth(clause, wanted, task.language))
        return ThemeNaming(
            name=_cut(" ".join(title.split()), TITLE_CHARS)[:MAX_NAME],
            summary=_cut(" ".join(quote.split()), MAX_SUMMARY),
            evidence=evidence_of([(shown.concern_id, quote)], task.texts),
        )


def _sentences(shown: Shown) -> list[str]:
    spans = sentences(shown.text)
    said = [shown.text[one.start : one.end] for one in spans]
    return [one for one in said if len(one.split()) >= _LEAST_WORDS and not is_small_talk(one)]


def _worth(text: str, wanted: set[str], language: str) -> tuple[int, int]:
    """Keywords in it, then: no placeholder stands where the matter should."""
    stems = {stem(word) for term in terms(text, language) for word in term.split()}
    return len(stems & wanted), -len(_PLACEHOLDER.findall(text))


def _cut(line: str, chars: int) -> str:
    if len(line) <= chars:
        return line
    at = line.rfind(" ", 0, chars)
    return line[: at if at > 0 else chars - 1].rstrip(" ,;:–—-") + "…"
