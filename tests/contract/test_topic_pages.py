"""The pages of the topics say what is so, and what they offer to copy can be copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.kafka.messages import Origin, journal_message, message_of
from connectors.kafka.names import SHARED
from contracts.feedback import Tick
from contracts.registry import RECORDS, read_record, write_record
from tests.support.kafka_parts import AT
from wiring.schemas.pages import WIDTH, name_of, pages
from wiring.topics import load_topics

ROOT = Path(__file__).parents[2]
PUBLIC = sorted(name for name, topic in load_topics().items() if topic.public)
PAGES = pages()
SECTIONS = (
    "Key and order",
    "Delivery",
    "Headers",
    "Schema",
    "Example",
    "Retention and tombstones",
    "Compatibility and deprecation",
    "Erasure",
    "Consumer groups",
    "Reading it",
)


def block(page: str, language: str) -> str:
    """The one code block in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(found)


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", PAGES["README.md"]))
    assert linked == PAGES.keys() - {"README.md"} == {f"{name}.md" for name in load_topics()}


@pytest.mark.parametrize("topic", PUBLIC)
def test_a_public_page_has_every_section(topic: str) -> None:
    assert tuple(re.findall(r"^## (.*)$", PAGES[f"{topic}.md"], re.MULTILINE)) == SECTIONS


@pytest.mark.parametrize("topic", PUBLIC)
def test_the_consumer_on_a_public_page_is_short_and_compiles(topic: str) -> None:
    consumer = block(PAGES[f"{topic}.md"], "python")
    assert compile(consumer, topic, "exec")
    assert len([line for line in consumer.splitlines() if line]) <= 20
    assert f'subscribe(["{name_of(topic)}"])' in consumer


@pytest.mark.parametrize("topic", PUBLIC)
def test_the_shell_line_on_a_public_page_reads_its_topic(topic: str) -> None:
    assert f" -t {name_of(topic)} " in block(PAGES[f"{topic}.md"], "sh")


@pytest.mark.parametrize("topic", sorted(SHARED))
def test_the_page_of_a_topic_that_no_stage_writes_says_which_headers_differ(topic: str) -> None:
    tick = Tick(tenant="acme", event_time=AT, ingested_at=AT, id="")
    ours, every = (
        dict(one.headers)
        for one in (
            journal_message(tick, b"{}"),
            message_of(Origin("themes", "tenant", "g1", "themes", 0), 0, tick, b""),
        )
    )
    differ = {name for name in every if name not in ours} | {"ce_id", "ce_source"}
    told = set(re.findall(r"^\| `(ce_[a-z]+)` \|", PAGES[f"{topic}.md"], re.MULTILINE))
    assert told == differ == {"ce_id", "ce_source", "ce_sequence"}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", PAGES[page])
    headings = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", PAGES[page], re.MULTILINE)}
    lost = [
        target
        for target in targets
        if not (
            target[1:] in headings if target.startswith("#") else (ROOT / "docs/topics" / target).is_file()
        )
    ]
    assert lost == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_running_text_is_wrapped(page: str) -> None:
    prose = re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL).splitlines()
    assert [line for line in prose if len(line) > WIDTH + 10 and not line.startswith("|")] == []


@pytest.mark.parametrize("topic", sorted(RECORDS))
def test_the_key_that_a_page_names_is_that_of_its_own_records(topic: str) -> None:
    key = load_topics()[topic].key
    assert key == "tenant" or key in RECORDS[topic][0].model_fields


def test_the_headers_of_a_page_are_those_of_a_message() -> None:
    example = (ROOT / "contracts/examples/themes/1.0/theme.json").read_bytes()
    record = read_record("themes", example)
    sent = message_of(Origin("themes", "theme_id", "g1", "themes", 0), 0, record, write_record(record))
    table = PAGES["themes.md"].partition("## Headers")[2].partition("## Schema")[0]
    assert set(re.findall(r"^\| `([a-z_-]+)` \|", table, re.MULTILINE)) == {name for name, _ in sent.headers}
