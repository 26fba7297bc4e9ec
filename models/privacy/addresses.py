"""Postal addresses and postcodes.

In:  texts of any language.  Out: spans, one per address where its lines hang together.
How: a *core* is recognised by its form (number and street type, a compound street name, a post box, a unit number) or
     by the words that announce an address; it then grows to the right over units, places and postcodes. State: none."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.privacy.base import ADDRESS, POSTCODE, PiiSpan
from models.privacy.known import cannot_be_name, is_known
from models.privacy.letters import CAPITAL

_NAME: Final = rf"{CAPITAL}[\w'’.-]*"
_JOIN: Final = (
    r"(?:of|de|del|della|di|da|do|dos|das|du|des|la|le|les|van|von|der|den|el|al|ibn|y|e|am|an|im|zum|zur)"
)
_NAMES: Final = rf"{_NAME}(?:[ ](?:{_JOIN}[ ]){{0,3}}{_NAME}){{0,4}}"
_NUMBER: Final = r"\d{1,5}[A-Za-z]?(?:[/-]\d{1,4}[A-Za-z]?)?"


def _any(words: str) -> str:
    """A pattern for any of the space-separated ``words``, the longer ones first; ``_`` stands for a space."""
    longest_first = sorted(words.split(), key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(longest_first)})".replace("_", "[ ]")


# English types that are nothing else when a name or number stands before them, and those that also are plain words.
_CLEAR_TYPE: Final = _any(
    "street avenue ave road rd boulevard blvd lane crescent parkway pkwy highway hwy st"
)
_PLAIN_TYPE: Final = _any(
    "Drive Dr Court Courts Ct Place Pl Square Sq Terrace Way Close Circle Cir Trail Row Walk Mews Grove Gardens Hills?"
    " Bypass Crossroad Crossing Turnpike Loop Ridge Rise Parade Quay Lodge Point Plaza Heights Esplanade Ln Green Park"
    " Pass Harbor"
)
# Types that stand before the name (Romance, Slavic), by whether they need a number to be told from a plain word.
_CLEAR_LEAD: Final = _any(
    r"Rue Rua Rúa Calle C/ Ctra\. Avenida Avda\.? Viale Piazza Piazzale Praça Travessa Calçada Chemin Impasse Allée"
    r" Paseo Carrer Vicolo Strada ul\. ulica al\. aleja os\. ulitsa улица ул\. Trg nám\. náměstí Λ\. Λεωφόρος Οδός"
)
_NUMBERED_LEAD: Final = _any(
    r"Via Corso Largo Plaza Camino Route Quai Cours Place Boulevard Avenue Av\. Cesta Hoge Am An_der Auf_der Im"
)
# Compound names of the Germanic, Nordic, Finnish and Hungarian kind, by the same rule.
_CLEAR_SUFFIX: Final = _any(
    "straße strasse straat gatan gade gata stræde stræti katu vägen veien vegen gracht singel utca gasse allee"
)
_NUMBERED_SUFFIX: Final = _any(
    r"str\. weg platz damm ufer laan plein plaats dijk vej stien svei polku kuja plads hof steig tie torg väg sentret"
    " centret vollen gate bakken wei sted lund park krogen parken vænget haven marken gilde brücke braut"
)
_AFTER: Final = _any(r"tér utca út útja útca u\. körút tere fasor köz rakpart kapu")
_UNIT: Final = (
    rf"{_any('apt apartment suite ste unit flat room rm building bldg floor lot')}\b"
    r"\.?[ ]?(?:no\.?[ ]?)?#?\d{1,5}[A-Za-z]?"
)
_BOX: Final = r"(?:p\.?[ ]?o\.?[ ]?box|postfach|apartado|casilla|boîte postale)[ ]?\d{1,6}"
_MILITARY: Final = (
    r"(?:(?:psc|cmr|unit)[ ]\d{1,5},?[ ]box[ ]\d{1,5}"
    r"|(?:uss|usns|uscgc|usnv)[ ][\w'’-]+(?:[ ][\w'’-]+)?(?=\s*\n?[> ]*[afd]po[ ]a[aep]))"
    r"(?:[\s>,]{0,4}[afd]po[ ]a[aep][ ]\d{5})?"
)
_HOUSES: Final = rf"(?:{_NUMBER}[ ]){{0,2}}"

_STREETS: Final = tuple(
    re.compile(rf"(?<![\w.-])(?:{form})(?!\w)", flags)
    for form, flags in (
        # 12 High Street · 36 19 folkestone road · Anderson Street
        (
            rf"{_NUMBER}(?:[ ]{_NUMBER})?,?[ ](?:[^\W\d_][\w'’.-]{{1,20}}[ ]){{1,4}}?{_CLEAR_TYPE}\b\.?",
            re.IGNORECASE,
        ),
        (
            rf"{_NAME}(?:[ ]{_NAME}){{0,2}}[ ](?:Street|Avenue|Road|Boulevard|Lane|Crescent)(?:[ ]{_NUMBER})?",
            0,
        ),
        (rf"{_NUMBER}(?:[ ]{_NUMBER})?,?[ ]{_NAMES}[ ]{_PLAIN_TYPE}\b\.?", 0),
        # 20 Rue Hsine · ul. Narewska 94 · Via Moiariello 102
        (rf"{_HOUSES}{_CLEAR_LEAD}[ ](?:{_JOIN}[ ]){{0,2}}{_NAMES}(?:,?[ ]{_NUMBER})?", 0),
        (rf"(?:{_NUMBER}[ ]){{1,2}}{_NUMBERED_LEAD}[ ](?:{_JOIN}[ ]){{0,2}}{_NAMES}(?:,?[ ]{_NUMBER})?", 0),
        (rf"{_HOUSES}{_NUMBERED_LEAD}[ ](?:{_JOIN}[ ]){{0,2}}{_NAMES},?[ ]{_NUMBER}", 0),
        # Bahnhofstraße 3 · Grønnegade · Skogstien 106 · 31 Pachergasse
        (rf"{_HOUSES}(?:{_NAME}[ ]){{0,2}}{CAPITAL}[\w-]{{2,30}}{_CLEAR_SUFFIX}(?:[ ]{_NUMBER})?", 0),
        (rf"{_HOUSES}(?:{_NAME}[ ]){{0,2}}{CAPITAL}[\w-]{{2,30}}{_NUMBERED_SUFFIX}[ ]{_NUMBER}", 0),
        (rf"{_NUMBER}[ ]{CAPITAL}[\w-]{{2,30}}{_NUMBERED_SUFFIX}", 0),
        # Erzsébet tér 19.
        (rf"{_HOUSES}(?:{_NAME}[ ]){{1,2}}(?:[^\W\d_]+[ ])?{_AFTER}(?:[ ]{_NUMBER}\.?)", 0),
        (_BOX, re.IGNORECASE),
        (_MILITARY, re.IGNORECASE),
    )
)

# A unit makes an address of the words before it in its line, or of the line above when it opens its own.
_UNITS: Final = re.compile(
    r"(?:(?<![\w.])\d{1,5}(?:[ ][^\s,.!?;:]+){1,8}[,]?[\s>]{1,4}"
    r"|(?m:^)[> ]{0,3}[^\n.!?]{0,60}\d[^\n.!?]{0,20}\n[> ]{0,4})?"
    rf"(?<![\w])(?:{_UNIT})(?:,?[ ]{_UNIT}){{0,2}}(?!\w)",
    re.IGNORECASE,
)
_APARTMENT: Final = re.compile(r"apt|apartment", re.IGNORECASE)
# After a unit in the same line: the place names that end the line or the sentence.
_UNIT_TAIL: Final = re.compile(r"[ ][^\n.!?,]{2,60}(?=\n|[.!?](?:\s|$)|$)")

_CUE: Final = re.compile(
    r"(?<!\w)(?:address(?:es)?(?:[ ](?:is|to|of|was|changed|the[ ]same|[\w'’]+[ ]is)){0,3}"
    r"|(?:lives?|living|resides?)[ ](?:at|on)"
    r"|(?:shipp?(?:ed)?|deliver(?:ed)?|sen[dt]|return(?:ed)?|mail(?:ed)?|taxi|moved)[ ](?:(?:it|them|this)[ ])?to"
    r"|(?:located|meet|meeting|drops[ ]you[ ]off)(?:[ ](?:you|us|me))?[ ]at"
    r"|it(?:['’]s|[ ]is)[ ]in|enter[ ]on|refers[ ]to)"
    r"[:?]?\s{1,8}(?:User:[ ])?",
    re.IGNORECASE,
)
# What an announced address looks like: names with a house number on either side, up to five words.
_ANNOUNCED: Final = re.compile(
    rf"(?:{_NUMBER}[ ]){{1,2}}{_NAMES}(?:[ ]{_NUMBER})?(?!\w)"
    rf"|{_NAMES}(?:[ ][^\W\d_]{{1,12}}){{0,2}},?[ ]{_NUMBER}\.?(?!\w)"
    rf"|(?:{_NUMBER}[ ]){{1,2}}(?:[^\W\d_]{{3,20}}[ ]){{1,3}}{_NUMBER}(?!\w)"
)
_SIDE: Final = r"(?:\d{1,5}[ ])?[^\W\d_][\w.'’-]*(?:[ ][\w.'’-]+){0,4}?"
_CORNER: Final = re.compile(
    rf"(?:the[ ])?corner[ ]of[ ]{_SIDE}[ ]and[ ]{_SIDE}(?=[.,;!?)]?(?:\s+(?:in|at|near|for|on|please)\b|\n|$)|[,;!?)])",
    re.IGNORECASE,
)

_GAP: Final = r"(?:[ ]?[,\n][\s>]{0,4}(?:,[ ])?|[ ])"
_CODE: Final = (
    r"(?:(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{4})?|\d{3}[ ]\d{2}|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d"
    r"|\d{2}-\d{3}|\d{4}[ ][A-Z]{2})"
)
_STOP: Final = r"(?=[\s,.;!?)]|$)"
_TAIL: Final = re.compile(
    rf"{_GAP}(?:{_UNIT})(?!\w)"
    # a place, with or without a postcode, that fills its line or its part between commas
    rf"|[ ]?[,\n][\s>]{{0,4}}(?:,[ ])?(?:{_CODE}[ ])?{_NAMES}(?:[ ]\(?{_NAME}\)?){{0,2}}(?:,?[ ]{_CODE})?"
    r"(?=[ ]?[,\n.;!?)]|\s*$)"
    rf"|[ ]{_NAMES},?[ ]{_CODE}{_STOP}"
    # a postcode with or without a short state before it
    rf"|{_GAP}(?:[A-Za-z]{{2,3}}[ ])?{_CODE}{_STOP}"
    # a short line that ends in a postcode, and the one above it, capitals or not
    r"|[ ]?\n[> ]{0,4}[^\n\d.!?:]{2,40}[ ]?\d{4,6}(?=\s|$)"
    r"|[ ]?\n[> ]{0,4}[^\n\d.!?:]{2,30}(?=\n[> ]{0,4},?[ ]?[^\n.!?:]{2,40}[ ]?\d{4,6}(?:\s|$))"
)
_TAIL_PARTS: Final = 7
_WORDS: Final = re.compile(r"\w+")

_STATES: Final = _any(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK"
    " OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
_POSTCODES: Final = (
    re.compile(rf"(?<!\w){_STATES}[ ](?P<value>\d{{5}}(?:-\d{{4}})?)(?![\w-])"),
    re.compile(r"(?<!\w)(?P<value>[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2})(?!\w)"),
    re.compile(r"(?<!\w)(?P<value>[ABCEGHJ-NPRSTVXY]\d[A-Z][ ]\d[A-Z]\d)(?!\w)"),
    re.compile(
        r"(?<!\w)(?:zip(?:[ ]?code)?|post(?:al)?[ ]?code|plz|postleitzahl|código postal|code postal)"
        r"[^\w\n]{0,3}(?:is[ ])?"
        r"(?P<value>(?:[A-Z]{1,2}-)?\d{3,6}(?:[ -]\d{2,4})?|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2})(?!\w)",
        re.IGNORECASE,
    ),
)


class AddressDetector:
    """Street addresses, post boxes, units, corners and postcodes, by form and by announcement.

    >>> AddressDetector().find(["I live at 12 High Street, Leeds LS1 4AB."], ["en"])[0][0].type
    'ADDRESS'
    """

    finds_names = False

    def reads(self, _language: str, /) -> bool:
        """The forms are those of some twenty languages, whatever language the sentence around them is in."""
        return True

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return addresses and postcodes of each text, possibly overlapping. Raises nothing."""
        return [[*_addresses(text), *_postcodes(text)] for text in texts]


