"""Check digits and plausibility of formatted personal data. Pure functions of the matched text."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final

_CALENDAR: Final = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}|(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d{2}[ -]+(?:19|20)\d{2}"
)
_EXTENSION: Final = re.compile(r"\s?(?:x|ext)", re.IGNORECASE)


def luhn(value: str) -> bool:
    """Whether the 12 to 19 digits of ``value`` end in their Luhn check digit (ISO/IEC 7812-1)."""
    digits = [int(c) for c in value if c.isdigit()]
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d if at % 2 == 0 else d * 2 - 9 * (d > 4) for at, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def iban(value: str) -> bool:
    """Whether ``value`` passes the mod-97 check of ISO 13616."""
    compact = re.sub(r"[\s-]", "", value).upper()
    if not 15 <= len(compact) <= 34 or not compact.isalnum() or not compact.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def ip_address(value: str) -> bool:
    """Whether ``value`` is an IPv4 or IPv6 address that names one host."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def social_security(value: str) -> bool:
    """Whether the nine digits of ``value`` could be issued: no group of zeros, not area 666."""
    digits = re.sub(r"\D", "", value)
    return digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def dialable(value: str) -> bool:
    """Whether ``value`` has the 6 to 15 digits of ITU-T E.164 and is no date, no span of years, no repeated digit."""
    digits = re.sub(r"\D", "", _EXTENSION.split(value)[0])
    if not 6 <= len(digits) <= 15 or len(set(digits)) == 1:
        return False
    return _CALENDAR.fullmatch(value) is None


def digits(least: int, then: Callable[[str], bool] = bool) -> Callable[[str], bool]:
    """A check that ``least`` digits are there and that ``then`` accepts the whole."""
    return lambda value: sum(c.isdigit() for c in value) >= least and then(value)
