"""From an Intercom conversation to what its customers said in it.

The opening message is in ``source``, everything later in ``conversation_parts``; webhooks bring plain text from
version 2.15 on while REST stays HTML, so both become plain text here. A rating with a remark is an utterance of its
own, one without belongs to the opening message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from connectors.vendors.intercom.options import IntercomOptions
from connectors.vendors.port import Gone, Json, Taken
from connectors.vendors.turns import Role, Turn, readable, titled, utterances
from connectors.vendors.values import dig, moment, rating_of, said

log = structlog.get_logger()

CUSTOMERS = ("user", "lead", "contact")

OUTBOUND = ("admin_initiated", "automated", "campaigns_initiated", "operator_initiated")
"""A conversation that began so began with a message of ours."""

SPOKEN = ("comment", "quick_reply", "open", "close")
"""Kinds of parts that are somebody's words; every other kind is what the system noted of what somebody did."""

RATING_SCALE = 5.0

_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(CUSTOMERS, "customer"),
    "admin": "agent",
    "bot": "bot",
    "team": "system",
}


def conversation(told: Json, options: IntercomOptions, *, opening: bool = True) -> list[Taken]:
    """What is to be taken of a conversation; without its ``opening`` only of its parts.

    Raises ``ValueError`` for what is no conversation.
    """
    number = said(dig(told, "id"))
    if number is None or moment(dig(told, "created_at")) is None:
        raise ValueError("a conversation has an id and a time")
    parts = dig(told, "conversation_parts.conversation_parts")
    parts = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    _notice_missing(told, parts)
    first = _opening(told, number)
    turns = [first] if first else []
    gone: list[Taken] = []
    for part in parts:
        if dig(part, "redacted") is True and said(dig(part, "id")):
            gone.append(Gone(f"{number}:{part['id']}", "redacted at Intercom"))
        elif (turn := _part(part, number)) is not None:
            turns.append(turn)
    turns += _ratings(told, number, turns)
    turns.sort(key=lambda turn: turn.at)
    found = utterances(turns, _facts(told, options, number), parent=number, origin=f"conversation {number}")
    wanted = [one for one in found if opening or one.record_id != f"{number}:source"]
    if dig(told, "source.redacted") is True:
        gone.append(Gone(f"{number}:source", "redacted at Intercom"))
    return [*wanted, *gone]


def _notice_missing(told: Json, parts: list[Any]) -> None:
    """Intercom shows the 500 newest parts alone."""
    count = dig(told, "statistics.count_conversation_parts")
    if isinstance(count, int) and count > len(parts) >= 500:
        log.warning("intercom_parts_missing", conversation=str(dig(told, "id")), shown=len(parts), of=count)


def _opening(told: Json, number: str) -> Turn | None:
    if dig(told, "source.redacted") is True:
        return None
    outbound = dig(told, "source.delivered_as") in OUTBOUND
    role: Role = _role(dig(told, "source.author"))
    if outbound and role == "customer":
        role = "system"
    at = moment(dig(told, "created_at"))
    text = titled(dig(told, "source.subject"), readable(dig(told, "source.body")))
    if at is None or not text:
        return None
    return Turn(
        f"{number}:source",
        role,
        text,
        at,
        updated_at=moment(dig(told, "updated_at")),
        author=said(dig(told, "source.author.id")),
        more=_bare_rating(told),
    )


def _part(part: Mapping[str, Any], number: str) -> Turn | None:
    """A part with words in it. Notes are between agents, a changed attribute is nobody's words: context at most."""
    at, text, own = moment(dig(part, "created_at")), readable(dig(part, "body")), said(dig(part, "id"))
    if at is None or own is None or not text:
        return None
    role = _role(dig(part, "author"))
    if dig(part, "part_type") not in (*SPOKEN, None) and role == "customer":
        role = "system"
    return Turn(
        f"{number}:{own}",
        role,
        text,
        at,
        updated_at=moment(dig(part, "updated_at")),
        author=said(dig(part, "author.id")),
    )


