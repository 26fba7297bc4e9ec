"""The messages of the themes stage: how a change reads on its topic, with its reason in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from contracts.envelope import Envelope
from contracts.naming import AnswerRefused, ThemeAnswer, ThemeQuestion
from contracts.stages import Assignment, AssignmentFacts
from contracts.themes import DriftEvent, ThemeEvent, ThemeRecord
from models.themes.changes import (
    Assigned,
    Born,
    Merged,
    Moved,
    Retired,
    Retracted,
    Returned,
    Unmerged,
    Unthemed,
    Waiting,
)
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
        change: Assigned | Moved | Waiting | Unthemed | Retracted,
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

    def theme_event(self, change: Born | Merged | Unmerged | Retired | Returned) -> ThemeEvent:
        """A line of the identity ledger."""
        return ThemeEvent.made(**self._header("theme_event"), author="themes", **_ledger_line(change))

    def renamed(
        self, theme_id: str, renaming: Renaming, evidence: Sequence[str], author: str = "themes"
    ) -> ThemeEvent:
        """A theme has another name."""
        return ThemeEvent.made(
            **self._header("theme_event"),
            event="renamed",
            theme_id=theme_id,
            author=author,
            reason=renaming.why,
            evidence=tuple(evidence),
            name_before=renaming.before,
            name=renaming.now,
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
    ) -> ThemeRecord:
        """What a theme is now; ``family`` is the id and the name of its family."""
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
            first_seen=_moment(first_s),
            last_seen=_moment(last_s),
            redirect_to=profile.redirect,
            representatives=tuple(profile.gallery.representatives()),
            counter_examples=tuple(profile.gallery.counter_examples()),
            encoder=encoder,
            parent=family[0],
            family=family[1],
            summary=profile.summary,
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


@lru_cache(maxsize=4096)
def _moment(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _milli(value: float | None) -> int | None:
    return None if value is None else round(value * 1000)


def _how(change: Assigned | Moved | Waiting | Unthemed | Retracted) -> dict[str, Any]:
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


def _ledger_line(change: Born | Merged | Unmerged | Retired | Returned) -> dict[str, Any]:
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
