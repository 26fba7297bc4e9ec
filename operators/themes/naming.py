"""Ask a model what a theme is called, and take its answer only if it is about what the theme is now.

In: themes that changed, at ticks; answers at their own place in the journal.   Out: questions; a new name with its
evidence, or a refusal with its reason.   State: in the profile (``asked``, ``named``, ``summary``).
A name may say only words that enough people used, like a keyword; its evidence must be words of members.
Elsewhere: who answers (``models.naming``, ``wiring.naming``).
"""

from __future__ import annotations

import re

from pydantic import ValidationError

from contracts.errors import StateCorrupt
from contracts.naming import AnswerRefused, ThemeAnswer, ThemeNaming, ThemeQuestion
from contracts.themes import ThemeEvent
from contracts.unfit import first_unfit
from models.themes.keywords import terms
from operators.ports import Vault
from operators.themes.concerns import Concerns, mark_of
from operators.themes.names import MODEL, PERSON, Names
from operators.themes.profiles import Profiles
from operators.themes.records import Teller
from operators.themes.vocabulary import Vocabulary

ASKED_FROM = 10
"""Concerns that a theme needs before a model is asked: small themes come and go."""
ASKED_A_TICK = 5
"""Questions of one tenant at one tick."""
EXAMPLES = 5
"""Concerns that a question names; all among the latest 5,000, whose words can be checked."""

_UNFIT = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    r"|://|www\.|@|<[A-Z]|\d{4}|\S{31}"
)
"""What no name may hold: control characters, addresses, placeholders, long numbers, words too long to be counted."""


class _Refused(Exception):
    """Why an answer changes nothing; it never leaves this module."""


class Naming:
    """Questions and answers about the themes of one tenant."""

    def __init__(
        self, profiles: Profiles, names: Names, concerns: Concerns, vocabulary: Vocabulary, vault: Vault
    ) -> None:
        self._profiles = profiles
        self._names = names
        self._concerns = concerns
        self._vocabulary = vocabulary
        self._vault = vault

    def question(self, theme: str, tell: Teller) -> ThemeQuestion | None:
        """Ask about a theme, if it is worth it and nobody has been asked about this content yet."""
        profile = self._profiles.table[theme]
        if profile.asked > profile.content or profile.status != "active" or profile.named_by == PERSON:
            return None
        concerns = sum(self._profiles.table[part].concerns for part in self._profiles.family(theme))
        if concerns < ASKED_FROM or not profile.label:
            return None
        closest = (candidate.concern_id for candidate in profile.gallery.closest)
        shown = [name for name in closest if (known := self._concerns.table.get(name)) and known.mark]
        if not shown:
            return None
        profile.asked = profile.content + 1
        self._profiles.table.touch(theme)
        return tell.question(theme, profile, concerns, shown[:EXAMPLES])

    def answered(self, answer: ThemeAnswer, tell: Teller) -> list[ThemeEvent] | AnswerRefused:
        """Take an answer: the renaming for the ledger, none if it is called so already; or why it is refused."""
        try:
            naming = self._checked(answer)
        except _Refused as exc:
            return tell.refused(answer, str(exc))
        language = self._profiles.table[answer.theme_id].group
        renaming = self._names.call(answer.theme_id, naming.name, MODEL)
        said = naming.summary and self._may_be_said(naming.summary, language)
        self._profiles.table[answer.theme_id].summary = naming.summary if said else None
        if renaming is None:
            return []
        why = f"prompt {answer.prompt}, schema {answer.answer_schema}"
        if naming.summary and not said:
            why += "; its summary is left out: too few people use its words"
        cited = list(dict.fromkeys(one.concern_id for one in naming.evidence))
        return [tell.renamed(answer.theme_id, renaming._replace(why=why), cited, f"model {answer.model}")]

    def _checked(self, answer: ThemeAnswer) -> ThemeNaming:
        profile = self._profiles.get(answer.theme_id)
        if profile is None or profile.redirect is not None:
            raise _Refused("there is no such theme any more" if profile else "there is no such theme")
        if profile.content != answer.content:
            raise _Refused("the theme is about something else by now")
        if profile.named_by == PERSON:
            raise _Refused("a person named the theme")
        if answer.answer_schema.split(".")[0] != "1":
            raise _Refused(f"schema {answer.answer_schema} of the answer is not readable here")
        naming = self._opened(answer)
        self._check_evidence(answer, naming)
        if _UNFIT.search(naming.name) or not self._may_be_said(naming.name, profile.group):
            raise _Refused("its name has something in it that too few people say")
        return naming

    def _opened(self, answer: ThemeAnswer) -> ThemeNaming:
        try:
            opened = self._vault.open(answer.tenant, answer.answer)
        except StateCorrupt:  # what somebody else sealed must not stop the stage
            raise _Refused("it does not open with its key") from None
        if opened is None:
            raise _Refused("whose words it was made of was erased")
        try:
            return ThemeNaming.model_validate_json(opened)
        except ValidationError as exc:
            unfit = first_unfit(exc)
            raise _Refused(f"it is no naming: {unfit.field}: {unfit.why}") from None

    def _check_evidence(self, answer: ThemeAnswer, naming: ThemeNaming) -> None:
        sources = {source.concern_id: source.text for source in answer.sources}
        for one in naming.evidence:
            sealed, known = sources.get(one.concern_id), self._concerns.table.get(one.concern_id)
            if sealed is None:
                raise _Refused(f"it cites concern {one.concern_id}, which it was not shown")
            if known is None or known.theme is None or self._profiles.root(known.theme) != answer.theme_id:
                raise _Refused(f"it cites concern {one.concern_id}, which is no member now")
            opened = self._vault.open(answer.tenant, sealed) if known.mark == mark_of(sealed) else None
            if opened is None:
                raise _Refused(f"the words of concern {one.concern_id} are not those that it was shown")
            if not 0 <= one.start < one.end <= len(opened.decode()):
                raise _Refused(f"it cites words that concern {one.concern_id} does not have")

    def _may_be_said(self, text: str, language: str) -> bool:
        """Whether enough people have used every word: a rare one may be a name that redaction missed."""
        if _UNFIT.search(text):
            return False
        words = [word for word in terms(text, language) if " " not in word]
        return all(self._vocabulary.knows(word) for word in words)