def _addresses(text: str) -> Iterator[PiiSpan]:
    """Every core of ``text``, grown to the right."""
    for street in _STREETS:
        for match in street.finditer(text):
            yield PiiSpan(ADDRESS, match.start(), _grown(text, match.end()))
    for match in _UNITS.finditer(text):
        if match.group()[0].isdigit() or "\n" in match.group() or _APARTMENT.match(match.group()):
            yield PiiSpan(ADDRESS, match.start(), _grown(text, _unit_line_end(text, match.end())))
    for cue in _CUE.finditer(text):
        announced = _ANNOUNCED.match(text, cue.end())
        if announced and not is_known(announced.group()):
            yield PiiSpan(ADDRESS, announced.start(), _grown(text, announced.end()))
    for corner in _CORNER.finditer(text):
        yield PiiSpan(ADDRESS, corner.start(), corner.end())


def _unit_line_end(text: str, end: int) -> int:
    """Where the place names behind a unit end, when they fill the rest of its line."""
    tail = _UNIT_TAIL.match(text, end)
    return tail.end() if tail and (tail.group()[-1].isdigit() or len(tail.group().split()) <= 5) else end


def _grown(text: str, end: int) -> int:
    """The end of the address whose core ends at ``end``: units, places and postcodes are taken in."""
    for _ in range(_TAIL_PARTS):
        part = _TAIL.match(text, end)
        if part is None or _is_closing(part.group()):
            break
        end = part.end()
    return end


def _is_closing(part: str) -> bool:
    """Whether what follows an address is no place but a word of thanks or the like."""
    words = _WORDS.findall(part)
    return bool(words) and all(cannot_be_name(word) for word in words)


def _postcodes(text: str) -> Iterator[PiiSpan]:
    """Every postcode that its form or its announcement proves."""
    for pattern in _POSTCODES:
        for match in pattern.finditer(text):
            yield PiiSpan(POSTCODE, match.start("value"), match.end("value"))
