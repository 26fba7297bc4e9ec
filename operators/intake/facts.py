"""What is kept of an item besides its text, with nothing in it that looks like personal data."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from contracts.feedback import FeedbackBody, Tier
from contracts.stages import ItemFacts, ItemTelemetry

# A label such as a locale, a version or a role: short, no address, no long run of digits.
MAX_LABEL_CHARS = 64
# An at sign however it is written, and numbers whose plus, brackets or slash tell that somebody can be called there:
# "+44 (20) 7946 0000", "(202) 555-0143", "030/1234567".
_TELLING = (
    r"[@＠﹫]|[\[(] ?at ?[\])]|\+\d(?:[\s()./_-]{0,3}\d){6,}|\(\d{1,5}\)[\s./_-]{0,3}\d(?:[\s./_-]?\d){5,}"
    r"|(?<!\d)0\d{2,5} ?/ ?\d(?:[\s.-]?\d){4,}"
)
_CERTAIN = re.compile(_TELLING, re.IGNORECASE)
# Nine digits with a sign at most between two may be a number too.
_ADDRESS = re.compile(rf"{_TELLING}|\d(?:[\s().-]?\d){{8,}}", re.IGNORECASE)
# Deepest quoting of an address in a path that is looked through.
_QUOTED_DEEPEST = 4
_SPOKEN = re.compile(r"(?:account|session)-[0-9a-f]{16}")
_LABEL = re.compile(r"[\w .,:;/()+#&'\-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """What customer updates told of an account."""

    tier: Tier
    mrr: float | None


def safe_label(value: str | None) -> str | None:
    """The value if it is a plain label, else None: what may be personal data is never passed on.

    >>> safe_label("iPhone 15"), safe_label("call me: +44 20 7946 0000")
    ('iPhone 15', None)
    """
    if not value or len(value) > MAX_LABEL_CHARS or _ADDRESS.search(value) or not _LABEL.fullmatch(value):
        return None
    return value


def safe_url(value: str | None) -> str | None:
    """A web address without credentials, query and fragment, where personal data hides; else None.

    >>> safe_url("https://desk.example/t/12?email=a@b.c#x")
    'https://desk.example/t/12'
    """
    if not value or len(value) > 2_000:
        return None
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in _unquoted(parts.hostname):
        return None
    if _ADDRESS.search(_unquoted(parts.path)):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def _unquoted(part: str) -> str:
    """A part of a web address as whoever follows it reads it: it may be quoted more than once."""
    for _ in range(_QUOTED_DEEPEST):
        part = unquote(part)
    return part


def facts_of(
    body: FeedbackBody,
    *,
    source: str,
    author: str | None,
    account: Account | None,
    hashed: Callable[[str], str],
    telemetry: ItemTelemetry | None = None,
) -> ItemFacts:
    """The facts of one item; ``account`` is what is known of its account, ``hashed`` hides an identifier."""
    tier = body.tier if body.tier != "unknown" or account is None else account.tier
    mrr = body.mrr if body.mrr is not None or account is None else account.mrr
    return ItemFacts.model_construct(
        source=source,
        author=author,
        author_role=safe_label(body.author_role),
        account=account_id(body.account, hashed),
        tier=tier,
        mrr=mrr,
        rating=body.rating,
        locale=safe_label(body.locale),
        country=safe_label(body.country),
        app_version=safe_label(body.app_version),
        device=safe_label(body.device),
        resolution=safe_label(body.resolution),
        source_url=safe_url(body.source_url),
        product=safe_label(body.product),
        section=safe_label(body.section),
        language_hint=safe_label(body.language),
        second_hand=body.second_hand or None,
        telemetry=telemetry,
    )


def account_id(account: str | None, hashed: Callable[[str], str]) -> str | None:
    """The account as its customer list knows it, or a hash of it where it may be a person's address.

    What was hashed stays as it is: records speak of accounts so in the journal already.
    """
    return _spoken("account", account, hashed)


def session_id(session: str | None, hashed: Callable[[str], str]) -> str | None:
    """As ``account_id``, for a session of the product."""
    return _spoken("session", session, hashed)


def is_address(name: str) -> bool:
    """Whether a name holds what is somebody's address or number; digits alone may be a date.

    >>> is_address("calls (202) 555-0143"), is_address("reviews-2026-11-22-0900")
    (True, False)
    """
    return _CERTAIN.search(name) is not None


def _spoken(what: str, value: str | None, hashed: Callable[[str], str]) -> str | None:
    if not value or not value.strip():
        return None
    name = value.strip()
    if safe_label(name) or (name.startswith(what) and _SPOKEN.fullmatch(name)):
        return name
    return f"{what}-{hashed(name)[:16]}"
