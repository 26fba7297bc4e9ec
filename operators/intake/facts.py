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
_ADDRESS = re.compile(r"@|\+?\d(?:[\s().-]?\d){8,}")
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
    if parts.scheme not in ("http", "https") or not parts.hostname or _ADDRESS.search(unquote(parts.path)):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


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
    """The account as its customer list knows it, or a hash of it where it may be a person's address."""
    if not account or not account.strip():
        return None
    name = account.strip()
    return name if safe_label(name) else f"account-{hashed(name)[:16]}"
