"""Names, titles, ages and places that the words around them give away.

In:  texts of any language (cues are English, German, French, Spanish, Italian and Portuguese).  Out: spans.
Works without weights: it is what finds "my name is rubija", which no capital letter marks. State: none."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.privacy.base import AGE, LOCATION, PERSON, TITLE, PiiSpan
from models.privacy.known import cannot_be_name
from models.privacy.letters import CAPITAL

_PART: Final = rf"{CAPITAL}(?:[^\W\d_]|['’-](?=[^\W\d_]))*"
_PARTICLE: Final = r"(?:van|von|de|der|den|da|di|del|della|dos|du|la|le|bin|ibn|al|el|ter|ten|st\.?)"
_FULL: Final = rf"{_PART}(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:{CAPITAL}\.|{_PART})){{0,3}}"
_SMALL: Final = r"[^\W\d_]{2,20}(?:['’-][^\W\d_]{2,20})?"
# Words inside a name that never end it.
_JOINER: Final = re.compile(rf"{_PARTICLE}|and|the|of|u|nad|pod|am|an")
_PLACE: Final = rf"{_PART}(?:[ ](?:(?:{_PARTICLE}|and|the|of|u|nad|pod|am|an)[ ]){{0,3}}{_PART}){{0,3}}"

_TITLES: Final = (
    "Mrs? Ms Miss Mx Dr Prof Sir Madam Herr Frau Monsieur Madame Mme Mlle Sra? Srta Señora? Doña"
    " Sig Signora? mrs? ms dr prof"
)
_TITLE: Final = f"(?:{_TITLES.replace(' ', '|')})"
_TITLED: Final = re.compile(rf"(?<![\w.])(?P<title>{_TITLE}\b\.?)[ ](?P<name>{_FULL})(?!\w)")
# A lower-case name behind a title that is no other word: "mrs. smith", never "miss the deadline".
_TITLED_SMALL: Final = re.compile(
    rf"(?<![\w.])(?P<title>(?:mrs?|ms|dr|prof)\.)[ ](?P<name>{_SMALL})(?!\w)", re.IGNORECASE
)

# Behind these the next one or two words are a name, capitals or not.
_INTRODUCTIONS: Final = (
    *(
        r"my (?:full |first |last )?name(?: is|['’]s)",
        r"(?:his|her|their) name is",
        "name is",
        r"i(?:['’]m| am) called",
    ),
    *("mein name ist", "ich heiße", r"je m['’]appelle", "mon nom est", "me llamo", "mi nombre es"),
    *("mi chiamo", "il mio nome è", "meu nome é"),
)
_INTRODUCED: Final = re.compile(
    rf"(?<!\w)(?i:{'|'.join(_INTRODUCTIONS)}):? (?P<name>{_FULL}|{_SMALL}(?: {_SMALL})?)(?!\w)"
)
# Behind these only capitals are a name.
_KIN: Final = (
    "son|daughter|kid|child|husband|wife|brother|sister|mother|father|friend|partner|boss|neighbou?r|guardian|cousin|uncle"
    "|aunt|agent|representative|rep|manager|colleague|employee|driver|technician|advisor|doctor"
)
_ADDRESSING: Final = (
    *(
        "dear|hi|hello|hey|hola|hallo|bonjour|ciao|olá|liebe|lieber|estimad[oa]|querid[oa]|cher|chère|caro|cara",
    ),
    *(
        "regards|sincerely|cheers|yours|signed|greetings|grüße|saludos|cordialement|saluti|atenciosamente",
        "thanks|thank you",
    ),
    *(
        "attn",
        "(?:spoke|talked|speaking|chatted) (?:to|with)",
        rf"(?:{_KIN})(?:['’]s name)?(?: named| called| is)?",
    ),
    *(
        "under the name(?: of)?",
        r"it['’]s under",
        "in the name of",
        "named",
        "ask for",
        "contact person",
        "this is",
    ),
    *(
        r"here['’]s",
        "follow up with",
        "correct it to",
        "(?:name|from|to|customer|patient|contact|user|client):",
    ),
)
_ADDRESSED: Final = re.compile(
    rf"(?<!\w)(?i:{'|'.join(_ADDRESSING)})[ ]?[,:]?[ \n]{{0,8}}(?P<name>{_FULL})(?!\w)"
)
# Before these a capitalised word or two is a name.
_BEFORE: Final = re.compile(
    rf"(?<![\w.])(?P<name>{_FULL})(?=[ ]from (?:support|billing|sales|customer (?:service|care)|the \w+ team)"
    rf"|['’]s (?:{_KIN}|address|phone|email)\b)"
)
# A name alone on the last line, behind a closing word.
_SIGNED: Final = re.compile(rf"\n[-– ]{{0,3}}(?P<name>{_PART}(?:[ ](?:{CAPITAL}\.|{_PART})){{1,2}})\s*\Z")

_PLACED: Final = re.compile(
    r"(?<!\w)(?i:(?:live|lives|lived|living|reside|resides|grew up|based|born|located|working|work|works) in"
    r"|(?:originally|(?:moved|move|moving)(?: here| there)?|come|comes|(?:i|we)(?:['’]m| am|['’]re| are)) from"
    r"|moved to|city of|town of|village of|home city|hometown(?: is| of)?"
    r"|wohne in|habite à|vivo en|vivo a|abito a|moro em)"
    rf" (?P<name>{_PLACE})(?!\w)"
)

# Ages under ten belong to devices as often as to children, so they need a child beside them.
_AGES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\w.])(?P<value>[1-9]\d{1,2})(?=[ -]?(?:years?[ -]old|yrs?[ -]old|y/o|yo\b))",
        r"(?<![\w.])(?P<value>\d)(?=[ -]?(?:years?|yrs?)[ -]old[ ](?:son|daughter|boy|girl|child|kid|toddler))",
        r"(?<!\w)(?:aged|(?:my|his|her) age is|age:|(?:i['’]ll|i will|i|he|she|just|brother|sister) turn(?:ed)?)"
        r"[ ](?P<value>\d{1,2})(?![\w:%]|[.,]\d|[ ]?(?:%|am|pm|times|days|weeks|off))",
        r"(?<![\w.])(?P<value>\d{1,2})(?=[ ](?:Jahre alt|ans\b|años|anni\b|anos\b))",
    )
)
_OLDEST: Final = 119


class CueDetector:
    """Persons, titles, ages and places by the words around them.

    >>> CueDetector().find(["my name is rubija"], ["en"])
    [[PiiSpan(type='PERSON', start=11, end=17)]]
    """

    finds_names = False

    def reads(self, _language: str, /) -> bool:
        """Cues of six languages are tried on every text: a cue of another language does not match."""
        return True

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return what the cues give away in each text, possibly overlapping. Raises nothing."""
        return [[*_persons(text), *_places(text), *_ages(text)] for text in texts]


