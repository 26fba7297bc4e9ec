"""From a Zendesk ticket and its comments to what its customers said.

The first comment is the ticket's description, and is taken once, under the ticket's subject. REST writes numbers and
lower case where webhooks write strings and upper case; both become the same here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from connectors.vendors.port import Gone, Json, Taken
from connectors.vendors.turns import Role, Turn, readable, titled, utterances
from connectors.vendors.values import dig, moment, said
from connectors.vendors.zendesk.options import ZendeskOptions

log = structlog.get_logger()

RATING_SCALE = 5.0

SCORES = {"good": 5.0, "bad": 1.0}
"""Zendesk's two words as stars; ``offered`` and ``unoffered`` are no ratings."""

_ROLES: Mapping[str, Role] = {"end-user": "customer", "agent": "agent", "admin": "agent"}
_MACHINES = ("rule", "system")
_DELETED = "deleted at Zendesk"


def number_of(ticket: Json) -> str:
    """The ticket's number. Raises ``ValueError`` where it has none."""
    number = said(dig(ticket, "id"))
    if number is None:
        raise ValueError("a ticket has a number")
    return number


def is_deleted(ticket: Json) -> bool:
    """Whether the export tells of a ticket that is no more."""
    return (said(dig(ticket, "status")) or "").lower() == "deleted"


def gone(number: str) -> Gone:
    """A ticket that is no more; its comments go with it."""
    return Gone(number, _DELETED)


def ticket(
    told: Json,
    comments: Sequence[Json],
    users: Mapping[str, Json],
    organization: Json,
    options: ZendeskOptions,
) -> list[Taken]:
    """What customers wrote in a ticket. ``users`` are those who wrote, by number. Raises ``ValueError``."""
    number = number_of(told)
    turns = [turn for comment in comments if (turn := _comment(comment, told, users, number)) is not None]
    turns.sort(key=lambda turn: (turn.at, turn.record_id))
    first = next((turn for turn in turns if turn.role == "customer"), None)
    score = _score(dig(told, "satisfaction_rating.score"))
    words = readable(dig(told, "satisfaction_rating.comment"))
    if first is not None and score is not None and not words:
        turns[turns.index(first)] = _rated(first, score)
    person = users.get(said(dig(told, "requester_id")) or "")
    facts = _facts(told, organization, options) | {"language": said(dig(person, "locale"))}
    found: list[Taken] = [*utterances(turns, facts, parent=number, origin=f"ticket {number}")]
    if words and score is not None:
        after = max((turn.at for turn in turns), default=None)
        found += rating(number, dig(told, "satisfaction_rating"), told, facts, after)
    return [*found, *_hidden(comments, users, number)]


def rating(
    number: str, row: Json, about: Json, facts: Mapping[str, Any], after: datetime | None = None
) -> list[Taken]:
    """What was written with a rating; nothing where it is none, or without words (the ticket tells of those).

    A ticket says no time of its rating: it was given ``after`` what was written last. The ticket's own time moves with
    every change, and would count old words as of today.
    """
    score, words = _score(dig(row, "score")), readable(dig(row, "comment"))
    at = moment(dig(row, "created_at")) or after or moment(dig(about, "created_at"))
    if score is None or not words or at is None:
        return []
    author = said(dig(row, "requester_id")) or said(dig(about, "requester_id"))
    more = {"rating": score, "rating_scale": RATING_SCALE, "section": "rating"}
    changed = moment(dig(row, "updated_at")) or moment(dig(about, "updated_at"))
    turn = Turn(f"{number}:rating", "customer", words, at, changed, author, more)
    return [*utterances([turn], facts, parent=number, origin=f"ticket {number}")]


