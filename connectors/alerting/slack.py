"""Slack, by an incoming webhook: at least once, since Slack knows no ids; the address is a secret and never told.

Several notices become one message (``digest``). Whatever stems from feedback is escaped: ``<!channel>`` in a customer's
words pings nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from connectors.alerting.port import Notice
from connectors.outgoing import Closed, Limited, Refused, Sender, Unsure

HEADER_CHARS = 150
SECTION_CHARS = 3000
LIMITED_S = 1.0
LINE_CHARS = 200
"""Of a title among others."""

_ROOM = 40  # for how many are left out
_GRAVITY = {"page": 0, "warn": 1, "info": 2}

_MARKS = {"page": ":rotating_light:", "warn": ":warning:", "info": ":information_source:"}
_ENDED = (403, 404, 410)
"""The webhook, its channel or our right to it is gone: no later request succeeds."""


@dataclass(frozen=True, slots=True)
class SlackSink:
    """One webhook; ``address`` is read anew for each request."""

    sender: Sender
    address: Callable[[], str]
    together_s: float = 60.0

    async def send(self, notice: Notice) -> None:
        """Post it. Raises ``Closed`` where Slack says that webhook or channel is gone."""
        await self._post(message(notice))

    async def send_all(self, notices: Sequence[Notice]) -> None:
        """Post one message of all of them."""
        await self._post(message(notices[0]) if len(notices) == 1 else digest(notices))

    async def _post(self, content: dict[str, Any]) -> None:
        heard = await self.sender.send("POST", self.address(), json=content)
        said = heard.body[:80].decode("utf-8", "replace").strip()
        if heard.status == 200 and said == "ok":
            return
        word = said if said.replace("_", "").isalpha() and len(said) <= 40 else ""
        told = f"{self.sender.who}: status {heard.status} {word}".rstrip()
        if heard.status in _ENDED:
            raise Closed(f"{told}; give it a new webhook, then resume it")
        if heard.status == 429:
            raise Limited(told, retry_after_s=heard.waits_s(LIMITED_S))
        if heard.status >= 500 or heard.status == 200:
            raise Unsure(told, retry_after_s=heard.waits_s(0.0))
        raise Refused(told, reason="refused")

    def preview(self, notice: Notice) -> Any:
        """The message."""
        return message(notice)


def message(notice: Notice) -> dict[str, Any]:
    """The message: a line for notifications, and blocks."""
    title = f"{_MARKS[notice.severity]} {escaped(notice.title)}"
    link = f"\n<{notice.url}|Open>" if notice.url else ""
    owner = f" · for {escaped(notice.owner)}" if notice.owner else ""
    about = f"{escaped(notice.tenant)} · {escaped(notice.rule)} · {notice.id}{owner}"
    body = cut(escaped(notice.body), SECTION_CHARS - len(link)) + link
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(notice.title, HEADER_CHARS)}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(about, SECTION_CHARS)}]},
    ]
    if body.strip():
        blocks.insert(1, {"type": "section", "text": {"type": "mrkdwn", "text": body}})
    return {"text": cut(title, SECTION_CHARS), "blocks": blocks}


def digest(notices: Sequence[Notice]) -> dict[str, Any]:
    """One message of several notices of a tenant, the gravest first: their number, and a line with a link for each."""
    ranked = sorted(notices, key=lambda one: (_GRAVITY[one.severity], one.at, one.id))
    title = f"{len(ranked)} alerts of {ranked[0].tenant}"
    lines = [_line(one) for one in ranked]
    shown = _fitting(lines, SECTION_CHARS - _ROOM)
    more = f"\n… and {len(lines) - shown} more" if shown < len(lines) else ""
    about = f"{escaped(ranked[0].tenant)} · {ranked[0].id} and {len(ranked) - 1} more"
    return {
        "text": cut(f"{_MARKS[ranked[0].severity]} {escaped(title)}", SECTION_CHARS),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": cut(title, HEADER_CHARS)}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines[:shown]) + more}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(about, SECTION_CHARS)}]},
        ],
    }


def _line(notice: Notice) -> str:
    title = cut(escaped(notice.title), LINE_CHARS)
    return f"{_MARKS[notice.severity]} {title}" + (f" <{notice.url}|Open>" if notice.url else "")


def _fitting(lines: Sequence[str], chars: int) -> int:
    """How many of the lines have room in so many characters; at least one."""
    sizes = accumulate(len(line) + 1 for line in lines)
    return max(1, sum(size <= chars for size in sizes))


def escaped(text: str) -> str:
    """Text in which nothing is Slack's.

    >>> escaped("<!channel> & <@U1>")
    '&lt;!channel&gt; &amp; &lt;@U1&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, chars: int) -> str:
    """At most ``chars`` characters, and no half of an escaped one at the end."""
    if len(text) <= chars:
        return text
    head = text[: chars - 1]
    at = head.rfind("&")
    if at >= 0 and ";" not in head[at:] and len(head) - at <= 4:
        head = head[:at]
    return head + "…"
