"""The encoder dies under the running product, embedded and on Kafka; once it is back everything has its own theme."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from cli.flow import run_one
from cli.worker import worker
from contracts.envelope import Envelope
from contracts.stages import Assignment, EnrichedItem
from contracts.themes import ThemeRecord
from models.encoders.base import EncoderAway
from models.encoders.hashing import KeywordEncoder
from settings import load_settings
from tests.support.broker import fresh_naming
from tests.support.encoders import Mortal
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import KEYWORDS, copy_of, load_sample
from wiring.datadir import DataDir
from wiring.deadletters.kafka import KafkaTopics
from wiring.healing import ENCODER_AWAY, lacking
from wiring.kafka.broker import Broker
from wiring.kafka.home import Member
from wiring.kafka.recovery import Entry
from wiring.kafka.running import Site
from wiring.product import open_parts
from wiring.stages.themes import memory_index
from wiring.views.topics import Topics

TEXTS_BEFORE_DEATH = 80
SETTINGS = {**KEYWORDS, "UNDERCURRENT_ENCODER": "minilm", "UNDERCURRENT_EPOCH_S": "0.5"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dies") / "loaded"
    load_sample(directory, slice(850, 950))
    return directory


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch, loaded: Path, tmp_path: Path) -> Mortal:
    """What every stage loads as its encoder; it has read the exemplars of the labels already."""
    mortal = Mortal()
    for module in ("wiring.product", "wiring.stages.extract"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda _setting: (mortal, None))
    monkeypatch.setattr("wiring.stages.themes.encoder_identity", lambda _setting: (mortal.version, 384))
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    copy_of(loaded, tmp_path / "data")
    open_parts(tmp_path / "data", load_settings(), index=memory_index(KeywordEncoder())).vault.close()  # type: ignore[attr-defined]
    mortal.until_death = TEXTS_BEFORE_DEATH
    return mortal


Read = Callable[[str], Iterable[Envelope]]


def judge_death(read: Read) -> None:
    items = [record for record in read("enriched") if isinstance(record, EnrichedItem)]
    by = [item.provenance.encoder for item in items if item.concerns]
    assert set(by) == {"meaning-1", "keywords-1"}
    assert by.index("keywords-1") > 10
    assert not list(read("dead-letters")) or lacking(read("enriched"))


def judge_return(read: Read) -> None:
    """Every concern is where a theme by meaning is, or waits for one; its changes are one chain."""
    assert lacking(read("enriched")) == []
    encoder_of = {one.theme_id: one.encoder for one in read("themes") if isinstance(one, ThemeRecord)}
    now: dict[str, tuple[str | None, int]] = {}
    moved = 0
    for one in read("assignments"):
        if isinstance(one, Assignment):
            theme, sequence = now.get(one.concern_id, (None, 0))
            assert (one.from_theme, one.sequence) == (theme, sequence + 1)
            now[one.concern_id] = (one.theme, one.sequence)
            moved += encoder_of.get(one.from_theme or "") == "keywords-1" and one.change == "moved"
    assert {encoder_of[theme] for theme, _ in now.values() if theme} <= {"meaning-1"}
    assert now


def test_embedded_the_next_run_embeds_anew(encoder: Mortal, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    topics = Topics(DataDir(directory).logs)

    def read(topic: str) -> Iterable[Envelope]:
        return [record for _, record in topics.records(topic)]

    worker(directory, follow=False, leashed=False)
    judge_death(read)
    assert (directory / ENCODER_AWAY).exists()
    encoder.come_back()
    worker(directory, follow=False, leashed=False)
    judge_return(read)
    assert not (directory / ENCODER_AWAY).exists()


def test_on_kafka_the_stage_embeds_anew(
    encoder: Mortal, broker: Broker, loaded: Path, tmp_path: Path
) -> None:
    flow = KafkaFlow(broker.cluster, fresh_naming(), tmp_path / "data")
    flow.make()
    length = flow.copy_journal(loaded)
    site = Site(flow.cluster, flow.naming, flow.data, 1)
    topics = KafkaTopics(site.cluster, site.naming, 1)

    def read(topic: str) -> Iterable[Envelope]:
        return [record for _, record in topics.records(topic)]

    run(site, "intake", "extract", "themes")
    judge_death(read)
    encoder.come_back()
    run(site, "extract")
    wanted = length + len(lacking(read("enriched")))
    until = time.monotonic() + 60
    while len(list(topics.records("journal"))) < wanted and time.monotonic() < until:
        time.sleep(0.1)
    run(site, "intake", "extract", "themes")
    judge_return(read)


def run(site: Site, *stages: str) -> None:
    """Each stage to the end of its input."""
    settings = load_settings()
    for stage in stages:
        run_one(stage, site, settings, Member(), Entry(), follow=False, health_port=0)


def test_a_run_does_not_begin_without_its_encoder(encoder: Mortal, tmp_path: Path) -> None:
    encoder.is_dead = True
    with pytest.raises(EncoderAway):
        worker(tmp_path / "data", follow=False, leashed=False)
