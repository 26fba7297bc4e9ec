"""Jira Cloud, by its interface version 3: it takes no id of ours, so a doubtful create is looked for before another.

In: drafts and comments.   Out: issues with a label of their own (``fb-…``, how they are found again), evidence as
remote links (upserted by global id), and an entity property that says what they are about.
A search does not show every issue that was just made: after a doubt one waits ``settle_s`` and looks ``looks`` times
(``port.Tracker``), and a later ``sweep`` closes what was made twice after all.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from connectors.outgoing import Gone, Heard, Limited, Refused, Sender, Unauthorised, Unsure
from connectors.trackers.adf import adf, plain_text
from connectors.trackers.jira_fields import Meta, creation, name_of, summary_of
from connectors.trackers.jira_marks import (
    COMMENT,
    LINKS,
    PROPERTY,
    address_of,
    global_id,
    is_ours,
    label_of,
    own_id,
)
from connectors.trackers.port import Draft, Issue, Json, Piece, Standing

SETTLE_S = 20.0
"""A just created issue is missing from one in five searches; after this most are there."""

LOOKS = 2
LIMITED_S = 30.0

NOT_DONE = frozenset(
    {
        "won't do", "won't fix", "duplicate", "declined", "cannot reproduce", "rejected", "invalid", "cancelled",
        "canceled",
    }
)  # fmt: skip
"""Resolutions by which people say that nothing was done; such an issue is not opened again. They are those by which
the connection that reads what became of issues knows it (``connectors.vendors.jira``), and a word for the same.
"""

_READ = "summary,description,priority,status,resolution,labels"


class Hidden(Unauthorised):
    """Nothing of the project is shown to us: whether an issue of it is there, nobody told."""


@dataclass(frozen=True, slots=True)
class JiraPlace:
    """A site and a project. ``priorities``: Jira's names of 1 (urgent) to 4; ``fields``: what the project demands."""

    url: str
    project: str
    issue_type: str = "Bug"
    email: str | None = None
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low")
    fields: Mapping[str, Json] = field(default_factory=dict)