def _role(author: Json) -> Role:
    """A role that nobody knows is a system's: only customers' words are feedback."""
    if dig(author, "from_ai_agent") is True:
        return "bot"
    kind = dig(author, "type")
    if kind not in _ROLES:
        log.info("intercom_unknown_author", kind=str(kind)[:40])
        return "system"
    return _ROLES[kind]


def _ratings(told: Json, number: str, spoken: Sequence[Turn]) -> list[Turn]:
    """What was written with a rating: of people, and of the AI agent, after what was ``spoken``."""
    turns = []
    given = moment(dig(told, "conversation_rating.created_at"))
    for own, stars, words, when, changed in (
        (
            "rating",
            "conversation_rating.rating",
            "conversation_rating.remark",
            given,
            moment(dig(told, "conversation_rating.updated_at")),
        ),
        (
            "ai_rating",
            "ai_agent.rating",
            "ai_agent.rating_remark",
            _answered(told, spoken),
            moment(dig(told, "updated_at")),
        ),
    ):
        text = readable(dig(told, words))
        if not text or when is None:
            continue
        person = said(dig(told, "conversation_rating.contact.id")) or said(
            dig(told, "contacts.contacts.0.id")
        )
        more = {
            "rating": rating_of(dig(told, stars), RATING_SCALE),
            "rating_scale": RATING_SCALE,
            "section": own,
        }
        turns.append(Turn(f"{number}:{own}", "customer", text, when, changed, person, more))
    return turns


def _answered(told: Json, spoken: Sequence[Turn]) -> datetime | None:
    """When the AI agent spoke last, else anybody.

    Intercom says no time of a rating of it; that of the conversation moves with every change, and would count old words
    as of today.
    """
    bots = [turn.at for turn in spoken if turn.role == "bot"]
    return max(bots or [turn.at for turn in spoken], default=moment(dig(told, "created_at")))


def _bare_rating(told: Json) -> Mapping[str, Any] | None:
    stars = dig(told, "conversation_rating.rating")
    stars = dig(told, "conversation_rating.score") if stars is None else stars
    found = rating_of(stars, RATING_SCALE)
    if found is None or readable(dig(told, "conversation_rating.remark")):
        return None
    return {"rating": found, "rating_scale": RATING_SCALE}


def _facts(told: Json, options: IntercomOptions, number: str) -> dict[str, Any]:
    """What is true of the whole conversation."""
    company, custom = dig(told, "company"), dig(told, "custom_attributes")
    plan = (
        said(dig(company, f"custom_attributes.{options.tier_attribute}")) if options.tier_attribute else None
    )
    plan = (plan or said(dig(company, "plan.name")) or "").strip().lower()
    paid = dig(
        company, f"custom_attributes.{options.mrr_attribute}" if options.mrr_attribute else "monthly_spend"
    )
    contact = dig(told, "contacts.contacts.0")
    return {
        "account": said(dig(company, "company_id")) or said(dig(company, "id")),
        "tier": options.tiers.get(plan, plan) or None,
        "mrr": float(paid)
        if isinstance(paid, int | float) and not isinstance(paid, bool) and paid >= 0
        else None,
        "resolution": said(dig(told, "state")),
        "app_version": said(dig(custom, options.app_version_attribute))
        if options.app_version_attribute
        else None,
        "product": said(dig(custom, options.product_attribute)) if options.product_attribute else None,
        "language": said(dig(contact, "language_override")) or said(dig(contact, "browser_language")),
        "country": said(dig(contact, "location.country")),
        "source_url": _link(options, number),
    }


def _link(options: IntercomOptions, number: str) -> str | None:
    if not options.workspace:
        return None
    return f"https://app.intercom.com/a/inbox/{options.workspace}/inbox/conversation/{number}"
