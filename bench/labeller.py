"""What asking language models costs with the labeller, against one call for each item; and whether anyone waits for it.

The flow, the prompt, the verification and the labeller are the product's; the model is a stand-in that agrees with the
local decision, answers some entries wrongly (they are asked again), and is unsure of some (they go to the large one).
Tokens are counted as a quarter of the characters of what is sent and said; dollars by the shipped price table. A
baseline call has the same instructions, schema and answer, one item in each.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from zlib import crc32

from connectors.keys.vault import LocalVault
from connectors.labelling.store import LabellingStore
from connectors.memory.index import MemoryIndex
from contracts.envelope import Envelope
from contracts.feedback import Coordinates
from contracts.registry import read_journal, write_record
from contracts.stages import Assignment, EnrichedItem, Provenance
from demo.sample import generate
from models.encoders.cached import CachedEncoder
from models.encoders.hashing import KeywordEncoder
from models.labellers.bound import ReviewBound
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from models.labelling.asking import Asker
from models.labelling.routes import RoutePolicy
from models.llm.base import Call, Reply, Usage
from models.llm.prices import load_prices
from models.llm.prompts import Question, load_prompt
from models.themes.policy import ThemePolicy
from operators.extract.step import ExtractStep
from operators.intake.step import IntakeStep
from operators.step import Step
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.journal import Arrival, RecordMaker
from wiring.labelling.inbox import Inbox
from wiring.labelling.labeller import Labeller
from wiring.stages.intake import open_readers

START = datetime(2026, 3, 1, tzinfo=UTC)
TENANT = "acme"
SMALL, LARGE = "gpt-5-mini", "gpt-5"
CHARACTERS_PER_TOKEN = 4
WRONG_IN, UNSURE_IN = 25, 20
"""Of so many entries one is answered wrongly at first, and of so many the small model is unsure; by their hash."""


class StandIn:
    """A model that answers from the local decisions of the questions that are under way."""

    name = "openai"

    def __init__(self, model: str, known: dict[str, Question], tally: Counter[str]) -> None:
        self.model = model
        self._known = known
        self._tally = tally
        self._prices = load_prices()

    def ask(self, call: Call) -> Reply:
        """Answer honestly, mostly."""
        shown = [
            json.loads(line) for line in call.user.splitlines() if line.startswith("{") and '"number"' in line
        ]
        is_again = len(shown) == 1
        text = json.dumps({"answers": [self._entry(one, is_again) for one in shown]}, ensure_ascii=False)
        usage = Usage(tokens(call.system + call.user + json.dumps(call.schema)), 0, tokens(text))
        reply = Reply("answered", text, self.model, self.model, self.name, usage)
        self._tally[f"calls {self.model}"] += 1
        return replace(reply, cost_micro=self._prices.reply_micro(reply))

    def _entry(self, shown: dict[str, Any], is_again: bool) -> dict[str, Any]:
        asked = self._known[shown["text"]]
        local, draw = asked.local, crc32(shown["text"].encode())
        wrong = draw % WRONG_IN == 0 and not is_again and self.model == SMALL
        unsure = draw % UNSURE_IN == 1 and self.model == SMALL
        return {
            "number": shown["number"],
            "category": local.category,
            "sublabel": local.sublabel,
            "runner_up": None,
            "severity": local.severity,
            "sentiment": local.sentiment,
            "sentiment_score": local.sentiment_milli // 10,
            "bug": local.bug,
            "feature_request": local.feature_request,
            "product_area": local.product_area,
            "intent": local.intent,
            "quotes": ["words that nobody said"] if wrong else [asked.text[:60].strip()],
            "entities": [],
            "root_cause": "The screen does not load after the last update of the application.",
            "suggested_action": "Check what changed in the last release on this screen.",
            "explanation": "The writer reports that it does not work any more.",
            "translation": asked.text if asked.foreign else None,
            "confidence": 50 if unsure else 90,
        }


def tokens(text: str) -> int:
    """A quarter of the characters, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


