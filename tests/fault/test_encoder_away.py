"""The encoder is away, or another one: keywords stand in, marked; nothing mixes; encoding anew brings meaning back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import RecoveryRefused
from contracts.stages import Assignment, EnrichedItem
from contracts.themes import ThemeRecord
from models.encoders import load as loading
from models.encoders.base import WeightsMissing
from models.encoders.load import load_encoder
from operators.extract.step import ExtractStep
from operators.hosting import Handed, StepHost
from operators.statelog import MemoryStateLog
from operators.themes.step import ThemesStep
from tests.support.encoders import TOPICS, Meaning
from tests.support.steps import POLICY, PROVENANCE, Journey, labeller, memory_index, text_about, themes


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    """Forty messages that came while the encoder was away."""
    made, draw = Journey(tmp_path), random.Random(1)
    for n in range(48):
        made.deliver(text_about(TOPICS[n % 4], draw), record=f"c{n}", author=f"p{n}")
    yield made
    made.vault.close()


def host_of(step: ThemesStep, log: MemoryStateLog) -> StepHost:
    return StepHost("themes", 0, step, log)


def with_meaning(journey: Journey) -> ThemesStep:
    return ThemesStep(journey.vault, memory_index(), Meaning.version, POLICY)


def encoded_anew(journey: Journey) -> list[EnrichedItem]:
    """What extract makes of the same items once the encoder is back."""
    step = ExtractStep(journey.vault, Meaning(), labeller(), PROVENANCE)
    outs = step.on_records(journey.topics["redacted"])
    return [out.record for out in outs if isinstance(out.record, EnrichedItem)]


def test_without_weights_keywords_stand_in_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise WeightsMissing("not installed")

    monkeypatch.setattr(loading, "MiniLmEncoder", missing)
    encoder, notice = load_encoder("auto")
    assert encoder.version == "keywords-1"
    assert "by shared keywords, not by meaning" in (notice or "")


def test_what_was_themed_meanwhile_is_marked_with_the_encoder(journey: Journey) -> None:
    journey.tick()
    assert {record.encoder for record in journey.of("themes", ThemeRecord)} == {"keywords-1"}
    vectors = [concern.vector for item in journey.enriched() for concern in item.concerns]
    assert {vector.model for vector in vectors if vector} == {"keywords-1"}


def test_themes_of_keywords_are_not_gone_on_with_once_the_encoder_is_back(journey: Journey) -> None:
    log = MemoryStateLog()
    host = host_of(themes(journey.vault), log)
    host.restore(None)
    host.on_batch([Handed(0, n, record) for n, record in enumerate(journey.topics["enriched"])])
    snapshot = host.snapshot()
    with pytest.raises(RecoveryRefused, match="undercurrent rebuild"):
        host_of(with_meaning(journey), log).restore(snapshot)


def test_vectors_of_two_encoders_never_meet(journey: Journey) -> None:
    step = themes(journey.vault)
    step.on_records(journey.topics["enriched"])
    with pytest.raises(RecoveryRefused, match=r"meaning-1.*set to keywords-1"):
        step.on_records(encoded_anew_and_unknown(journey))


def encoded_anew_and_unknown(journey: Journey) -> list[EnrichedItem]:
    before = len(journey.topics["redacted"])
    journey.deliver("The invoice is wrong and the refund too.", record="late")
    step = ExtractStep(journey.vault, Meaning(), labeller(), PROVENANCE)
    outs = step.on_records(journey.topics["redacted"][before:])
    return [out.record for out in outs if isinstance(out.record, EnrichedItem)]


def test_encoded_anew_every_concern_of_the_bad_time_is_assigned_again(journey: Journey) -> None:
    anew = encoded_anew(journey)
    outs = with_meaning(journey).on_records(anew)
    told = [out.record for out in outs if isinstance(out.record, Assignment)]
    before = {c.concern_id for c in journey.of("assignments", Assignment)}
    assert {c.concern_id for c in told} == before
    assert {out.record.encoder for out in outs if isinstance(out.record, ThemeRecord)} == {"meaning-1"}
