"""How what is ours is told from what is people's at Jira, which takes no id of ours: labels, properties, global ids."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

PROPERTY = "feedback.issue"
COMMENT = "feedback.comment"
LINKS = "undercurrent:"
"""What global ids of our remote links begin with."""

GLOBAL_ID_CHARS = 255
"""Jira refuses a remote link with a longer one."""


def label_of(issue_id: str) -> str:
    """The label that tells one issue of ours from all others, in every project."""
    return f"fb-{issue_id.replace('-', '')}"


def global_id(url: str) -> str:
    """What Jira knows a remote link by: its address, or a hash of one that is too long for that."""
    told = f"{LINKS}{url}"
    return told if len(told) <= GLOBAL_ID_CHARS else f"{LINKS}{sha256(url.encode()).hexdigest()}"


def address_of(link: Mapping[str, Any]) -> str:
    """Where a remote link of ours leads."""
    told = (link.get("object") or {}).get("url")
    return str(told or link["globalId"].removeprefix(LINKS))


def own_id(prop: Mapping[str, Any]) -> str:
    """Our id of a comment that a property tells, empty where it tells another thing."""
    return str((prop.get("value") or {}).get("id", "")) if prop.get("key") == COMMENT else ""


def is_ours(prop: Mapping[str, Any], comment_id: str) -> bool:
    """Whether a comment's property says that it is ours with this id."""
    return own_id(prop) == comment_id