class Flow:
    """Intake, extract and themes in memory, with keywords for meaning."""

    def __init__(self, directory: Path) -> None:
        taxonomy, _ = load_taxonomy(None)
        encoder = CachedEncoder(KeywordEncoder(), capacity=20_000)
        self.keys = directory / "keys"
        self.vault = LocalVault(self.keys)
        made = Provenance(run="", git_commit="", taxonomy="", labeller="", encoder="", redaction="")
        policy = ThemePolicy()
        index = MemoryIndex(item_dims=encoder.dims, theme_dims=policy.components)
        self._steps: dict[str, Step] = {
            "journal": IntakeStep(self.vault, open_readers(Settings(names="off"))),
            "redacted": ExtractStep(self.vault, encoder, LocalLabeller(taxonomy, encoder), made),
            "enriched": ThemesStep(self.vault, index, encoder.version, policy),
        }
        self.maker = RecordMaker(TENANT, self.vault, START)
        self.enriched: list[Envelope] = []
        self.assigned = 0
        self._ordinal = 0

    def put(self, line: bytes) -> None:
        """One journal record through every stage."""
        record = read_journal(0, self._ordinal, line)
        self._ordinal += 1
        self._pass("journal", record)

    def deliver(self, n: int, text: str) -> None:
        """One item."""
        at = START + timedelta(minutes=n)
        found = Coordinates(origin="bench", line=n)
        body = {"text": text, "author": f"p{n % 997}@example.com"}
        self.put(self.maker.feedback([Arrival(at, at, "bench", f"r{n}", body, found, b"", None)])[0])

    def _pass(self, topic: str, record: Envelope) -> None:
        if topic == "enriched":
            self.enriched.append(record)
        self.assigned += isinstance(record, Assignment)
        step = self._steps.get(topic)
        for out in step.on_records([record]) if step else []:
            if out.topic in ("redacted", "enriched", "assignments"):
                self._pass(out.topic, out.record)


def measure(texts: Sequence[str], *, batch: int = 8, sure: float = 0.95) -> dict[str, Any]:
    """Calls, prompt tokens and dollars per item, with the labeller and without it."""
    with tempfile.TemporaryDirectory() as folder:
        flow = Flow(Path(folder))
        for n, text in enumerate(texts):
            flow.deliver(n, text)
        known = _questions(flow)
        policy = RoutePolicy(sure=round(1000 * sure), names_may_leave=True)
        asker, tally = _asker(known, policy)
        store = LabellingStore(Path(folder) / "answers.sqlite3")
        inbox = Inbox(policy)
        store.take(map(inbox.change, list(flow.enriched)), asker.prompt_id, {})

        def append(records: Sequence[Envelope]) -> None:
            for record in records:
                flow.put(write_record(record))

        labeller = Labeller(store, flow.vault, asker, append, lambda: START, batch=batch)
        while labeller.turn().wait_s is None:
            pass
        items, counts = len(texts), labeller.counts
        told: dict[str, Any] = {
            "items": items,
            "concerns": inbox.counts["seen"],
            "by_route": {"local": inbox.counts["local"], **dict(sorted(counts.items()))},
            "calls": labeller.tally.calls,
            "calls_by_model": {name: tally[f"calls {name}"] for name in (SMALL, LARGE)},
            "calls_per_item": round(labeller.tally.calls / items, 4),
            "prompt_tokens_per_item": round(labeller.tally.input_tokens / items, 1),
            "dollars_per_item": round(labeller.tally.cost_micro_usd / items / 1e6, 6),
            "left_waiting": store.count(),
        }
        store.close()
    base = _one_call_each(texts, known)
    share = told["prompt_tokens_per_item"] / base["prompt_tokens_per_item"]
    told |= {"alone": base, "calls_ratio": told["calls_per_item"], "tokens_ratio": round(share, 4)}
    return told | {"saved_by": _saved(told)}


def _saved(told: dict[str, Any]) -> dict[str, float]:
    """Calls that each cause saves, as shares of one call a concern; retries and the large model cost some back."""
    concerns = told["concerns"]
    routes = told["by_route"]
    asked = routes.get("small", 0) + routes.get("large", 0)
    return {
        "route": round(routes["local"] / concerns, 4),
        "cache": round(routes.get("cache", 0) / concerns, 4),
        "duplicates": round(routes.get("duplicate", 0) / concerns, 4),
        "batching": round((asked - told["calls"]) / concerns, 4),
        "left": round(told["calls"] / concerns, 4),
    }


def _questions(flow: Flow) -> dict[str, Question]:
    found = {}
    for item in flow.enriched:
        if isinstance(item, EnrichedItem):
            text = (flow.vault.open(item.tenant, item.text) or b"").decode()
            for concern in item.concerns:
                said = text[concern.start : concern.end]
                found[said] = Question(said, item.language, concern.decision, item.facts.rating)
    return found


def _asker(known: dict[str, Question], policy: RoutePolicy) -> tuple[Asker, Counter[str]]:
    tally: Counter[str] = Counter()
    small, large = StandIn(SMALL, known, tally), StandIn(LARGE, known, tally)
    taxonomy, _ = load_taxonomy(None)
    return Asker(
        small, large, load_prompt("decide-1"), lambda _tenant: taxonomy, policy, review_below=ReviewBound()
    ), tally


