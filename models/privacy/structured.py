"""Personal data with a format of its own: e-mail, card, IBAN, SSN, IP, URL, licence, account, birth date, phone.

In:  texts of any language.  Out: spans; check digits are verified where the format has them.
Patterns are ours and need the standard library only. Formats that many harmless numbers share (a bare digit group, a
licence) count only behind a word that announces them. Phone numbers: ``phones``. State: none.
Presidio's recognisers were measured against these and are not used: on the labelled set they added no true finding, on
product feedback only false ones ("beats.It" as a URL), and its e-mail recogniser reaches for the network."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.privacy.base import ACCOUNT, BIRTH, CARD, EMAIL, IBAN, IP, LICENSE, SSN, URL, PiiSpan
from models.privacy.checks import digits, iban, ip_address, luhn, social_security
from models.privacy.folding import fold
from models.privacy.pattern import ALONE_BEFORE, ALONE_BEHIND, JOINED, Cut, Pattern, cued, free
from models.privacy.phones import PHONES

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE: Final = (
    rf"(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\.?,?\s+\d{{2,4}}"
    rf"|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|(?:19|20)\d{{2}}\b)"
)
# Endings of a bare host name (no scheme, no www), which is hidden only with a path: "acme.com" names a company.
_TLD: Final = (
    r"(?:com|net|org|info|biz|me|io|dev|app|co|eu|us|uk|de|fr|es|it|nl|pt|ch|at|be|se|dk|fi|no|pl|cz|in|br)"
)
_URL_END: Final = r"(?=[.,;:!?)\]}]*(?:[\s<>\"'|]|$))"
_CARD: Final = r"\d(?:[ -]?\d){11,18}"
# In the groups of the card, or in none: an expiry date or a security code may stand beside it.
_GROUPED_CARD: Final = r"\d{4}(?:[ \n-]\d{4}){3}|\d{4}[ \n-]\d{6}[ \n-]\d{4,5}|\d{13,19}"
_AT: Final = r"(?:@|%40|&#0{0,4}64;?|&#x0{0,4}40;?|&commat;)"
# The end of a host in its own alphabet: what another script writes behind it without a space is no part of it.
_HOST: Final = r"(?:[\w-]{1,63}\.){1,6}(?:[A-Za-z]{2,24}(?![A-Za-zÀ-ɏ])|[^\W\d_]{2,24})"
_MAILBOX: Final = rf"(?<![\w.+%-])(?P<value>[\w.+%'-]{{1,256}}{_AT}{_HOST})"
_ASCII_MAILBOX: Final = rf"(?<![A-Za-z0-9_.+%-])(?P<value>[A-Za-z0-9_.+%'-]{{1,256}}{_AT}{_HOST})"
_SPELT_MAILBOX: Final = r"[\w.+-]{1,64} ?[\[(] ?at ?[\])] ?[\w-]{1,63} ?(?:\.|[\[(] ?dot ?[\])]) ?[a-z]{2,24}"

PATTERNS: Final = (
    Pattern(EMAIL, re.compile(_MAILBOX, re.IGNORECASE)),
    Pattern(EMAIL, re.compile(_ASCII_MAILBOX, re.IGNORECASE)),
    Pattern(EMAIL, free(_SPELT_MAILBOX)),
    Pattern(
        URL,
        re.compile(
            rf"(?<![{JOINED}])(?P<value>(?:https?|ftp)://[^\s<>\"'|]{{3,2000}}?){_URL_END}", re.IGNORECASE
        ),
    ),
    Pattern(
        URL,
        re.compile(
            rf"(?<![{JOINED}@./-])(?P<value>www\.[\w-]+\.[^\s<>\"']{{2,2000}}?){_URL_END}", re.IGNORECASE
        ),
    ),
    Pattern(
        URL, re.compile(rf"(?<![\w@./-])(?P<value>[\w.-]{{2,200}}\.{_TLD}/[^\s<>\"']{{1,2000}}?){_URL_END}")
    ),
    Pattern(CARD, free(_CARD), luhn),
    Pattern(CARD, re.compile(rf"{ALONE_BEHIND}(?=(?P<value>{_GROUPED_CARD}){ALONE_BEFORE})"), luhn),
    # A mistyped card number is still somebody's card number.
    Pattern(
        CARD,
        cued(
            r"(?:credit|debit|bank)?\s?card",
            r"visa|master(?:card)?|amex",
            value=_CARD,
            fillers="is|no|number|num|nr|was|ending|in|my|the|with",
        ),
    ),
    # Words in capitals or numbers behind it look like more of it.
    Cut(IBAN, free(r"[A-Z]{2}\d{2}(?:[ \n-]?[A-Z0-9]){11,30}", 0), iban),
    Cut(IBAN, free(r"[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?", 0), iban),
    Pattern(IBAN, cued("iban", value=r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}"), digits(8)),
    Pattern(SSN, free(r"\d{3}-\d{2}-\d{4}"), social_security),
    Pattern(SSN, cued("ssn", "social security", value=r"\d{3}[ .-]?\d{2}[ .-]?\d{4}"), social_security),
    # "version 1.2.3.4" and "v1.2.3.4" are none.
    Pattern(
        IP,
        re.compile(
            rf"(?<![{JOINED}.])(?<![Vv]ersion )(?<!build )(?P<value>(?:\d{{1,3}}\.){{3}}\d{{1,3}})(?!\.?[{JOINED}])"
        ),
        ip_address,
    ),
    Pattern(
        IP,
        re.compile(
            rf"(?<![{JOINED}:.])(?P<value>(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}[0-9A-Fa-f]{{1,4}})(?![{JOINED}:])"
        ),
        ip_address,
    ),
    Pattern(
        LICENSE,
        cued(
            r"driv(?:er|ing)['’]?s?['’]? ?licen[cs]e",
            r"driver['’]?s? id|passport|national id|identity card|id card|nhs|tax id",
            value=r"[A-Z0-9](?:[ -]?[A-Z0-9]){4,17}",
        ),
        digits(4),
    ),
    Pattern(
        ACCOUNT,
        cued(
            r"(?:bank )?(?:account|acct|a/c)|routing|sort code|customer id|policy",
            r"member(?:ship)? (?:id|no|number)",
            value=r"\d(?:[ -]?\d){5,16}",
        ),
        digits(6),
    ),
    Pattern(
        BIRTH,
        cued(
            r"date of birth|d\.?o\.?b\.?|birth ?da(?:te|y)|born",
            value=_DATE,
            fillers=r"is|was|it['’]s|its|on|in|the|my",
        ),
    ),
    *PHONES,
)


class StructuredDetector:
    """Every format of ``PATTERNS``, in any language.

    >>> StructuredDetector().find(["mail me: jo@example.org"], ["en"])
    [[PiiSpan(type='EMAIL', start=9, end=23)]]
    """

    finds_names = False

    def reads(self, _language: str, /) -> bool:
        """Formats are the same in every language."""
        return True

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return what the formats match in each text, possibly overlapping. Raises nothing."""
        return [list(dict.fromkeys(_found(text))) for text in texts]


def _found(text: str) -> Iterator[PiiSpan]:
    """What the formats match in ``text``, however its letters, digits and dashes are written."""
    folded = fold(text)
    return folded.unfolded(span for pattern in PATTERNS for span in pattern.find(folded.text))