@dataclass
class JiraTracker:
    """One project. ``token`` is read anew for each request: with an e-mail it is an API token, else a bearer's."""

    sender: Sender
    place: JiraPlace
    token: Callable[[], str]
    settle_s: float = SETTLE_S
    looks: int = LOOKS
    takes_our_ids: bool = False
    _meta: Meta | None = None

    async def find(self, draft: Draft) -> Issue | None:
        """The oldest issue with the draft's label that a search shows."""
        found = await self._labelled(draft.id)
        return await self._read(found[0]) if found else None

    async def create(self, draft: Draft) -> Issue:
        """Make it. Raises ``Unsure`` where it may have been made."""
        if self._meta is None:
            self._meta = await self._ask_meta()
        body = {
            "fields": creation(
                draft, self.place.project, self._meta, self.place.fields, self.place.priorities
            ),
            "properties": [{"key": PROPERTY, "value": {"key": draft.about}}],
        }
        heard = await self._send("POST", "issue", body)
        said = heard.json()
        if heard.status != 201 or not isinstance(said, dict):
            self._meta = None  # the project's fields may have changed
            raise Refused(f"{self.sender.who}: {_complaints(said, heard.status)}", reason="refused")
        return Issue(str(said["id"]), str(said["key"]), self._page(str(said["key"])), "new")

    async def enrich(self, issue: Issue, draft: Draft) -> Sequence[str]:
        """Remote links; customers are in the description."""
        for piece in draft.evidence:
            link = {
                "globalId": global_id(piece.url),
                "object": {"url": piece.url, "title": piece.title, "summary": piece.subtitle},
            }
            await self._made("POST", f"issue/{issue.id}/remotelink", link)
        return ()

    async def read(self, external_id: str) -> Issue | None:
        """The issue as it is now."""
        return await self._read(external_id)

    async def comment(self, external_id: str, comment_id: str, text: str) -> None:
        """Add a comment that carries its id as a property, unless one does already."""
        path = f"issue/{quote(external_id)}/comment"
        known = await self._made("GET", f"{path}?expand=properties&orderBy=-created&maxResults=100")
        for one in known.get("comments", ()):
            if any(is_ours(prop, comment_id) for prop in one.get("properties") or ()):
                return
        body = {"body": adf(text), "properties": [{"key": COMMENT, "value": {"id": comment_id}}]}
        try:
            await self._made("POST", path, body)
        except Unsure as exc:  # it may be at it yet: looked for sooner, it would be missing and said twice
            raise Unsure(str(exc), retry_after_s=max(exc.retry_after_s, self.settle_s)) from exc

    async def reopen(self, external_id: str) -> bool:
        """By the first transition to a state that is not done."""
        return await self._move(external_id, ("new", "indeterminate"))

    async def rewrite(self, external_id: str, fields: Mapping[str, Json]) -> Issue:
        """Change these fields (``title``, ``description``, ``priority``); a priority that the project has not stays."""
        told: dict[str, Json] = {}
        if "title" in fields:
            told["summary"] = summary_of(fields["title"])
        if "description" in fields:
            told["description"] = adf(fields["description"])
        if "priority" in fields:
            told["priority"] = {"name": self.place.priorities[int(fields["priority"]) - 1]}
        try:
            await self._made("PUT", f"issue/{quote(external_id)}", {"fields": told})
        except (
            Refused
        ):  # as ``creation`` leaves out a priority that is not there: the rest must not wait for people
            if told.pop("priority", None) is None:
                raise
            if told:
                await self._made("PUT", f"issue/{quote(external_id)}", {"fields": told})
        found = await self._read(external_id)
        if found is None:
            raise Gone
        return found

    async def add_labels(self, issue: Issue, labels: Sequence[str]) -> None:
        """Add labels; Jira's hold no space."""
        added = [{"add": "_".join(name.split())[:255]} for name in labels]
        await self._made("PUT", f"issue/{quote(issue.id)}", {"update": {"labels": added}})

    async def relate(self, external_id: str, other_id: str) -> None:
        """A link ``Relates``; Jira keeps one of a kind between two issues."""
        told = {
            "type": {"name": "Relates"},
            "inwardIssue": {"id": other_id},
            "outwardIssue": {"id": external_id},
        }
        await self._made("POST", "issueLink", told)

    async def copies(self, issue_id: str) -> Sequence[str]:
        """All with its label."""
        return await self._labelled(issue_id)

    async def standing(self, external_id: str, comments: Sequence[str]) -> Standing | None:
        """Comments are ours by their property, remote links by their global id; needs there are none."""
        try:
            said = await self._made("GET", f"issue/{quote(external_id)}?fields={_READ}")
        except Gone:
            return None
        wanted, ours = set(comments), dict[str, Piece]()
        async for one in self._comments(external_id):
            for name in wanted & {own_id(prop) for prop in one.get("properties") or ()}:
                ours[name] = Piece(str(one["id"]), one.get("body"))
        links = (await self._send("GET", f"issue/{quote(external_id)}/remotelink")).json()
        mine = [one for one in links or () if str(one.get("globalId", "")).startswith(LINKS)]
        return Standing(
            self._issue(said),
            (said.get("fields") or {}).get("description"),
            ours,
            tuple(Piece(str(one["id"]), address_of(one)) for one in mine),
            (),
        )

    async def put_text(self, external_id: str, text: Json) -> Issue:
        """Replace the description's document."""
        await self._made("PUT", f"issue/{quote(external_id)}", {"fields": {"description": text}})
        return self._issue(await self._made("GET", f"issue/{quote(external_id)}?fields={_READ}"))

    async def put_comment(self, external_id: str, comment: str, text: Json) -> None:
        """Replace the comment's document; its property stays."""
        await self._made("PUT", f"issue/{quote(external_id)}/comment/{quote(comment)}", {"body": text})

    async def drop_link(self, external_id: str, link: str) -> None:
        """Delete a remote link."""
        with suppress(Gone):
            await self._made("DELETE", f"issue/{quote(external_id)}/remotelink/{quote(link)}")

    async def drop_need(self, external_id: str, need: str) -> None:
        """Nothing: Jira has no customers."""

    async def _comments(self, external_id: str) -> AsyncIterator[dict[str, Any]]:
        """Every comment, the oldest first."""
        path = f"issue/{quote(external_id)}/comment?expand=properties&orderBy=created&maxResults=100"
        start = 0
        while True:
            page = (await self._made("GET", f"{path}&startAt={start}")).get("comments", ())
            for one in page:
                yield one
            start += len(page)
            if len(page) < 100:
                return

    def rank(self, issue: Issue) -> int | None:
        """By the names of priorities that this destination uses."""
        name = issue.fields.get("priority")
        return self.place.priorities.index(name) + 1 if name in self.place.priorities else None

    def written(self, draft: Draft) -> Mapping[str, Json]:
        """A line, plain text, and this destination's name of the priority."""
        return {
            "title": summary_of(draft.title),
            "description": plain_text(adf(draft.description)),
            "priority": name_of(draft.priority, self.place.priorities),
        }

    def preview(self, draft: Draft) -> Json:
        """The request's body, as for a project that takes every field."""
        every = frozenset({"labels", "description", "priority"})
        meta = self._meta or Meta(self.place.issue_type, every, frozenset(), frozenset(self.place.priorities))
        links = [{"url": one.url, "title": one.title} for one in draft.evidence]
        return {"issue": self._body(draft, meta), "remotelink": links}

    async def sweep(self, draft: Draft, kept: str) -> int:
        """Close every other issue that carries the draft's label and property, with a word about why."""
        closed = 0
        for other in await self._labelled(draft.id):
            found = await self._send("GET", f"issue/{other}/properties/{PROPERTY}")
            said = found.json()
            is_ours = isinstance(said, dict) and (said.get("value") or {}).get("key") == draft.about
            issue = await self._read(other) if other != kept and is_ours else None
            if issue is None or issue.state in ("completed", "canceled"):
                continue
            keeper = await self._read(kept)
            text = f"Made twice after a time-out; the issue is {keeper.key if keeper else kept}."
            await self.comment(other, f"twice-{draft.id}", text)
            closed += await self._move(other, ("done",))
        return closed

    def _body(self, draft: Draft, meta: Meta) -> dict[str, Json]:
        place = self.place
        return {
            "fields": creation(draft, place.project, meta, place.fields, place.priorities),
            "properties": [{"key": PROPERTY, "value": {"key": draft.about}}],
        }

    async def _labelled(self, issue_id: str) -> list[str]:
        """Ids of issues with our issue's label, the oldest first; the query is bounded, as Jira demands."""
        jql = f'project = "{self.place.project}" AND labels = "{label_of(issue_id)}" ORDER BY created ASC'
        said = await self._made("POST", "search/jql", {"jql": jql, "fields": ["key"], "maxResults": 50})
        return sorted((str(one["id"]) for one in said.get("issues", ())), key=lambda name: (len(name), name))

    async def _read(self, name: str) -> Issue | None:
        try:
            said = await self._made("GET", f"issue/{quote(name)}?fields={_READ}")
        except Gone:
            return None
        return self._issue(said)

    def _issue(self, said: Mapping[str, Any]) -> Issue:
        told = said.get("fields") or {}
        status = ((told.get("status") or {}).get("statusCategory") or {}).get("key", "")
        fields = {
            "title": told.get("summary"),
            "description": plain_text(told.get("description")),
            "priority": (told.get("priority") or {}).get("name"),
        }
        resolution = str((told.get("resolution") or {}).get("name", "")).lower()
        state = str(status)
        if status == "done":
            state = "canceled" if resolution in NOT_DONE else "completed"
        return Issue(str(said["id"]), str(said["key"]), self._page(str(said["key"])), state, fields)

    async def _move(self, name: str, categories: tuple[str, ...]) -> bool:
        said = await self._made("GET", f"issue/{quote(name)}/transitions")
        for category in categories:
            for one in said.get("transitions", ()):
                if ((one.get("to") or {}).get("statusCategory") or {}).get("key") == category:
                    await self._made(
                        "POST", f"issue/{quote(name)}/transitions", {"transition": {"id": one["id"]}}
                    )
                    return True
        return False

    async def _ask_meta(self) -> Meta:
        base = f"issue/createmeta/{quote(self.place.project)}/issuetypes"
        try:
            types = (await self._made("GET", f"{base}?maxResults=200")).get("issueTypes", ())
        except (Gone, Hidden):  # not the issue: nobody deleted that
            raise Refused(
                f"{self.sender.who}: shows no project {self.place.project}", reason="project"
            ) from None
        for kind in types:
            if kind.get("name") == self.place.issue_type:
                said = await self._made("GET", f"{base}/{kind['id']}?maxResults=200")
                return Meta.of(str(kind["id"]), said.get("fields", ()))
        names = ", ".join(sorted(str(kind.get("name")) for kind in types)) or "none"
        raise Refused(
            f"{self.sender.who}: no issue type {self.place.issue_type}; it has {names}", reason="issue_type"
        )

    async def _made(self, method: str, path: str, body: Json = None) -> dict[str, Any]:
        """A request that must succeed; its answer, empty where it has none. Raises ``Gone`` for what is no more."""
        heard = await self._send(method, path, body)
        said = heard.json()
        if heard.status == 404:
            raise await self._missing()
        if heard.status >= 300:
            raise Refused(f"{self.sender.who}: {_complaints(said, heard.status)}", reason="refused")
        return said if isinstance(said, dict) else {}

    async def _missing(self) -> Gone | Hidden:
        """What a 404 says: Jira answers so for what is deleted, and for all that a token that ended may not see."""
        heard = await self._send("GET", f"project/{quote(self.place.project)}")
        if heard.status < 300:
            return Gone()
        return Hidden(f"{self.sender.who}: shows no project {self.place.project}; check its token and rights")

    async def _send(self, method: str, path: str, body: Json = None) -> Heard:
        token = self.token()
        if self.place.email:
            token = "Basic " + base64.b64encode(f"{self.place.email}:{token}".encode()).decode()
        else:
            token = f"Bearer {token}"
        headers = {"authorization": token, "accept": "application/json"}
        url = f"{self.place.url.rstrip('/')}/rest/api/3/{path}"
        heard = await self.sender.send(method, url, json=body, headers=headers)
        if heard.status in (401, 403):
            raise Unauthorised(f"{self.sender.who}: {heard.status}; check its e-mail, token and rights")
        if heard.status == 429:
            raise Limited(f"{self.sender.who}: asks for less", retry_after_s=heard.waits_s(LIMITED_S))
        if heard.status >= 500 or (heard.status < 300 and heard.body and heard.json() is None):
            raise Unsure(f"{self.sender.who}: status {heard.status}", retry_after_s=heard.waits_s(0.0))
        return heard

    def _page(self, key: str) -> str:
        parts = urlsplit(self.place.url)
        return f"{parts.scheme}://{parts.netloc}/browse/{key}"


def _complaints(said: Any, status: int) -> str:
    """Which fields Jira refuses; not its words about them, which may repeat what was sent."""
    names = sorted((said.get("errors") or {}) if isinstance(said, dict) else ())
    return f"status {status}" + (f", fields {', '.join(names)}" if names else "")