def event_comment(told: Json, options: ZendeskOptions) -> list[Taken]:
    """A public comment of a customer, as an event tells of it; staff's are left to the poll. Raises ``ValueError``."""
    number, comment = number_of(dig(told, "detail")), dig(told, "event.comment")
    own, at = said(dig(comment, "id")), moment(dig(told, "time"))
    if own is None or at is None:
        raise ValueError("a comment has a number and a time")
    if dig(comment, "is_public") is not True or dig(comment, "author.is_staff") is not False:
        return []
    text = readable(dig(comment, "body"))
    if text == readable(dig(told, "detail.description")):
        text = titled(dig(told, "detail.subject"), text)
    changed = moment(dig(told, "detail.updated_at")) or at
    turn = Turn(f"{number}:{own}", "customer", text, at, changed, said(dig(comment, "author.id")))
    facts = _facts(dig(told, "detail"), None, options)
    return [*utterances([turn], facts, parent=number, origin=f"ticket {number}")]


def _comment(comment: Json, about: Json, users: Mapping[str, Json], number: str) -> Turn | None:
    own, at = said(dig(comment, "id")), moment(dig(comment, "created_at"))
    if own is None or at is None:
        raise ValueError("a comment has a number and a time")
    text = readable(dig(comment, "plain_body") or dig(comment, "body") or dig(comment, "html_body"))
    if not text:
        return None
    if text == readable(dig(about, "description")):
        text = titled(dig(about, "subject"), text)
    author = said(dig(comment, "author_id"))
    return Turn(
        f"{number}:{own}",
        _role(comment, about, users),
        text,
        at,
        updated_at=moment(dig(about, "updated_at")),
        author=author,
    )


def _hidden(comments: Sequence[Json], users: Mapping[str, Json], number: str) -> list[Gone]:
    """Comments of end-users that are internal: an agent made them so, and they may have been taken before."""
    return [
        Gone(f"{number}:{own}", "made internal at Zendesk")
        for comment in comments
        if dig(comment, "public") is False
        and dig(users.get(said(dig(comment, "author_id")) or ""), "role") == "end-user"
        and (own := said(dig(comment, "id")))
    ]


def _role(comment: Json, about: Json, users: Mapping[str, Json]) -> Role:
    author = said(dig(comment, "author_id")) or ""
    if author == "-1" or dig(comment, "via.channel") in _MACHINES or dig(comment, "type") == "VoiceComment":
        return "system"
    told = said(dig(users.get(author), "role"))
    if told is None:  # the users were not sent along
        told = "end-user" if author == said(dig(about, "requester_id")) else "agent"
    if told not in _ROLES:
        log.info("zendesk_unknown_role", role=told[:40])
        return "system"
    if dig(comment, "public") is False:
        return "agent"
    return _ROLES[told]


def _rated(turn: Turn, score: float) -> Turn:
    more = {"rating": score, "rating_scale": RATING_SCALE}
    return Turn(turn.record_id, turn.role, turn.text, turn.at, turn.updated_at, turn.author, more)


def _score(told: Json) -> float | None:
    """``good`` and ``bad``, also as ``good_with_comment`` and in upper case."""
    word = (said(told) or "").lower()
    return next((stars for name, stars in SCORES.items() if word.startswith(name)), None)


def _facts(told: Json, organization: Json, options: ZendeskOptions) -> dict[str, Any]:
    fields = dig(organization, "organization_fields")
    tier = (said(dig(fields, options.tier_field)) or "").strip().lower() if options.tier_field else ""
    number = said(dig(told, "id"))
    return {
        "account": said(dig(told, "organization_id")),
        "tier": options.tiers.get(tier, tier) or None,
        "mrr": _amount(dig(fields, options.mrr_field)) if options.mrr_field else None,
        "resolution": (said(dig(told, "status")) or "").lower() or None,
        "app_version": _field(told, options.app_version_field),
        "product": _field(told, options.product_field),
        "source_url": f"{options.base}/agent/tickets/{number}",
    }


def _field(told: Json, number: int | None) -> str | None:
    """A custom field's value; it may be text, a number, a truth value or a list, whatever the form says."""
    rows = dig(told, "custom_fields")
    if number is None or not isinstance(rows, list):
        return None
    value = next((dig(row, "value") for row in rows if dig(row, "id") == number), None)
    if isinstance(value, list):
        return ", ".join(filter(None, map(said, value)))[:200] or None
    return (said(value) or "")[:200] or None


def _amount(told: Json) -> float | None:
    try:
        amount = float(said(told) or "")
    except ValueError:
        return None
    return amount if 0 <= amount < float("inf") else None
