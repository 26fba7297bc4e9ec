"""Data directories made of contract records, as a flow would have written them; no flow is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from connectors.keys.vault import LocalVault
from contracts.commands import Command, Order
from contracts.diversions import DeadLetter, Quarantined, Receipt, ReviewRequest
from contracts.envelope import Envelope
from contracts.feedback import Coordinates, FeedbackReceived, Sealed, Tick
from contracts.identity import concern_id, item_id, journal_id, output_id, theme_id
from contracts.priority import Alert, Factors, LinearIssue, Priority, Quote, WindowScore
from contracts.registry import write_record
from contracts.stages import (
    Assignment,
    AssignmentFacts,
    Concern,
    Decision,
    EnrichedItem,
    ItemFacts,
    Provenance,
    RedactedItem,
)
from contracts.themes import ThemeEvent, ThemeRecord
from models.priority.wilson import wilson_interval

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROVENANCE = Provenance(
    run="live",
    git_commit="0" * 40,
    taxonomy="default-1",
    labeller="local-1",
    encoder="hash-1",
    redaction="r1",
)


def decision(**changes: Any) -> Decision:
    """A decision about one concern, confident and negative unless changed."""
    return Decision.model_validate(
        {
            "category": "bug",
            "severity": "high",
            "sentiment": "negative",
            "sentiment_milli": -600,
            "confidence_milli": 900,
        }
        | changes
    )


@dataclass(frozen=True)
class Said:
    """What the builder wrote for one applied item."""

    item_id: str
    concern_id: str
    place: str
    facts: ItemFacts
    text: Sealed


class RunBuilder:
    """Collects records by topic; ``write`` puts them into ``directory`` as committed logs."""

    def __init__(self, directory: Path, tenant: str = "acme") -> None:
        self.directory = directory
        self.tenant = tenant
        self.vault = LocalVault(directory / "keys")
        self.lines: dict[str, list[bytes]] = {}
        self.ordinal = 0
        self._outputs = 0
        self._sequences: dict[str, int] = {}

    def close(self) -> None:
        """Let go of the keys."""
        self.vault.close()

    def write(self) -> Path:
        """Write all topics; the data directory."""
        for topic, lines in self.lines.items():
            folder = self.directory / "logs" / topic
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "p0000.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        return self.directory

    def put(self, topic: str, record: Envelope) -> None:
        """Append any record."""
        self.lines.setdefault(topic, []).append(write_record(record))

    # -- the journal ---------------------------------------------------------------------------------

    def deliver(
        self,
        text: str,
        *,
        at: datetime = NOON,
        source: str = "tickets",
        record: str | None = None,
        author: str = "ann",
        line: int | None = None,
    ) -> FeedbackReceived:
        """Accept one delivery; its id is its place."""
        subject = self.subject(author)
        place = journal_id(0, self.ordinal)
        received = FeedbackReceived(
            id=place,
            tenant=self.tenant,
            event_time=at,
            ingested_at=NOON,
            source=source,
            item_id=item_id(self.tenant, source, record or f"r{self.ordinal}"),
            author=subject,
            body=self.vault.seal(self.tenant, subject, orjson.dumps({"text": text})),
            found_at=Coordinates(origin="feedback.csv", line=line or self.ordinal + 2),
        )
        self.put("journal", received)
        self.ordinal += 1
        return received

    def subject(self, author: str) -> str:
        """The author's hash; their key exists afterwards."""
        subject = self.vault.subject(self.tenant, author)
        self.vault.ensure(self.tenant, [subject])
        return subject

    def tick(self, at: datetime) -> None:
        """Time comes to ``at`` in every stage."""
        tick = Tick(id=journal_id(0, self.ordinal), tenant=self.tenant, event_time=at, ingested_at=NOON)
        for topic in ("journal", "redacted", "enriched", "assignments"):
            self.put(topic, tick)
        self.ordinal += 1

    def command(self, order: Order, at: datetime = NOON) -> str:
        """Someone orders something; its place."""
        place = journal_id(0, self.ordinal)
        command = Command(
            id=place, tenant=self.tenant, event_time=at, ingested_at=NOON, author="op", order=order
        )
        self.put("journal", command)
        self.ordinal += 1
        return place

    # -- what stages say -----------------------------------------------------------------------------

    def header(self, place: str, stage: str, at: datetime = NOON) -> dict[str, Any]:
        """Envelope fields of an output caused by the record at ``place``."""
        self._outputs += 1
        return {
            "id": output_id(place, stage, self._outputs),
            "tenant": self.tenant,
            "event_time": at,
            "ingested_at": NOON,
        }

    def item(
        self,
        text: str,
        *,
        at: datetime = NOON,
        theme: str | None = None,
        change: str = "assigned",
        source: str = "tickets",
        record: str | None = None,
        author: str = "ann",
        account: str | None = None,
        tier: str = "pro",
        url: str | None = None,
        language: str = "en",
        full: bool = True,
        pii: dict[str, int] | None = None,
        revision: int = 1,
        retracts: tuple[str, ...] = (),
        asked: dict[str, Any] | None = None,
        **about: Any,
    ) -> Said:
        """One item with one concern, through all stages; ``change`` None leaves it at ``enriched``."""
        received = self.deliver(text, at=at, source=source, record=record, author=author)
        facts = ItemFacts.model_validate(
            {"source": source, "author": received.author, "account": account, "tier": tier, "source_url": url}
        )
        sealed = self.vault.seal(self.tenant, received.body.subject, text.encode())
        coverage = "full" if full else "structured"
        common = {"item_id": received.item_id, "revision": revision, "text": sealed, "language": language}
        common |= {"coverage": coverage, "facts": facts}
        self.put(
            "redacted",
            RedactedItem(
                **self.header(received.id, "intake", at),
                **common,
                doc_id="d",
                pii=pii or {},
                redaction_version="r1",
                replaces=revision - 1 if retracts else None,
            ),
        )
        name = concern_id(received.item_id, revision, 0)
        concern = Concern(
            concern_id=name, start=0, end=max(1, len(text)), summary=sealed, decision=decision(**about)
        )
        enriched = EnrichedItem(
            **self.header(received.id, "extract", at),
            **common,
            concerns=(concern,),
            retracts=retracts,
            provenance=PROVENANCE,
        )
        self.put("enriched", enriched)
        said = Said(received.item_id, name, received.id, facts, sealed)
        if concern.decision.needs_review or asked is not None:
            self.review(enriched, text if full else None, **(asked or {}))
        if change and not concern.decision.needs_review:
            self.change(
                said, change, theme=theme, at=at, quote=full, language=language, about=concern.decision
            )
        return said

    def review(self, item: EnrichedItem, quote: str | None, **changes: Any) -> None:
        """Send the item's concern to a person."""
        request = ReviewRequest(
            **self.header(item.id, "extract", item.event_time),
            reason="low_confidence",
            concern=item.concerns[0],
            item=item,
            quote=quote,
            **changes,
        )
        self.put("reviews", request)

    def change(
        self,
        said: Said,
        change: str,
        *,
        theme: str | None = None,
        from_theme: str | None = None,
        at: datetime = NOON,
        quote: bool = True,
        language: str = "en",
        about: Decision | None = None,
        **changes: Any,
    ) -> None:
        """One change of a concern's theme, numbered in its sequence."""
        sequence = self._sequences[said.concern_id] = self._sequences.get(said.concern_id, 0) + 1
        facts = AssignmentFacts(
            facts=said.facts,
            language=language,
            decision=about or decision(),
            happened_at=at,
            quote=said.text if quote else None,
        )
        assignment = Assignment.model_validate(
            self.header(said.place, "themes", at)
            | {"change": change, "concern_id": said.concern_id, "item_id": said.item_id}
            | {"sequence": sequence, "theme": theme, "from_theme": from_theme}
            | {"about": facts if sequence == 1 else None}
            | changes
        )
        self.put("assignments", assignment)

    def theme(self, founder: str, label: str, **changes: Any) -> str:
        """A theme record; its id. A second call with the same founder is its newer state."""
        name = theme_id(self.tenant, founder)
        record = ThemeRecord.model_validate(
            self.header(journal_id(0, self.ordinal), "themes")
            | {"theme_id": name, "status": "active", "label": label, "keywords": tuple(label.split(" · "))}
            | {"language": "en", "concerns": 0, "accounts": 0, "first_seen": NOON, "last_seen": NOON}
            | {"encoder": "hash-1"}
            | changes
        )
        self.put("themes", record)
        return name

    def theme_event(self, event: str, theme: str, **changes: Any) -> None:
        """One event of the identity ledger."""
        record = ThemeEvent.model_validate(
            self.header(journal_id(0, self.ordinal), "themes")
            | {"event": event, "theme_id": theme, "author": "undercurrent", "reason": "because"}
            | changes
        )
        self.put("theme-events", record)

    def new_theme(self, founder: str, label: str, *, at: datetime = NOON, **changes: Any) -> str:
        """A theme that was born ``at``, as ``assignments`` tell it; its id."""
        name = self.theme(founder, label, **{"concerns": 6, "accounts": 4} | changes)
        self.lines.setdefault("assignments", []).append(self.lines["themes"][-1])
        header = self.header(journal_id(0, self.ordinal), "themes", at)
        born = ThemeEvent(
            **header, event="born", theme_id=name, author="themes", reason="6 waiting concerns are alike"
        )
        self.put("assignments", born)
        return name

    def alert(self, detector: str, theme: str | None, *, at: datetime = NOON, **changes: Any) -> Alert:
        """A drift alert."""
        header = self.header(journal_id(0, self.ordinal), "themes", at)
        fields = {
            "alert_id": f"alert-{detector}-{theme}-{at:%d%H}",
            "rule": f"drift-{detector}",
            "severity": "warn",
        }
        fields |= {"title": "Many in a day", "body": "18 people in a day that has 2.1.", "theme_id": theme}
        fields |= {"drift_id": "0-1-themes-1", "detector": detector}
        alert = Alert.model_validate(header | fields | changes)
        self.put("alerts", alert)
        return alert

    def priority(self, theme: str, impact: float, *, last_seen: datetime = NOON, **changes: Any) -> None:
        """A priority with a 7-day and a 24-hour window."""
        negative = changes.pop("negative", wilson_interval(6, 9))
        factors = Factors(volume=4.5, sentiment=1.6, tier=1.4, urgency=1.2, recency=1.1)
        windows = tuple(
            WindowScore(
                window=window, concerns=negative.of, accounts=5, impact=i, factors=factors, negative=negative
            )
            for window, i in (("24h", impact / 2), ("7d", impact))
        )
        record = Priority.model_validate(
            self.header(journal_id(0, self.ordinal), "priority", last_seen)
            | {"theme_id": theme, "label": "x", "impact": impact, "half_life_s": 48 * 3600}
            | {"windows": windows, "last_seen": last_seen, "affected_accounts": 5, "tiers": {"pro": 5}}
            | {"why": "5 accounts in 7 days raised 9 concerns, 67 % negative."}
            | changes
        )
        self.put("priorities", record)

    def issue(self, theme: str, title: str, *, at: datetime = NOON, **changes: Any) -> None:
        """An issue fit for Linear."""
        record = LinearIssue.model_validate(
            self.header(journal_id(0, self.ordinal), "priority", at)
            | {"issue_id": f"issue-{title}", "theme_id": theme, "episode": 1, "rule": "impact"}
            | {"title": title, "description": f"## {title}\n\nWhat customers say", "priority": 2}
            | {
                "labels": ("bug",),
                "accounts": ("a1", "a2"),
                "tiers": {"pro": 2},
                "impact": 70.0,
                "quotes": (),
            }
            | changes
        )
        self.put("linear", record)

    def quarantine(self, received: FeedbackReceived, reason: str = "toxic") -> None:
        """Hold a delivery back."""
        record = Quarantined(
            **self.header(received.id, "intake"),
            reason=reason,
            detail="d",
            item_id=received.item_id,
            item=received,
        )
        self.put("quarantine", record)

    def receipt(self, received: FeedbackReceived, outcome: str) -> None:
        """A delivery that changes nothing."""
        record = Receipt.model_validate(
            self.header(received.id, "intake") | {"item_id": received.item_id, "outcome": outcome}
        )
        self.put("receipts", record)

    def reject(
        self, received: FeedbackReceived, *, reason: str = "schema", field: str | None = "text"
    ) -> None:
        """A delivery that can never succeed."""
        record = DeadLetter(
            **self.header(received.id, "intake"),
            stage="intake",
            reason=reason,
            field=field,
            message="text is empty",
            item_id=received.item_id,
            found_at=received.found_at,
            original=received.body,
        )
        self.put("dead-letters", record)


def quote(text: str, item: str, url: str | None = None) -> Quote:
    """A redacted quote of an issue."""
    return Quote(text=text, item_id=item, source="tickets", source_url=url)
