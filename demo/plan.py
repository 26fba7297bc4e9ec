"""When what is said: one slot per item, stories by their own curves, everyday topics at an even pace.

An everyday topic has at most one slot per stretch of 60 days / n, so few accounts speak of it in any
24 hours and no issue is due. Stories rise far above that.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from demo.grammar import Phrases, Topic
from demo.records import DAYS, EPOCH

Lang = Literal["en", "de", "es"]
NOISE = {"en": 160, "de": 9, "es": 7}
OUTAGE_AT = EPOCH + timedelta(days=30, hours=8, minutes=20)
RELEASE_AT = EPOCH + timedelta(days=39, hours=6)
# Share of items that raise a second, everyday concern.
SECOND_CONCERN = 0.07
FURIOUS = {"S-OUTAGE": 15, "S-BILLING": 10}
PERSONAL = 150
_HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 8, 10, 11, 10, 9, 7, 5, 4, 3, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One item to be worded: ``label`` is a topic or story, None for noise; ``toxic`` numbers an abuse."""

    at: datetime
    label: str | None
    lang: Lang = "en"
    second: str | None = None
    furious: bool = False
    personal: bool = False
    toxic: int | None = None


def make_plan(phrases: Phrases, rng: random.Random) -> list[Slot]:
    """All slots, by time."""
    slots = [
        *_outage(rng), *_billing(rng), *_feature(rng), *_fading(rng),
        *_twin("S-TWIN-A", 13, rng), *_twin("S-TWIN-B", 15, rng),
    ]  # fmt: skip
    slots = _with_furious(slots, rng)
    for topic in phrases.topics.values():
        slots += _everyday(topic, rng)
    for lang, count in NOISE.items():
        slots += [Slot(at=at, label=None, lang=_lang(lang)) for at in _evenly(count, rng)]
    slots += [Slot(at=at, label=None, toxic=n) for n, at in enumerate(_evenly(len(phrases.toxic), rng))]
    slots = _with_second(slots, sorted(phrases.topics), rng)
    return sorted(_with_personal(slots, rng), key=lambda slot: slot.at)


def _lang(name: str) -> Lang:
    return "de" if name == "de" else "es" if name == "es" else "en"


def _at(day: int, rng: random.Random) -> datetime:
    hour = rng.choices(range(24), weights=_HOUR_WEIGHTS)[0]
    return EPOCH + timedelta(days=day, hours=hour, seconds=rng.randrange(3600))


def _evenly(count: int, rng: random.Random) -> list[datetime]:
    """One moment in each of ``count`` equal stretches of the 60 days, at a likely hour."""
    return [_at(min(DAYS - 1, int((n + rng.random()) * DAYS / count)), rng) for n in range(count)]


def _everyday(topic: Topic, rng: random.Random) -> list[Slot]:
    return [
        Slot(at=at, label=topic.name, lang=_lang(lang))
        for lang, count in topic.volumes.items()
        for at in _evenly(count, rng)
    ]


def _some_foreign(slots: list[Slot], de: int, es: int, rng: random.Random) -> list[Slot]:
    chosen = rng.sample(range(len(slots)), de + es)
    langs: dict[int, Lang] = {place: "de" if n < de else "es" for n, place in enumerate(chosen)}
    return [replace(slot, lang=langs.get(place, "en")) for place, slot in enumerate(slots)]


def _outage(rng: random.Random) -> list[Slot]:
    """Day 31: 74 reports in eight hours, most of them early, and a tail of five days."""
    storm = [OUTAGE_AT + timedelta(hours=8) * rng.random() ** 1.6 for _ in range(74)]
    tail = [OUTAGE_AT + timedelta(hours=8) + timedelta(days=5) * rng.random() ** 2 for _ in range(20)]
    return _some_foreign([Slot(at=at, label="S-OUTAGE") for at in (*storm, *tail)], 6, 4, rng)


def _billing(rng: random.Random) -> list[Slot]:
    """From the release of day 40 on, five to eight a day."""
    slots = []
    for day in range(39, DAYS):
        slots += [Slot(max(_at(day, rng), RELEASE_AT), "S-BILLING") for _ in range(rng.randint(5, 8))]
    return _some_foreign(slots, 9, 6, rng)


def _feature(rng: random.Random) -> list[Slot]:
    """From 0.3 a day to 4 a day, growing by the same factor every day."""
    slots: list[Slot] = []
    due = rng.random()
    for day in range(DAYS):
        due += 0.3 * (4 / 0.3) ** (day / (DAYS - 1))
        slots += [Slot(_at(day, rng), "S-FEATURE") for _ in range(int(due))]
        due -= int(due)
    return slots


def _fading(rng: random.Random) -> list[Slot]:
    """Five a day at first, none after day 20."""
    slots: list[Slot] = []
    for day in range(20):
        slots += [Slot(_at(day, rng), "S-FADING") for _ in range(max(1, round(5.4 - day * 0.23)))]
    return slots


def _twin(label: str, first_day: int, rng: random.Random) -> list[Slot]:
    """Two or three a day for 26 days, at the same time as its look-alike."""
    return [Slot(_at(first_day + day, rng), label) for day in range(26) for _ in range(2 + day % 2)]


def _with_furious(slots: list[Slot], rng: random.Random) -> list[Slot]:
    """The same slots, some reports of the angriest stories furious."""
    chosen: set[int] = set()
    for story, count in FURIOUS.items():
        english = [n for n, slot in enumerate(slots) if slot.label == story and slot.lang == "en"]
        chosen.update(rng.sample(english, count))
    return [replace(slot, furious=n in chosen) for n, slot in enumerate(slots)]


def _with_second(slots: list[Slot], topics: list[str], rng: random.Random) -> list[Slot]:
    out = []
    for slot in slots:
        wanted = slot.label is not None and slot.lang == "en" and rng.random() < SECOND_CONCERN
        other = rng.choice([name for name in topics if name != slot.label]) if wanted else None
        out.append(replace(slot, second=other))
    return out


def _with_personal(slots: list[Slot], rng: random.Random) -> list[Slot]:
    open_to_it = [n for n, slot in enumerate(slots) if slot.label is not None]
    chosen = frozenset(rng.sample(open_to_it, PERSONAL))
    return [replace(slot, personal=True) if n in chosen else slot for n, slot in enumerate(slots)]
