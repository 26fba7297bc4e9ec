"""An issue that quotes two people, orders to take one of them back, and both trackers asked alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectors.trackers.adf import adf, plain_text
from contracts.identity import linear_issue_id
from contracts.priority import AffectedCustomer, LinearIssue, Quote, Withdrawal
from operators.linear_issue import quotation
from tests.support.dispatching import NOW, Desk, Site, issue_record
from tests.support.trackers.server import GIVES_UP_S, Scripted

ANN, BEN = "a" * 32, "b" * 32
QUOTES = (
    Quote(
        text="Ann was charged twice, [see](x)!", item_id="i-ann", source="zendesk", concern_id="c-ann",
        source_url="https://desk.test/ann", subject=ANN, account="northwind",
    ),
    Quote(
        text="Ben cannot export", item_id="i-ben", source="csv", concern_id="c-ben",
        source_url="https://desk.test/ben", subject=BEN, account="initech",
    ),
)  # fmt: skip
BODY = (
    "**Why now.** It rose.\n\n**What customers say** (personal data removed)\n\n{}\n\n"
    "**Affected** in 7 days, by tier: 2 pro.\nAccounts: initech, northwind.\n\n**Seen** first then.\n"
)


def quoting(**changed: Any) -> LinearIssue:
    """An issue, or a comment on it, that quotes Ann and Ben."""
    body = BODY.format("\n\n".join(map(quotation, QUOTES)))
    customers = tuple(AffectedCustomer(account=one, tier="pro", mrr=10.0) for one in ("initech", "northwind"))
    told = {
        "description": body,
        "quotes": QUOTES,
        "accounts": ("initech", "northwind"),
        "customers": customers,
    }
    return issue_record(**{**told, **changed})


def taken_back(at: int = 9, subject: str | None = None, concern: str | None = None) -> Withdrawal:
    """An order to take back what somebody said."""
    return Withdrawal(
        id=f"0-{at}-priority-0", tenant="acme", event_time=NOW, ingested_at=NOW,
        why="erased" if subject else "retracted", subject=subject, concern_id=concern,
    )  # fmt: skip


@dataclass
class Board:
    """One issue at one tracker, as people see it and edit it."""

    site: Site
    there: Any
    server: Scripted

    def run(self, work: Callable[[Desk], Awaitable[None]], **more: Any) -> None:
        self.set_up(**more)
        self.site.run(work, within_s=GIVES_UP_S)

    def set_up(self, **more: Any) -> None:
        raise NotImplementedError

    def hide(self, *, hidden: bool = True) -> None:
        """Whether our token may see nothing of it any more."""
        raise NotImplementedError

    def spoil(self, *words: str) -> None:
        self.server.script(*words)

    def issue(self) -> Any:
        """The one issue."""
        (issue,) = self.there.issues.values()
        return issue

    def needs(self) -> str:
        return ""


class LinearBoard(Board):
    def set_up(self, **more: Any) -> None:
        self.server.spoils = lambda asked: b"issueUpdate" in asked.body and b"description" in asked.body
        self.site.linear(self.server.url, **more)

    def text(self) -> str:
        return str(self.issue()["description"])

    def first(self) -> str:
        return self.text().split("\n")[0]

    def links(self) -> set[str]:
        return {url for _, url in self.there.attachments}

    def needs(self) -> str:
        return " ".join(one["customerExternalId"] for one in self.there.needs.values())

    def comments(self) -> list[str]:
        return [one["body"] for one in self.there.comments.values()]

    def say(self, text: str) -> None:
        self.there.comments["theirs"] = {"id": "theirs", "issueId": self.issue()["id"], "body": text}

    def add_above(self, text: str) -> None:
        self.issue()["description"] = f"{text}\n\n{self.text()}"

    def replace(self, old: str, new: str) -> None:
        assert old in self.text()
        self.issue()["description"] = self.text().replace(old, new)

    def hide(self, *, hidden: bool = True) -> None:
        self.there.shows_team = not hidden

    def delete(self) -> None:
        self.there.delete(linear_issue_id("acme", "theme-1", 1))

    def changes(self) -> int:
        words = (b"commentUpdate", b"attachmentDelete", b"customerNeedDelete", b'"description"')
        asked = (one for one in self.server.asked if b"issueCreate" not in one.body)
        return sum(any(word in one.body for word in words) for one in asked)


class JiraBoard(Board):
    def set_up(self, **more: Any) -> None:
        self.server.spoils = lambda asked: asked.method == "PUT" and b"description" in asked.body
        tracker = {
            "kind": "jira", "name": "acme-jira", "url": self.server.url, "project": "ENG", "settle_s": 0,
            "email": "bot@acme.test", "token_file": self.site.secret("token", "secret"),
        }  # fmt: skip
        self.site.tenant(tracker=tracker, **more)

    def _document(self) -> Any:
        return self.issue()["fields"]["description"]

    def text(self) -> str:
        return plain_text(self._document())

    def first(self) -> str:
        return plain_text(self._document()["content"][0])

    def links(self) -> set[str]:
        return {one["object"]["url"] for one in self.there.links.values()}

    def comments(self) -> list[str]:
        (said,) = self.there.comments.values()
        return [plain_text(one["body"]) for one in said]

    def say(self, text: str) -> None:
        said = self.there.comments.setdefault(self.issue()["id"], [])
        said.append({"id": str(len(said) + 1), "body": adf(text), "properties": []})

    def add_above(self, text: str) -> None:
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        self._document()["content"].insert(0, paragraph)

    def replace(self, old: str, new: str) -> None:
        edited = _replaced(self._document(), old, new)
        assert edited != self._document()
        self.issue()["fields"]["description"] = edited

    def hide(self, *, hidden: bool = True) -> None:
        self.there.shows_project = not hidden

    def delete(self) -> None:
        self.there.issues.clear()

    def changes(self) -> int:
        return sum(
            one.method == "DELETE"
            or (one.method == "PUT" and (b'"description"' in one.body or "comment" in one.path))
            for one in self.server.asked
        )


def _replaced(node: Any, old: str, new: str) -> Any:
    if isinstance(node, list):
        return [_replaced(part, old, new) for part in node]
    if isinstance(node, dict):
        return {name: _replaced(part, old, new) for name, part in node.items()}
    return node.replace(old, new) if isinstance(node, str) else node
