"""The messages of the themes stage: how a change reads on its topic, with its reason in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from contracts.commands import Command, ReportIssue
from contracts.envelope import Envelope
from contracts.identity import cause_of
from contracts.naming import AnswerRefused, ThemeAnswer, ThemeQuestion
from contracts.priority import Alert
from contracts.stages import Assignment, AssignmentFacts
from contracts.steering import Steering
from contracts.themes import DriftEvent, ThemeEvent, ThemeOrdered, ThemeRecord
from models.themes.changes import (
    Assigned,
    Born,
    Merged,
    Moved,
    Ordered,
    Proposed,
    Retired,
    Retracted,
    Returned,
    Split,
    Steered,
    Unmerged,
    Unthemed,
    Waiting,
)
from operators.calendar import moment
from operators.themes.concerns import Known
from operators.themes.names import Renaming, name_of
from operators.themes.profiles import Profile

# Concern ids given as evidence of a birth: those that people's commands will anchor on.
EVIDENCE = 5


class Teller:
    """Writes the records that one journal record leads to."""

    def __init__(self, cause: Envelope, next_id: Callable[[Envelope], str]) -> None:
        self._cause = cause
        self._next_id = next_id

    def assignment(
        self,
        change: Assigned | Moved | Steered | Waiting | Unthemed | Retracted,
        before: Known,
        after: Known,
        about: AssignmentFacts | None,
        notes: Mapping[str, Any],
    ) -> Assignment:
        """A concern changed its place; ``notes`` are the optional fields, and the reason of a placement."""
        return Assignment.made(
            **self._header("feedback", "1.0"),
            concern_id=change.concern_id,
            item_id=before.item_id,
            sequence=after.sequence,
            theme=after.theme,
            from_theme=before.theme,
            about=about,
            **{**_how(change), **notes},
        )

    def relabelled(self, concern_id: str, after: Known, about: AssignmentFacts) -> Assignment:
        """Something else was decided of a concern; it stays where it is."""
        return Assignment.made(
            **self._header("feedback", "1.1"),
            concern_id=concern_id,
            item_id=after.item_id,
            sequence=after.sequence,
            theme=after.theme,
            from_theme=after.theme,
            about=about,
            change="relabelled",
            reason="its labels were decided anew",
        )

    def theme_event(self, change: Born | Merged | Split | Unmerged | Retired | Returned) -> ThemeEvent:
        """A line of the identity ledger; what a person ordered has their name and their reason."""
        line = _ledger_line(change) | self._ordered_by()
        return ThemeEvent.made(**self._header("theme_event"), **line)

    def split(self, change: Ordered) -> ThemeEvent:
        """A person split a theme."""
        return ThemeEvent.made(
            **self._header("theme_event"),
            event="split",
            theme_id=change.theme_id,
            other_theme=change.other_theme,
            evidence=change.concerns,
            **self._ordered_by(),
        )

    def ordered(self, change: Ordered | Proposed) -> ThemeOrdered:
        """What became of an order, or what the engine proposes."""
        line = order_line(change) | self._ordered_by()
        return ThemeOrdered.made(**self._header("theme_order"), **line)

    def _ordered_by(self) -> dict[str, Any]:
        """Who ordered what is told, why, and where in the journal."""
        cause = self._cause
        if isinstance(cause, Command) and isinstance(cause.order, Steering):
            return {"author": cause.author, "reason": cause.order.reason, "order_id": cause_of(cause.id)}
        if isinstance(cause, Command) and isinstance(cause.order, ReportIssue):
            why = f"issue {cause.order.key} was called a duplicate of issue {cause.order.duplicate_of}"
            return {"author": cause.author, "reason": why}
        return {"author": "themes"}

    def renamed(
        self, theme_id: str, renaming: Renaming, evidence: Sequence[str], author: str = "themes"
    ) -> ThemeEvent:
        """A theme has another name."""
        line = {"author": author, "reason": renaming.why} | ({} if renaming.why else self._ordered_by())
        return ThemeEvent.made(
            **self._header("theme_event"),
            event="renamed",
            theme_id=theme_id,
            evidence=tuple(evidence),
            name_before=renaming.before,
            name=renaming.now,
            **line,
        )

    def theme(
        self,
        theme_id: str,
        profile: Profile,
        *,
        concerns: int,
        accounts: int,
        first_s: int,
        last_s: int,
        encoder: str,
        family: tuple[str | None, str | None],
        marks: Mapping[str, bool | None] = MappingProxyType({}),
    ) -> ThemeRecord:
        """What a theme is now; ``family``: id and name of its family, ``marks``: what people ordered of it."""
        return ThemeRecord.made(
            **self._header("theme"),
            theme_id=theme_id,
            status=profile.status,
            label=name_of(theme_id, profile),
            label_source=profile.named_by or "keywords",
            keywords=tuple(profile.label),
            language=profile.group,
            concerns=concerns,
            accounts=accounts,
            first_seen=moment(first_s),
            last_seen=moment(last_s),
            redirect_to=profile.redirect,
            representatives=tuple(profile.gallery.representatives()),
            counter_examples=tuple(profile.gallery.counter_examples()),
            encoder=encoder,
            parent=family[0],
            family=family[1],
            summary=profile.summary,
            **marks,
        )

    def question(
        self, theme_id: str, profile: Profile, concerns: int, examples: Sequence[str]
    ) -> ThemeQuestion:
        """A model is asked for a name."""
        return ThemeQuestion.made(
            **self._header("theme_question", "1.0"),
            theme_id=theme_id,
            content=profile.content,
            keywords=tuple(profile.label),
            language=profile.group,
            concerns=concerns,
            examples=tuple(examples),
        )

    def refused(self, answer: ThemeAnswer, reason: str) -> AnswerRefused:
        """An answer changes nothing."""
        return AnswerRefused.made(
            **self._header("theme_answer", "1.0"),
            theme_id=answer.theme_id,
            model=answer.model,
            prompt=answer.prompt,
            reason=reason,
        )

    def drift(self, **said: Any) -> DriftEvent:
        """A detector saw a change; see ``operators.themes.drift_records``."""
        return DriftEvent.made(**self._header("signal"), **said)

    def alert(self, **said: Any) -> Alert:
        """A drift event is worth an alert; see ``operators.themes.drift_alerts``."""
        return Alert.made(**self._header("signal"), **said)

    @property
    def at(self) -> datetime:
        """When the record that this is told of happened."""
        return self._cause.event_time

    def _header(self, kind: str, version: str = "1.1") -> dict[str, Any]:
        cause = self._cause
        return {
            "id": self._next_id(cause),
            "kind": kind,
            "tenant": cause.tenant,
            "event_time": cause.event_time,
            "ingested_at": cause.ingested_at,
            "trace": cause.trace,
            "schema_version": version,
        }


def _milli(value: float | None) -> int | None:
    return None if value is None else round(value * 1000)


_STEERED = {
    "placed": "a person put it there",
    "linked": "a person linked it to others that are there",
    "apart": "a person keeps it apart from what it was with",
    "split": "a person split its theme",
    "nearer": "nothing that a person ordered keeps it out of its nearest theme any more",
}


def _how(change: Assigned | Moved | Steered | Waiting | Unthemed | Retracted) -> dict[str, Any]:
    """What kind of change it is, how sure, and why, in one line."""
    match change:
        case Assigned():
            return {
                "change": "assigned",
                "similarity_milli": _milli(change.similarity),
                "z_milli": change.z_milli,
                "runner_up": change.runner_up_theme,
                "runner_up_milli": _milli(change.runner_up_similarity),
                "p_milli": change.p_milli,
            }
        case Moved():
            return {
                "change": "moved",
                "similarity_milli": _milli(change.similarity),
                "z_milli": change.z_milli,
                "runner_up": change.runner_up_theme,
                "runner_up_milli": _milli(change.runner_up_similarity),
                "p_milli": change.p_milli,
            }
        case Steered():
            return {
                "change": "assigned" if change.from_theme is None else "moved",
                "similarity_milli": _milli(change.similarity),
                "reason": _STEERED[change.why],
            }
        case Waiting():
            nearest = f"; nearest {change.nearest}" if change.nearest else ""
            return {
                "change": "waiting",
                "similarity_milli": _milli(change.similarity),
                "reason": f"no theme is near enough yet{nearest}",
            }
        case Unthemed():
            return {"change": "unthemed", "reason": "too few others like it while it waited"}
        case Retracted():
            return {"change": "retracted", "reason": "its item was revised or withdrawn"}


def _ledger_line(change: Born | Merged | Split | Unmerged | Retired | Returned) -> dict[str, Any]:
    match change:
        case Born():
            return {
                "event": "born",
                "theme_id": change.theme_id,
                "reason": f"{len(change.members)} waiting concerns are alike",
                "evidence": change.members[:EVIDENCE],
            }
        case Merged():
            return {
                "event": "merged",
                "theme_id": change.from_theme,
                "other_theme": change.into_theme,
                "reason": f"similarity {change.similarity:.2f}, at {change.needed:.2f} two themes are one"
                f" ({change.from_size} into {change.into_size} concerns)",
            }
        case Split():
            return {
                "event": "split",
                "theme_id": change.theme_id,
                "other_theme": change.new_theme,
                "reason": f"two centres {change.gap_milli / 1000:.1f} standard deviations apart"
                f" (one theme: at most {change.gap_needed_milli / 1000:.1f}), similarity {change.similarity:.2f}"
                f" ({len(change.members)} concerns move, {change.stayed} stay)",
                "evidence": change.members[:EVIDENCE],
            }
        case Unmerged():
            return {
                "event": "unmerged",
                "theme_id": change.theme_id,
                "other_theme": change.from_theme,
                "reason": "the merge was undone",
            }
        case Retired():
            return {"event": "retired", "theme_id": change.theme_id, "reason": "nothing joined it for long"}
        case Returned():
            return {"event": "returned", "theme_id": change.theme_id, "reason": "a concern joined it again"}


def order_line(change: Ordered | Proposed) -> dict[str, Any]:
    """An order's outcome, or a proposal, as the fields of a record."""
    if isinstance(change, Proposed):
        two = f"similarity {change.similarity:.2f}, at {change.needed:.2f} two themes are one"
        apart = f"{len(change.concerns)} of its concerns look like a theme of their own"
        return {
            "event": "proposed",
            "theme_id": change.theme_id,
            "other_theme": change.other_theme,
            "reason": two if change.act == "merge" else apart,
            "evidence": change.concerns,
            "act": change.act,
        }
    return {
        "event": change.event,
        "theme_id": change.theme_id or None,
        "other_theme": change.other_theme,
        "detail": change.why,
        "evidence": change.concerns,
        "autonomy": change.name if change.event == "autonomy" else None,
    }
