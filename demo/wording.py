"""A slot becomes a text: greeting, concern, support, rage, second concern, personal data, close, slips.

Offsets of concerns and personal data are those of the finished plain text. Typing slips never touch
personal data, so a planted value is found as it was planted.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from demo.grammar import Bag, Phrases, Topic
from demo.people import SPAN_TYPES, personal_data
from demo.plan import Slot
from demo.records import PlannedConcern, Span, Wording

_FORMAL = frozenset({"intercom", "zendesk"})
_SHORT = frozenset({"app_store", "typeform"})
_PERSONAL_WEIGHTS = {"email": 30, "phone": 25, "person": 20, "address": 12, "card": 12, "iban": 12}
_MAX_TRIES = 8


@dataclass(slots=True)
class _Piece:
    text: str
    label: str | None = None
    span: tuple[str, str] | None = None


@dataclass(slots=True)
class _Draft:
    slot: Slot
    source: str
    pieces: list[_Piece] = field(default_factory=list)

    def add(self, text: str, label: str | None = None) -> None:
        self.pieces.append(_Piece(text, label))


class Writer:
    """Words slots one after the other; repeats a text only when eight tries found no new one."""

    def __init__(self, phrases: Phrases, rng: random.Random) -> None:
        self._phrases, self._rng = phrases, rng
        self._bags: dict[tuple[str, str, str], Bag] = {}
        self._used: set[str] = set()

    def word(self, slot: Slot, source: str) -> Wording:
        """The wording of one slot as somebody would write it to ``source``."""
        wording = self._attempt(slot, source)
        for _ in range(_MAX_TRIES):
            if wording.text not in self._used:
                break
            wording = self._attempt(slot, source)
        self._used.add(wording.text)
        return wording

    def amend(self, wording: Wording) -> Wording:
        """The same wording with a remark at its end, as a person edits a ticket."""
        remark = self._draw("tone", "amend", self._phrases.tone["amend"])
        return Wording(f"{wording.text} {remark}", wording.concerns, wording.spans)

    def _attempt(self, slot: Slot, source: str) -> Wording:
        draft = _Draft(slot, source)
        if slot.toxic is not None:
            draft.add(self._phrases.toxic[slot.toxic])
        elif slot.label is None:
            draft.add(self._draw("chatter", slot.lang, self._phrases.chatter[slot.lang]))
        else:
            self._tell(draft, self._topic(slot.label))
        if draft.pieces[-1].label is not None and self._rng.random() < 0.12:
            draft.pieces[-1].text = draft.pieces[-1].text.removesuffix(".")
        return _join(draft.pieces, "\n" if source in _FORMAL and self._rng.random() < 0.35 else " ")

    def _topic(self, label: str) -> Topic:
        return self._phrases.stories.get(label) or self._phrases.topics[label]

    def _draw(self, kind: str, name: str, patterns: tuple[str, ...]) -> str:
        return self._bags.setdefault((kind, name, ""), Bag(patterns)).draw(self._rng)

    def _tell(self, draft: _Draft, topic: Topic) -> None:
        rng, slot, lang = self._rng, draft.slot, draft.slot.lang
        suffix = "" if lang == "en" else f"_{lang}"
        if rng.random() < (0.4 if draft.source in _FORMAL else 0.08):
            draft.add(self._tone("greet" + suffix))
        draft.add(self._concern(topic, slot), slot.label)
        if slot.furious:
            draft.add(self._draw("rage", topic.name, topic.rage))
        if slot.second is not None:
            second = self._topic(slot.second)
            draft.add(self._tone("join"))
            draft.add(self._slips(_run_on(self._say(second, "en"), draft.pieces[-1].text), rng), second.name)
        if slot.personal:
            draft.pieces += self._personal(lang)
        if not slot.furious and rng.random() < (0.35 if draft.source in _FORMAL else 0.12):
            draft.add(self._tone("close" + (suffix or f"_{topic.mood}")))
        if rng.random() < (0.18 if draft.source in _SHORT else 0.04):
            draft.add(rng.choice(self._phrases.tone[f"emoji_{topic.mood}"][0].split("|")))

    def _tone(self, part: str) -> str:
        return self._draw("tone", part, self._phrases.tone[part])

    def _say(self, topic: Topic, lang: str) -> str:
        return self._draw(f"say_{lang}", topic.name, topic.say[lang])

    def _concern(self, topic: Topic, slot: Slot) -> str:
        """The main sentence and, for half of the items, one or two that support it."""
        sentences = [self._say(topic, slot.lang)]
        chance = self._rng.random()
        for bound in (0.48, 0.08):
            if slot.lang == "en" and topic.more and chance < bound:
                support = self._draw("more", topic.name, topic.more)
                sentences += [support] if support not in sentences else []
        if len(sentences) == 2 and self._rng.random() < 0.25:
            sentences.reverse()
        return self._slips(" ".join(sentences), self._rng)

    def _slips(self, text: str, rng: random.Random) -> str:
        """How people type: some small letters, some wrong letters."""
        if rng.random() < 0.10:
            text = text.lower()
        return _mistype(text, rng) if rng.random() < 0.12 else text

    def _personal(self, lang: str) -> list[_Piece]:
        """One sentence that gives away something personal, in the words of tone.yaml."""
        kind = self._rng.choices(list(_PERSONAL_WEIGHTS), weights=list(_PERSONAL_WEIGHTS.values()))[0]
        value = personal_data(kind, lang, self._rng)
        part = f"pii_{kind}" if lang == "en" else f"pii_{kind}_{lang}"
        return [_Piece(self._tone(part).replace("@", value), span=(SPAN_TYPES[kind], value))]


def _run_on(text: str, before: str) -> str:
    """Small first letter after a comma, unless the first word is a name or an abbreviation."""
    word = text.split(" ", 1)[0]
    named = word in {"I", "I'd", "I'm", "Harborline", "Zebra"} or word[1:] != word[1:].lower()
    return text if named or not before.endswith(",") else text[0].lower() + text[1:]


def _mistype(text: str, rng: random.Random) -> str:
    """Swap, drop or double one letter inside one longer word."""
    words = text.split(" ")
    long_ones = [n for n, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    if not long_ones:
        return text
    place = rng.choice(long_ones)
    word, at = words[place], rng.randrange(1, len(words[place]) - 2)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    words[place] = rng.choice((swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))
    return " ".join(words)


def _join(pieces: list[_Piece], between: str) -> Wording:
    """Lay the pieces out in order and note where concerns and personal data came to lie."""
    text, concerns, spans = "", [], []
    for piece in pieces:
        # A greeting or a joining word stays on the line of what follows it.
        gap = "" if not text else " " if text.endswith((",", ":")) else between
        start = len(text) + len(gap)
        text += gap + piece.text
        if piece.label is not None:
            concerns.append(PlannedConcern(piece.label, start, len(text)))
        if piece.span is not None:
            kind, value = piece.span
            at = text.index(value, start)
            spans.append(Span(kind, at, at + len(value), value))
    return Wording(text, tuple(concerns), tuple(spans))
