"""How items reach us: late, twice, edited, out of order, and broken.

Every count is exact, so that a check can ask for exactly these.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from demo.grammar import stream
from demo.records import DAYS, EPOCH, Breakage, Delivery, DeliveryKind, Key, Mark, Row, Wording
from demo.rows import marked_up, stamp

REDELIVERED, EDITED, STALE, LATE = 40, 30, 5, 30
_LATEST_S = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Item:
    """A worded item before it is sent; ``newer`` is the wording of its second version, if it has one."""

    key: Key
    row: Row
    wording: Wording
    created_at: datetime
    arrived_at: datetime
    marks: frozenset[Mark]
    newer: Wording | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    at: datetime
    raw: bytes
    kind: DeliveryKind
    key: Key | None
    breakage: Breakage | None = None


def choose_fates(items: Sequence[Item], rng: random.Random) -> list[Item]:
    """Decide which items come late, twice, edited or out of order; no item has two of these fates."""
    usable = [n for n, item in enumerate(items) if _may_have_a_fate(item)]
    versioned = [n for n in usable if "source_updated_at" in items[n].row]
    changed = rng.sample(versioned, EDITED + STALE)
    rest = [n for n in usable if n not in frozenset(changed)]
    others = rng.sample(rest, REDELIVERED + LATE)
    fates: dict[int, Mark] = dict.fromkeys(changed[:EDITED], "edited")
    for n in changed[EDITED:]:
        fates[n] = "stale"
    for place, n in enumerate(others):
        fates[n] = "redelivered" if place < REDELIVERED else "late"
    return [_with_fate(item, fates.get(n), rng) for n, item in enumerate(items)]


def _may_have_a_fate(item: Item) -> bool:
    """Toxic items keep to themselves; the outage must be seen at once; the last days leave no room."""
    outage = any(concern.label == "S-OUTAGE" for concern in item.wording.concerns)
    return "toxic" not in item.marks and not outage and item.created_at < EPOCH + timedelta(days=DAYS - 4)


def _with_fate(item: Item, fate: Mark | None, rng: random.Random) -> Item:
    delay_s = rng.randint(86_400, _LATEST_S) if fate == "late" else rng.randint(30, 1_200)
    marks = item.marks | {fate} if fate else item.marks
    return replace(item, arrived_at=item.created_at + timedelta(seconds=delay_s), marks=marks)


def send(items: Sequence[Item], seed: int) -> tuple[Delivery, ...]:
    """All lines in order of arrival, the broken ones among them."""
    rng = stream(seed, "arrivals")
    sent = [one for item in items for one in _versions(item, rng)]
    sent += _broken(rng)
    ordered = sorted(enumerate(sent), key=lambda pair: (pair[1].at, pair[0]))
    return tuple(
        Delivery(line, one.raw, one.kind, one.key, one.at, one.breakage)
        for line, (_, one) in enumerate(ordered, start=1)
    )


def _versions(item: Item, rng: random.Random) -> list[_Sent]:
    """The deliveries of one item: mostly one."""
    first = _Sent(item.arrived_at, encode(item.row), "first", item.key)
    later = item.arrived_at + timedelta(seconds=rng.randint(1_800, 172_800))
    if "redelivered" in item.marks:
        return [first, replace(first, at=later, kind="redelivery")]
    if item.newer is None:
        return [first]
    newer_row = _revised(item, item.newer, item.created_at + timedelta(minutes=rng.randint(20, 29)))
    if "edited" in item.marks:
        return [first, _Sent(later, encode(newer_row), "edit", item.key)]
    # The newer version overtook the older one, which is therefore stale when it comes.
    arrived = item.created_at + timedelta(minutes=30)
    late = _Sent(max(later, arrived + timedelta(minutes=5)), first.raw, "stale", item.key)
    return [_Sent(arrived, encode(newer_row), "first", item.key), late]


def _revised(item: Item, wording: Wording, at: datetime) -> Row:
    text = marked_up(wording.text) if str(item.row["text"]).startswith("<p>") else wording.text
    return {**item.row, "text": text, "source_updated_at": stamp(at)}


def encode(row: Row) -> bytes:
    """One JSON line without its line end."""
    return json.dumps(dict(row), ensure_ascii=False, separators=(",", ":")).encode()


def _broken(rng: random.Random) -> list[_Sent]:
    """Fifteen lines that must be rejected, each for one reason."""
    out = []
    for number, (changes, field, reason) in enumerate(_FLAWS, start=1):
        at = EPOCH + timedelta(seconds=rng.randrange(DAYS * 86_400))
        row = {
            "source": "typeform",
            "source_record_id": f"broken-{number}",
            "text": "The route summary could be a little shorter.",
            "created_at": stamp(at),
            **changes,
        }
        raw = encode({name: value for name, value in row.items() if value is not None})
        out.append(_Sent(at, raw, "broken", ("typeform", f"broken-{number}"), Breakage(field, reason)))
    for raw in _UNREADABLE:
        at = EPOCH + timedelta(seconds=rng.randrange(DAYS * 86_400))
        out.append(_Sent(at, raw, "broken", None, Breakage(None, "unreadable")))
    return out


_FLAWS: tuple[tuple[Mapping[str, str | int | None], str, str], ...] = (
    ({"text": None}, "text", "missing"),
    ({"text": None, "rating": 2}, "text", "missing"),
    ({"text": ""}, "text", "empty"),
    ({"text": "   \n "}, "text", "empty"),
    ({"created_at": "31.02.2026"}, "created_at", "bad date"),
    ({"created_at": "yesterday"}, "created_at", "bad date"),
    ({"rating": 9}, "rating", "out of range"),
    ({"rating": 0}, "rating", "out of range"),
    ({"rating": "five"}, "rating", "not a number"),
    ({"text": "The log of our printer follows. " * 4_000}, "text", "too long"),
)
_UNREADABLE = (
    b'{"source":"zendesk","source_record_id":"broken-11","text":"The sentence stops in the mid',
    b'{"source":"g2" "text":"A comma is missing here."}',
    b'{"source":"intercom","source_record_id":"broken-13","text":"Gr\xfc\xdfe aus K\xf6ln"}',
    b'{"source":"app_store","source_record_id":"broken-14","text":"\xc3\x28 and \xff"}',
    b'["a list", "where an object should be"]',
)