def is_name_part(word: str) -> bool:
    """Whether ``word`` of a found name is telling enough to be hidden wherever it stands alone."""
    bare = word.strip(".,'’")
    return len(bare) >= 3 and bare[:1].isupper() and not cannot_be_name(bare)


def _persons(text: str) -> Iterator[PiiSpan]:
    """Names behind or before a cue, and titles before a name."""
    for pattern in (_TITLED, _TITLED_SMALL, _INTRODUCED, _ADDRESSED, _BEFORE, _SIGNED):
        for match in pattern.finditer(text):
            start, end = match.start("name"), _name_end(match)
            if end > start:
                yield PiiSpan(PERSON, start, end)
                if "title" in pattern.groupindex:
                    yield PiiSpan(TITLE, match.start("title"), match.end("title"))


def _places(text: str) -> Iterator[PiiSpan]:
    """Places behind a cue."""
    for match in _PLACED.finditer(text):
        if (end := _name_end(match)) > match.start("name"):
            yield PiiSpan(LOCATION, match.start("name"), end)


def _name_end(match: re.Match[str]) -> int:
    """Where the name ends: before the first word that cannot be one; at its start when the first cannot."""
    end = match.start("name")
    for word in re.finditer(r"\S+", match["name"]):
        if _JOINER.fullmatch(word.group()):
            continue
        if cannot_be_name(word.group()):
            break
        end = match.start("name") + word.end()
    return end


def _ages(text: str) -> Iterator[PiiSpan]:
    """Ages in years that belong to somebody."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            if 0 < int(match["value"]) <= _OLDEST:
                yield PiiSpan(AGE, match.start("value"), match.end("value"))