def _one_call_each(texts: Sequence[str], known: dict[str, Question]) -> dict[str, float]:
    """One call of the small model for each item, with the same instructions."""
    taxonomy, _ = load_taxonomy(None)
    prompt = load_prompt("decide-1")
    any_question = next(iter(known.values()))
    blank = prompt.call([replace(any_question, text="")], taxonomy)
    fixed = tokens(blank.system + blank.user + json.dumps(blank.schema))
    total = sum(fixed + tokens(text) for text in texts)
    return {"calls_per_item": 1.0, "prompt_tokens_per_item": round(total / len(texts), 1)}


def waiting(texts: Sequence[str], *, hangs_s: float = 30.0) -> dict[str, float]:
    """95th percentile of milliseconds from journal to assignment, while nobody is asked and while a model hangs.

    Both in alternating pieces of one run. The labeller is a thread with keys of its own here, and a process of its own
    in the product.
    """
    with tempfile.TemporaryDirectory() as folder:
        flow = Flow(Path(folder))
        took: dict[str, list[float]] = {"alone": [], "hanging": []}
        pieces = [texts[start : start + 100] for start in range(0, len(texts), 100)]
        n = 0
        for place, piece in enumerate(pieces):
            name = ("alone", "hanging", "hanging", "alone")[place % 4]  # what slows with age slows both
            with _hanging(flow, Path(folder) / str(place), hangs_s) if name == "hanging" else nullcontext():
                for text in piece:
                    began = time.perf_counter()
                    flow.deliver(n, text)
                    took[name].append(1000 * (time.perf_counter() - began))
                    n += 1
    p95 = {name: statistics.quantiles(values[20:], n=20)[-1] for name, values in took.items()}
    told = {f"{name}_p95_ms": round(value, 2) for name, value in p95.items()}
    return {**told, "ratio": round(p95["hanging"] / p95["alone"], 3)}


@contextmanager
def _hanging(flow: Flow, folder: Path, hangs_s: float) -> Iterator[None]:
    """A labeller in a thread of its own whose model says nothing until the block ends."""
    asked, over = Event(), Event()

    class Silent(StandIn):
        def ask(self, call: Call) -> Reply:
            asked.set()
            over.wait(hangs_s)
            return super().ask(call)

    known = _questions(flow)
    policy = RoutePolicy(sure=1001, names_may_leave=True)
    taxonomy, _ = load_taxonomy(None)
    model = Silent(SMALL, known, Counter())
    asker = Asker(
        model, None, load_prompt("decide-1"), lambda _tenant: taxonomy, policy, review_below=ReviewBound()
    )
    store, vault = LabellingStore(folder / "answers.sqlite3"), LocalVault(flow.keys)
    inbox = Inbox(policy)
    store.take(map(inbox.change, list(flow.enriched)), asker.prompt_id, {})
    said: list[Envelope] = []
    labeller = Labeller(store, vault, asker, said.extend, lambda: START, batch=32, at_once=1)
    asking = Thread(target=labeller.turn)
    asking.start()
    asked.wait(hangs_s)
    try:
        yield
    finally:
        over.set()
        asking.join()
        store.close()
        vault.close()


def main() -> None:
    """``python -m bench.labeller``: the demo's items, and the texts of any JSONL that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="JSONL or .jsonl.gz with a field text")
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--waiting", action="store_true", help="whether the flow waits for a model, instead")
    told = parser.parse_args()
    sets = {"demo": demo_texts(told.items)} | {file.name: _texts_in(file, told.items) for file in told.files}
    for name, texts in sets.items():
        found = waiting(texts) if told.waiting else measure(texts)
        print(name, json.dumps(found, indent=1))


def demo_texts(count: int) -> list[str]:
    """Texts of the demo's imaginary customers, of one seed after the other."""
    texts: list[str] = []
    for seed in range(1, 99):
        bodies = (json.loads(one.raw) for one in generate(seed).deliveries if _is_body(one.raw))
        texts += [
            body["text"] for body in bodies if isinstance(body.get("text"), str) and body["text"].strip()
        ]
        if len(texts) >= count:
            break
    return texts[:count]


def _is_body(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except ValueError:
        return False


def _texts_in(file: Path, count: int) -> list[str]:
    data = file.read_bytes()
    text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
    return [json.loads(line)["text"] for line in text.splitlines()[:count]]


if __name__ == "__main__":
    main()
