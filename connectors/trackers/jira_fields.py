"""The fields of an issue that is made at Jira: what a project has and demands differs, and its createmeta says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.outgoing import Refused
from connectors.trackers.adf import adf
from connectors.trackers.port import Draft

SUMMARY_CHARS = 255
OURS = frozenset({"project", "issuetype", "summary", "description", "labels", "priority", "reporter"})


@dataclass(frozen=True, slots=True)
class Meta:
    """What the project's issue type takes: its id, the fields it has, those it demands, its priorities."""

    issue_type: str
    fields: frozenset[str]
    required: frozenset[str]
    priorities: frozenset[str]

    @classmethod
    def of(cls, issue_type: str, fields: Iterable[Mapping[str, Any]]) -> Meta:
        """From the answer of ``createmeta``; a field with a default is not demanded."""
        told = {str(one.get("fieldId") or one.get("key")): one for one in fields}
        needs = (name for name, one in told.items() if one.get("required") and not one.get("hasDefaultValue"))
        allowed = (told.get("priority") or {}).get("allowedValues") or ()
        return cls(
            issue_type, frozenset(told), frozenset(needs), frozenset(str(p.get("name")) for p in allowed)
        )


def summary_of(title: str) -> str:
    """A title as Jira takes it: one line, not too long."""
    return " ".join(title.split())[:SUMMARY_CHARS]


def name_of(priority: int, priorities: Sequence[str]) -> str | None:
    """What a project calls a priority of 1 (urgent) to 4; None where it has no name for it."""
    return priorities[priority - 1] if 1 <= priority <= len(priorities) else None


def creation(
    draft: Draft, project: str, meta: Meta, more: Mapping[str, Any], priorities: Sequence[str]
) -> dict[str, Any]:
    """The ``fields`` of the request. Raises ``Refused`` naming a field that the project demands and nobody gave."""
    if missing := meta.required - OURS - more.keys():
        names = ", ".join(sorted(missing))
        raise Refused(f"the project demands {names}; give them as fields of its destination", reason="fields")
    label = f"fb-{draft.id.replace('-', '')}"
    told: dict[str, Any] = {
        "project": {"key": project},
        "issuetype": {"id": meta.issue_type},
        "summary": summary_of(draft.title),
    }
    if "labels" in meta.fields:
        told["labels"] = [label, *("_".join(name.split())[:255] for name in draft.labels)]
    else:
        raise Refused("the project's issue type has no labels: add that field to its screen", reason="fields")
    if "description" in meta.fields:
        told["description"] = adf(draft.description)
    name = name_of(draft.priority, priorities)
    if "priority" in meta.fields and name in meta.priorities:
        told["priority"] = {"name": name}
    return told | dict(more)
