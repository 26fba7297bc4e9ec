"""F40: a detector of personal data that fails. Nothing passes raw, nothing is stuck, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.diversions import Quarantined
from contracts.envelope import Envelope
from contracts.errors import RedactionDown
from contracts.registry import write_record
from contracts.stages import RedactedItem
from models.privacy.addresses import AddressDetector
from models.privacy.base import PiiSpan
from models.privacy.blocks import BlockDetector
from models.privacy.cues import CueDetector
from models.privacy.redactor import Redactor
from models.privacy.structured import StructuredDetector
from operators.hosting import Emitted, Handed, StepHost
from operators.intake.step import IntakeStep
from operators.statelog import MemoryStateLog
from settings import load_settings
from tests.support.steps import Journey, readers
from wiring.stages import intake

POISON = "poison"
TEXTS = [
    "The export is broken, says jo@example.com.",
    f"This is {POISON} from ann@example.com.",
    "The login fails.",
]


class Failing(StructuredDetector):
    """Raises on texts that hold ``trigger``; with an empty one, on every text."""

    def __init__(self, trigger: str, error: type[BaseException] = RuntimeError) -> None:
        super().__init__()
        self.trigger = trigger
        self.error = error

    def find(self, texts: Sequence[str], languages: Sequence[str]) -> list[list[PiiSpan]]:
        if any(self.trigger in text for text in texts):
            raise self.error("a foreign library gave up on: " + texts[0])
        return [list(spans) for spans in super().find(texts, languages)]


class Blind(StructuredDetector):
    """Finds nothing, and raises on the poison."""

    def find(self, texts: Sequence[str], languages: Sequence[str]) -> list[list[PiiSpan]]:
        if any(POISON in text for text in texts):
            raise RuntimeError(POISON)
        return [[] for _ in texts]


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    journey.steps = {}
    for n, text in enumerate(TEXTS):
        journey.deliver(text, record=f"r{n}")
    yield journey
    journey.vault.close()


def host(journey: Journey, detector: StructuredDetector, log: MemoryStateLog) -> StepHost:
    detectors = [detector, AddressDetector(), BlockDetector(), CueDetector()]
    broken = replace(readers(), redactor=Redactor(detectors))
    return StepHost("intake", 0, IntakeStep(journey.vault, broken), log)


def handed(records: Sequence[Envelope], first: int = 0) -> list[Handed]:
    return [Handed(0, first + n, record) for n, record in enumerate(records)]


def records_of(emitted: Sequence[Emitted], kind: type[Envelope]) -> list[str]:
    return [e.out.record.item_id for e in emitted if isinstance(e.out.record, kind)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [RuntimeError, ValueError, MemoryError, RecursionError, TimeoutError])
def test_an_item_that_breaks_a_detector_is_quarantined_and_its_neighbours_pass(
    journey: Journey, error: type[BaseException]
) -> None:
    fresh = host(journey, Failing(POISON, error), MemoryStateLog())
    fresh.restore(None)
    received = journey.topics["journal"]
    emitted = fresh.on_batch(handed(received))
    first, poisoned, last = (record.item_id for record in received)  # type: ignore[attr-defined]
    assert records_of(emitted, RedactedItem) == [first, last]
    assert records_of(emitted, Quarantined) == [poisoned]
    assert not any(b"example" in write_record(e.out.record) for e in emitted)


def test_a_quarantined_item_passes_once_redaction_is_mended(journey: Journey) -> None:
    log = MemoryStateLog()
    broken = host(journey, Failing(POISON), log)
    broken.restore(None)
    emitted = broken.on_batch(handed(journey.topics["journal"]))
    held = next(e.out.record for e in emitted if isinstance(e.out.record, Quarantined))
    assert held.reason == "redaction_failed"
    mended = host(journey, StructuredDetector(), log)
    mended.restore(broken.snapshot())
    journey.topics["quarantine"] = [held]
    (item,) = [e.out.record for e in mended.on_batch(handed([journey.release()], len(TEXTS)))]
    assert isinstance(item, RedactedItem)
    assert journey.vault.open("acme", item.text) == b"This is poison from <EMAIL_1>."


@pytest.mark.parametrize("detector", [Failing(""), Failing("", MemoryError), Blind()])
def test_when_the_canaries_are_not_found_nothing_passes(
    journey: Journey, detector: StructuredDetector
) -> None:
    fresh = host(journey, detector, MemoryStateLog())
    fresh.restore(None)
    with pytest.raises(RedactionDown, match="undercurrent doctor") as stopped:
        fresh.on_batch(handed(journey.topics["journal"]))
    assert not any(word in str(stopped.value) for word in ("example.com", POISON, "export"))


def test_after_the_repair_everything_passes_as_if_nothing_had_been(journey: Journey) -> None:
    log, records = MemoryStateLog(), journey.topics["journal"]
    broken = host(journey, Failing(POISON), log)
    broken.restore(None)
    done = broken.on_batch(handed(records[:1]))
    snapshot = broken.snapshot()
    broken = host(journey, Failing(""), log)
    broken.restore(snapshot)
    with pytest.raises(RedactionDown):
        broken.on_batch(handed(records[1:], 1))
    mended = host(journey, StructuredDetector(), log)
    mended.restore(snapshot)
    done += mended.on_batch(handed(records[1:], 1))
    whole = host(journey, StructuredDetector(), MemoryStateLog())
    whole.restore(None)
    assert [write_record(e.out.record) for e in done] == [
        write_record(e.out.record) for e in whole.on_batch(handed(records))
    ]


def test_a_redactor_that_finds_nothing_without_a_word_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "default_redactor", lambda: Redactor([Blind()]))
    with pytest.raises(RedactionDown, match="built-in canaries"):
        intake.open_readers(load_settings())
