"""Names, titles and ages that the words around them give away.

In:  texts of any language (cues are English, German, French, Spanish, Italian and Portuguese).  Out: spans.
Works without weights: it is what finds "my name is rubija", which no capital letter marks. State: none."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.privacy.base import AGE, PERSON, TITLE, PiiSpan
from models.privacy.known import is_known

_CAP: Final = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĘĚĜĞĠĢĤĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŴŶŹŻŽΆΈ-ΏΑ-ΫЀ-Я]"
_PART: Final = rf"{_CAP}(?:[^\W\d_]|['’-](?=[^\W\d_]))*"
_PARTICLE: Final = r"(?:van|von|de|der|den|da|di|del|della|dos|du|la|le|bin|ibn|al|el|ter|ten|st\.?)"
_FULL: Final = rf"{_PART}(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:{_CAP}\.|{_PART})){{0,3}}"
_ANY_CASE: Final = r"[^\W\d_]{2,20}(?:['’-][^\W\d_]{2,20})?"

_TITLE: Final = (
    r"(?:Mrs?|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Herr|Frau|Monsieur|Madame|Mme|Mlle|Sr|Sra|Srta|Señor|Señora|Don|Doña|Sig|Signor"
    r"|Signora|mr|mrs|ms|dr|prof)"
)
_TITLED: Final = re.compile(rf"(?<![\w.])(?P<title>{_TITLE}\b\.?)[ ](?P<name>{_FULL})(?!\w)")
# A lower-case name behind a title that is no other word: "mrs. smith", never "miss the deadline".
_TITLED_SMALL: Final = re.compile(
    rf"(?<![\w.])(?P<title>(?:mrs?|ms|dr|prof)\.)[ ](?P<name>{_ANY_CASE})(?!\w)", re.IGNORECASE
)

# Behind these the next one or two words are a name, capitals or not.
_SURE: Final = re.compile(
    r"(?<!\w)(?:my[ ](?:full[ ]|first[ ]|last[ ])?(?:name[ ]is|name['’]s)|(?:his|her|their)[ ]name[ ]is|name[ ]is|mein[ ]name[ ]ist|ich[ ]heiße"
    r"|je[ ]m['’]appelle|mon[ ]nom[ ]est|me[ ]llamo|mi[ ]nombre[ ]es|mi[ ]chiamo|il[ ]mio[ ]nome[ ]è|meu[ ]nome[ ]é|i['’]m[ ]called|i[ ]am[ ]called)"
    rf"[ ]:?[ ]?(?P<name>(?:{_FULL}|{_ANY_CASE}(?:[ ]{_ANY_CASE})?))(?!\w)",
    re.IGNORECASE,
)
# Behind these only capitals are a name.
_LIKELY: Final = re.compile(
    r"(?<!\w)(?i:dear|hi|hello|hey|hola|hallo|bonjour|ciao|olá|liebe|lieber|estimad[oa]|querid[oa]|cher|chère|caro|cara|regards|sincerely"
    r"|cheers|yours|signed|greetings|grüße|saludos|cordialement|saluti|atenciosamente|thanks|thank you|attn|spoke (?:to|with)|talked (?:to|with)"
    r"|speaking (?:to|with)|chatted with|(?:agent|representative|rep|manager|colleague|employee|driver|technician|advisor|doctor|son|daughter"
    r"|kid|child|husband|wife|brother|sister|mother|father|friend|partner|boss|neighbou?r|guardian|cousin|uncle|aunt)(?:['’]s name)?(?: named| called| is)?"
    r"|partner['’]s name|under the name(?: of)?|it['’]s under|in the name of|named|ask for|contact person|this is|here['’]s|follow up with"
    r"|correct it to|name:|from:|to:|customer:|patient:|contact:|user:|client:)"
    rf"[ ]?[,:]?[ \n]{{0,3}}(?P<name>{_FULL})(?!\w)"
)
# Before these a capitalised word or two is a name.
_BEFORE: Final = re.compile(
    rf"(?<![\w.])(?P<name>{_FULL})(?=[ ](?:from (?:support|billing|sales|customer (?:service|care)|the (?:support|sales|billing) team)|(?:and|&) family\b)|['’]s (?:daughter|son|wife|husband|mother|father|kid|address|phone|email)\b)"
)
# A name alone on the last line, behind a closing word.
_SIGNED: Final = re.compile(rf"\n[-– ]{{0,3}}(?P<name>{_PART}(?:[ ](?:{_CAP}\.|{_PART})){{1,2}})\s*\Z")

_AGES: Final = (
    re.compile(
        r"(?<!\w)(?P<value>\d{1,3})(?=[ -]?(?:years?[ -]old|yrs?[ -]old|y/o|yo\b|year-old))", re.IGNORECASE
    ),
    re.compile(
        r"(?<!\w)(?:aged?|age is|age:|i['’]ll turn|turn(?:ed|ing)(?: just)?|just turned)[ ]{1,2}(?P<value>\d{1,2})(?![\w:%.,-]?\d|\w|[ ]?(?:%|am|pm|times|days|weeks))",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)(?P<value>\d{1,2})(?=[ ](?:Jahre alt|ans\b|años|anni|anos))"),
)

# Words that follow a cue without being a name.
_NO_NAME: Final = frozenset(
    "a about account accounts after again all also always am an and another any anyone app application appearing appears apps are as at "
    "back bad be because been being best better both bug but by can cannot can't changed clearly correct correctly customer "
    "customers day dear despite dev developer developers devs did different displayed do does doesn't done don't each else email even ever "
    "every everybody everyone everything extremely fine first folks for friend friends from fully getting good google got great guys had "
    "happy has have having he hello hello help her here hi him his hope how i i'd i'll i'm if in incorrect incorrectly invalid is isn't it "
    "it's its just keep keeps ladies last listed love madam many me misspelled missing mister most much my name never new nice no nobody none "
    "not nothing now of off often ok okay on once one only or our out over people please plus product quite really same secure sent service she "
    "should showing shown since sir sirs so some somehow someone something spelled spelt still super support sure team teams thank thanks "
    "that the their them then there these they thing this those thus to today too u under unknown until up us used user users very was "
    "we well were what when where which while who why will wish with without won't would wrong wrongly yes yet you your yours "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november "
    "december morning evening afternoon night christmas everyone's best kind warm regards update version admin administrator manager sales "
    "billing hallo hola alle zusammen alles gute viele liebe todos tous toutes tutti equipo équipe equipe damen herren señores amigos however "
    "although also unfortunately currently recently overall sincerely cheers whoever whom god lord jesus man dude bro".split()
)


class CueDetector:
    """Persons, titles and ages by the words around them.

    >>> CueDetector().find(["my name is rubija"], ["en"])
    [[PiiSpan(type='PERSON', start=11, end=17)]]
    """

    finds_names = False

    def reads(self, _language: str, /) -> bool:
        """Cues of six languages are tried on every text: a cue of another language does not match."""
        return True

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return persons, titles and ages of each text, possibly overlapping. Raises nothing."""
        return [[*_persons(text), *_ages(text)] for text in texts]


