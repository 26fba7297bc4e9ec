"""The whole sample from one seed: 60 days of an imaginary shipping product called Harborline.

``generate(seed)`` is a pure function: the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

from dataclasses import replace

from demo.arrivals import Item, choose_fates, send
from demo.grammar import Phrases, load_phrases, stream
from demo.people import make_customers
from demo.plan import Slot, make_plan
from demo.records import Mark, Sample, Truth
from demo.rows import Desk
from demo.wording import Writer


def generate(seed: int) -> Sample:
    """About 2,000 items with planted stories, look-alikes, personal data, abuse and broken lines."""
    phrases = load_phrases()
    customers = make_customers(stream(seed, "people"))
    writer = Writer(phrases, stream(seed, "words"))
    desk = Desk(customers, stream(seed, "rows"))
    slots = make_plan(phrases, stream(seed, "plan"))
    items = [_item(slot, phrases, desk, writer) for slot in slots]
    items = choose_fates(items, stream(seed, "fates"))
    items = [_second_version(item, slot, writer) for item, slot in zip(items, slots, strict=True)]
    truths = {item.key: _truth(item, slot) for item, slot in zip(items, slots, strict=True)}
    return Sample(seed, send(items, seed), truths, customers)


def _mood(slot: Slot, phrases: Phrases) -> str:
    if slot.toxic is not None:
        return "toxic"
    if slot.label is None:
        return "chatter"
    return (phrases.stories.get(slot.label) or phrases.topics[slot.label]).mood


def _item(slot: Slot, phrases: Phrases, desk: Desk, writer: Writer) -> Item:
    mood = _mood(slot, phrases)
    source = desk.source_for(slot, mood)
    wording = writer.word(slot, source)
    row = desk.row(slot, source, mood, wording)
    holds: dict[Mark, bool] = {
        "toxic": slot.toxic is not None,
        "furious": slot.furious,
        "personal": bool(wording.spans),
    }
    marks = frozenset(mark for mark, held in holds.items() if held)
    return Item((source, str(row["source_record_id"])), row, wording, slot.at, slot.at, marks)


def _second_version(item: Item, slot: Slot, writer: Writer) -> Item:
    """Edited items say it anew or add a remark; what they say it about stays."""
    if not item.marks & {"edited", "stale"}:
        return item
    anew = int(item.key[1].rsplit("-", 1)[1]) % 2 == 0 and slot.label is not None
    newer = writer.word(slot, item.key[0]) if anew else writer.amend(item.wording)
    return replace(item, newer=newer)


def _truth(item: Item, slot: Slot) -> Truth:
    author = str(item.row["author"])
    return Truth(
        key=item.key,
        wording=item.newer or item.wording,
        lang=slot.lang,
        created_at=slot.at,
        arrived_at=item.arrived_at,
        marks=item.marks,
        author_email=author if "@" in author else None,
    )
