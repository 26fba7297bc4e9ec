"""Judge whether a text attacks people: slurs, hate, threats, urging to self-harm, harassment of a person.

In:  plain texts.  Out: a score from 0 to 1, the reason, and whether to quarantine.
Anger is not toxicity: profanity, insults at a product or a company and "you are useless" pass.
How: a compact lexicon (``lexicon.toml``) and sentence patterns over text with its disguises undone. State: none."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from models.toxicity.fold import folded

# From this score on a text is quarantined. Rules below it leave a trace for whoever sorts, and let the text pass.
QUARANTINE_AT: Final = 0.7

# Who is spoken to, or of: "your" only where it stands for "you're".
_YOU: Final = (
    r"(?:you|u|youre|ya|yall|she is|shes|he is|hes|they are|theyre"
    r"|(?:your|the|that|this)(?: \w+)? (?:agent|rep|representative|employee|manager|driver|advisor|guy|woman|ceo)s?"
    r"|(?:your|ur)(?= (?:an?|such|just|nothing but|all)\b))"
)
_DEGREES: Final = (
    r"(?: (?:are|is|was|were|r|an?|the|all|such|just|nothing but|fucking|fuckin|effing|damn|goddamn|dirty|filthy|stupid"
    r"|dumb|ugly|fat|little|lil|worthless|lazy|old|creepy|ass|lying|ignorant|disgusting|pathetic)){0,6}"
)
# Somebody who works there, by what they do.
_STAFF: Final = (
    r"(?:your|the|that|this) (?:\w+ )?(?:agent|rep|representative|employee|manager|driver|advisor|operator|supervisor"
    r"|colleague|secretary|receptionist|woman|girl|lady)s?(?!\w)"
)
# "shoot you an email", "beat you to it", "cut you off", "break you in": the verb is none of violence.
_HARMLESS: Final = (
    r"(?! (?:an?|the|some|over|off|down|up|in|to it|out of|email|message|link|slack|break|deal|check)\b)"
)


@dataclass(frozen=True, slots=True)
class Toxicity:
    """How much a text attacks people (0 to 1), why (``slur hate threat self_harm harassment`` or None), what to do."""

    score: float
    reason: str | None
    quarantine: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    """A text that holds ``pattern`` has at least ``score`` for ``reason``."""

    reason: str
    score: float
    pattern: re.Pattern[str]


class ToxicityDetector:
    """The rules of this module, strongest first.

    >>> detector = ToxicityDetector()
    >>> [t.quarantine for t in detector.judge(["This fucking app is trash!!", "Kill yourself, k?"])]
    [False, True]
    """

    def __init__(self) -> None:
        self._rules = _rules()

    def judge(self, texts: Sequence[str]) -> list[Toxicity]:
        """Return one verdict per text, in order; a verdict depends on its text only. Raises nothing."""
        return [self._judge_one(text) for text in texts]

    def _judge_one(self, text: str) -> Toxicity:
        plain = folded(text)
        hit = next((rule for rule in self._rules if rule.pattern.search(plain)), None)
        if hit is None and _masked_slur(plain):
            hit = _MASKED
        if hit is None:
            return Toxicity(0.0, None, quarantine=False)
        return Toxicity(hit.score, hit.reason, quarantine=hit.score >= QUARANTINE_AT)


_MASKED: Final = _Rule("slur", 0.8, re.compile("(?!)"))


@cache
def _lexicon() -> Mapping[str, tuple[str, ...]]:
    """The word lists of ``lexicon.toml``."""
    text = files("models.toxicity").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


def _any(words: Iterable[str]) -> str:
    """A pattern for any of ``words``, whole; a trailing * takes any ending."""
    return "(?:" + "|".join(re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", " ") for w in words) + ")"


def _either(expressions: Iterable[str]) -> str:
    """A pattern for any of ``expressions``, ending at a word's end."""
    return rf"(?:{'|'.join(expressions)})(?!\w)"


@cache
def _rules() -> tuple[_Rule, ...]:
    """Every rule, highest score first."""
    lexicon = _lexicon()
    words = {name: _any(entries) for name, entries in lexicon.items()}
    person = f"{_YOU}{_DEGREES}"
    part = rf"(?:your|his|her|their|(?:your|that|the) \w+s)(?: \w+)? {words['body']}"
    strike = f"{words['violence']} (?:{words['victims']}|{part})"
    threat = rf"{words['intents']}(?: (?!never|not|no)\w+){{0,3}} {strike}(?!\w){_HARMLESS}"
    hate = (
        rf"(?:hate|kill|exterminate|gas|deport|lynch|burn|fuck) (?:all )?(?:the |these |those )?{words['groups']}(?!\w)"
        rf"|{words['groups']} (?:are|r|should|must|need to|have to) (?:all )?(?:be )?(?:animals|vermin|scum|subhuman\w*"
        r"|parasites|cockroaches|rats|trash|garbage|filth|killed|exterminated|gassed|deported|lynched|shot|die|swept)"
    )
    table = (
        ("self_harm", 0.95, _either(lexicon["urges"])),
        ("threat", 0.95, threat),
        ("threat", 0.95, _either(lexicon["menaces"])),
        ("slur", 0.9, rf"(?<!gobbledy )(?<!cool ){words['slurs']}(?!\w)"),
        ("hate", 0.85, f"{hate}|{_either(lexicon['creeds'])}"),
        ("slur", 0.8, rf"{person} {words['personal_slurs']}(?!\w)"),
        ("harassment", 0.75, rf"{words['slurs_of_women']}(?: \w+){{0,6}} {_STAFF}"),
        (
            "harassment",
            0.75,
            rf"{_STAFF}(?: \w+){{0,3}} (?:is|was|are|were) {_DEGREES}{words['slurs_of_women']}",
        ),
        (
            "harassment",
            0.75,
            rf"(?:that|this|the|your) {words['slurs_of_women']} (?:on|at|in|from|who|behind|of)(?!\w)",
        ),
        (
            "harassment",
            0.75,
            rf"(?:{person}|fuck you|shut (?:the fuck )?up) (?:you )?{words['insults']}(?!\w)",
        ),
    )
    return tuple(
        _Rule(reason, score, re.compile(rf"(?<!\w)(?:{pattern})")) for reason, score, pattern in table
    )


_STARRED: Final = re.compile(r"(?<![\w*])[a-z][a-z*#-]*[*#][a-z*#-]*(?![\w*])")


def _masked_slur(plain: str) -> bool:
    """Whether a word with stars in it can be read as a slur and shows at least three of its letters."""
    slurs = [word.rstrip("*") for word in _lexicon()["slurs"] if " " not in word and len(word) > 5]
    for match in _STARRED.finditer(plain):
        word = match.group()
        if sum(c.isalpha() for c in word) < 3:
            continue
        reading = re.compile(re.sub(r"[*#-]+", r"[a-z]{1,4}", word).replace("\\", ""))
        if any(reading.fullmatch(slur) or reading.fullmatch(slur + "s") for slur in slurs):
            return True
    return False