def _persons(text: str) -> Iterator[PiiSpan]:
    """Names behind or before a cue, and titles before a name."""
    for pattern in (_TITLED, _TITLED_SMALL):
        for match in pattern.finditer(text):
            if _name_end(match) > match.start("name"):
                yield PiiSpan(TITLE, match.start("title"), match.end("title"))
                yield PiiSpan(PERSON, match.start("name"), match.end("name"))
    for pattern in (_SURE, _LIKELY, _BEFORE, _SIGNED):
        for match in pattern.finditer(text):
            if (end := _name_end(match)) > match.start("name"):
                yield PiiSpan(PERSON, match.start("name"), end)


def _name_end(match: re.Match[str]) -> int:
    """Where the name ends: before the first word that cannot be one; at its start when the first cannot."""
    end = match.start("name")
    for word in re.finditer(r"\S+", match["name"]):
        bare = word.group().strip(".,'’").lower()
        if bare in _NO_NAME or is_known(word.group()) or (word.group().isupper() and len(bare) > 12):
            break
        end = match.start("name") + word.end()
    return end


def _ages(text: str) -> Iterator[PiiSpan]:
    """Ages in years that belong to somebody: 1 to 119."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            if 0 < int(match["value"]) < 120:
                yield PiiSpan(AGE, match.start("value"), match.end("value"))


def is_name_part(word: str) -> bool:
    """Whether ``word`` of a found name is telling enough to be hidden wherever it stands alone."""
    bare = word.strip(".,'’")
    return len(bare) >= 3 and bare[:1].isupper() and bare.lower() not in _NO_NAME and not is_known(bare)
