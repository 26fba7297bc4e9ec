"""Phone numbers: the written forms that are nothing else, and bare digit groups behind or before a telling word."""

import re
from typing import Final

from models.privacy.base import PHONE
from models.privacy.checks import dialable, digits
from models.privacy.pattern import ALONE_BEFORE, JOINED, Pattern, cued, free

_EXTENSION: Final = r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?"
# Six to fifteen digits, at most one separator between two: written digit by digit, so that it matches in one way only.
_GROUPED: Final = rf"\+?\(?\d\)?(?:[ .-]?\(?\d\)?){{5,14}}{_EXTENSION}"
# Between two digits behind a country's code, which leaves no doubt: one sign, with or without spaces.
_PARTED: Final = r"(?: ?[./-] ?| )"
_KIND: Final = r"(?:office|fax|mobile|cell|home|work|tel|phone|direct)"

PHONES: Final = tuple(
    Pattern(PHONE, regex, check)
    for regex, check in (
        # +44 7700 677662 · 001-518-640-0854 · (505)498-8487x6837
        (
            re.compile(
                rf"(?<![{JOINED}+])(?P<value>\+\d(?:{_PARTED}?\(?\d\)?){{5,14}}{_EXTENSION}){ALONE_BEFORE}",
                re.IGNORECASE,
            ),
            dialable,
        ),
        (free(rf"00[1-9]\d{{0,2}}[ .-]\(?\d\)?(?:[ .-]?\(?\d\)?){{4,12}}{_EXTENSION}"), dialable),
        (free(rf"\(\d{{2,5}}\)(?:[ .-]?\d){{4,11}}{_EXTENSION}"), dialable),
        # 625-124-2141 · 0494 92 82 32 · 51-16-34-25
        (free(rf"(?:1[ .-])?\d{{3}}(?P<sep>[.-])\d{{3}}(?P=sep)\d{{4}}{_EXTENSION}"), dialable),
        (free(rf"0\d{{1,4}}(?:[ .-]\d{{2,4}}){{1,4}}{_EXTENSION}"), digits(7, dialable)),
        # 0171 1234567 · 030/1234567 · 0171 / 123 45 67
        (free(rf"0\d{{2,4}}[ .-]\d{{5,8}}{_EXTENSION}"), digits(9, dialable)),
        (free(rf"0\d{{2,5}} ?/ ?\d(?:[ .-]?\d){{4,9}}{_EXTENSION}"), dialable),
        (free(r"\d{2}(?P<sep>[ .-])\d{2}(?P=sep)\d{2}(?P=sep)\d{2}(?:(?P=sep)\d{2})?"), dialable),
        # Alone in a line, or with its kind behind it: "22 498317 office"
        (
            re.compile(
                rf"(?m:^[> ]{{0,4}})(?P<value>{_GROUPED})(?=[^\w\n]{{0,3}}(?:{_KIND}|\n|$))", re.IGNORECASE
            ),
            digits(7, dialable),
        ),
        (
            re.compile(rf"(?<![\w.+-])(?P<value>{_GROUPED})(?=[^\w\n]{{0,3}}{_KIND}\b)", re.IGNORECASE),
            dialable,
        ),
        # "call me at 450 0840", "my registered 2546712361", "stop sending messages to 22 498317"
        (
            cued(
                r"(?:call|phone|tele?phone|tel|mobile|cell(?:phone)?|fax|whats ?app|dial|text|sms|ring|contact|reach)"
                r"(?:ed|ing|s)?(?: (?:me|us|him|her|them))?",
                "numbers?|messages?|registered",
                value=_GROUPED,
                fillers="is|no|num|nr|was|at|on|to|back|my|the|under|via|from|with|new|number|registered|phone|mobile|cell",
            ),
            dialable,
        ),
    )
)
