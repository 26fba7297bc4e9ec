"""What a record repeats of customers, as marks that hold nothing of it; and a record without what was withdrawn.

Pure but for the keyed hashes. The same functions find what is ours in a text that comes back from a tracker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from connectors.store.evidence import Mark
from connectors.store.outbox import Effect
from connectors.trackers.cutting import Ours, bare_name, cut, letters
from contracts.envelope import Envelope
from contracts.priority import LinearIssue, Quote
from operators.linear_issue import LISTED_ACCOUNTS, quotation, quoted
from wiring.dispatch.sealing import Envelopes
from wiring.dispatch.words import address_of

HASHED_ACCOUNT = "account-"
"""How an account begins that intake hashed, because it may be a person's address; the first 16 of a subject follow."""


def marks_of(
    record: Envelope, effect: Effect, envelopes: Envelopes, evidence_url: str | None
) -> Iterator[Mark]:
    """What an effect publishes of a record: its quotations, and the accounts that it names."""
    if not isinstance(record, LinearIssue):
        return
    digest = partial(envelopes.digest, record.tenant)
    where = (record.tenant, effect.destination, record.issue_id)
    for quote in record.quotes:
        yield _of_quote(quote, effect.id, where, digest, evidence_url)
    for name in _named(record):
        hashed = digest(bare_name(name))
        subject = name if name.startswith(HASHED_ACCOUNT) else envelopes.subject(record.tenant, name)
        yield Mark(effect.id, hashed, "account", *where, subject=subject, account=hashed)


def subjects_of(subject: str) -> tuple[str, ...]:
    """The names under which marks know an erased person: their own, and that of an account that is their address."""
    return subject, f"{HASHED_ACCOUNT}{subject[:16]}"


def ours_of(tenant: str, marks: Sequence[Mark], envelopes: Envelopes) -> Ours:
    """What is to be cut out of a text."""
    return Ours(
        frozenset(mark.block for mark in marks if mark.block),
        frozenset(mark.words for mark in marks if mark.words),
        frozenset(mark.mark for mark in marks if mark.kind == "account"),
        partial(envelopes.digest, tenant),
    )


def without(record: LinearIssue, gone: Sequence[Mark], envelopes: Envelopes) -> LinearIssue:
    """A record without what was withdrawn: neither in its words nor in its lists."""
    ours = ours_of(record.tenant, gone, envelopes)
    names = {mark.mark for mark in gone if mark.kind == "quote"}
    return record.model_copy(
        update={
            "description": cut(record.description, ours),
            "quotes": tuple(quote for quote in record.quotes if _name_of(quote) not in names),
            "accounts": tuple(name for name in record.accounts if not ours.is_name(name)),
            "customers": tuple(one for one in record.customers if not ours.is_name(one.account)),
        }
    )


def bare(record: LinearIssue) -> LinearIssue:
    """A record that says of which issue it is, and no more."""
    nothing = {"description": "", "quotes": (), "accounts": (), "customers": (), "tiers": {}}
    return record.model_copy(update=nothing)


def _of_quote(
    quote: Quote,
    effect_id: str,
    where: tuple[str, str, str],
    digest: Callable[[str], str],
    evidence_url: str | None,
) -> Mark:
    url = address_of(quote, evidence_url)
    return Mark(
        effect_id,
        _name_of(quote),
        "quote",
        *where,
        item_id=quote.item_id,
        subject=quote.subject,
        account=None if quote.account is None else digest(bare_name(quote.account)),
        block=digest(letters(quotation(quote))),
        words=digest(letters(quoted(quote))),
        url=None if url is None else digest(url),
    )


def _name_of(quote: Quote) -> str:
    return quote.concern_id or quote.item_id


def _named(record: LinearIssue) -> list[str]:
    """The accounts that an issue shows: in its text, and as customers."""
    customers = [one.account for one in record.customers]
    return list(dict.fromkeys([*record.accounts[:LISTED_ACCOUNTS], *customers]))
