"""Whose sealed quotes stand for a theme: distinct speakers first, then the newest, at most as many as the policy wants.

State: none of its own; a concern's row holds its quote, a theme's row names the concerns whose quotes stand for it.
"""

from __future__ import annotations

from contracts.stages import AssignmentFacts
from operators.prioritise.rows import Counted, Evidence, ThemeRow
from operators.state import Table


class Voices:
    """The quotes of one tenant; its rows in ``concerns`` begin with ``start``, and a theme has ``most`` at most."""

    def __init__(self, concerns: Table[Counted], start: str, most: int) -> None:
        self._concerns = concerns
        self._start = start
        self._most = most

    def add(self, theme: ThemeRow, concern: str, row: Counted) -> None:
        """A concern came into a theme: its quote stands for it, perhaps in another's place."""
        if row.evidence is None:
            return
        theme.voices.append([concern, row.who])
        if len(theme.voices) > self._most:
            speakers = [who for _, who in theme.voices]
            twice = (n for n, who in enumerate(speakers) if speakers.count(who) > 1)
            voice, _ = theme.voices.pop(next(twice, 0))
            self._let_go(voice)

    def erase(self, theme: ThemeRow, subject: str) -> bool:
        """Drop the quotes of a data subject, which nobody can open any more; whether there were any."""
        gone = [voice for voice in theme.voices if self._is_of(voice[0], subject)]
        for voice in gone:
            theme.voices.remove(voice)
            self._let_go(voice[0])
        return bool(gone)

    def _is_of(self, concern: str, subject: str) -> bool:
        evidence = self._concerns[self._start + concern].evidence
        return evidence is not None and evidence.sealed.subject == subject

    def _let_go(self, concern: str) -> None:
        self._concerns[self._start + concern].evidence = None
        self._concerns.touch(self._start + concern)


def evidence_of(item_id: str, about: AssignmentFacts) -> Evidence | None:
    """The quote of a concern; None where its words must not leave."""
    if about.quote is None:
        return None
    return Evidence(about.quote, item_id, about.facts.source, about.facts.source_url)
