"""Linear, by its GraphQL interface: an issue's id is ours, so making it twice is a conflict that is adopted.

In: drafts and comments.   Out: issues with labels, evidence (attachments, upserted by address), customers and needs.
Errors come with status 200 or 400 and are told by ``extensions``; RATELIMITED comes as 400. What people wrote is never
overwritten here: labels are added, and only fields that a caller names are changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connectors.outgoing import Gone, Refused, Sender, Unauthorised
from connectors.trackers import linear_asks as asks
from connectors.trackers.linear_answers import Conflict, NotOffered, Unknown, answered, authorization
from connectors.trackers.linear_changes import Change, attached, documents, escaped, known, needed
from connectors.trackers.port import Clock, Draft, Issue, Json, Piece, Standing, v4_shaped

URL = "https://api.linear.app/graphql"

# Where a reopened issue goes: the first of these types that the team has.
_OPEN_TYPES = ("unstarted", "backlog", "triage", "started")


@dataclass(frozen=True, slots=True)
class LinearPlace:
    """Where issues are made: a team, and perhaps a project; ``template`` and ``assignee`` are Linear's ids."""

    team: str
    project: str | None = None
    assignee: str | None = None
    template: str | None = None
    url: str = URL


@dataclass
class LinearTracker:
    """One workspace. ``token`` is read anew for each request; ``scheme`` as in ``_authorization``."""

    sender: Sender
    place: LinearPlace
    token: Callable[[], str]
    scheme: str = "auto"
    clock: Clock = field(default=lambda: datetime.now(UTC))
    settle_s: float = 0.0
    looks: int = 1
    takes_our_ids: bool = True
    _labels: dict[str, dict[str, str]] = field(default_factory=dict)
    """Ids of labels by name, by the team whose issues take them."""
    _no_customers: bool = False

    async def find(self, draft: Draft) -> Issue | None:
        """The issue with our id."""
        return await self._find(draft.id)

    async def create(self, draft: Draft) -> Issue:
        """Make it with our id; a conflict means that it is there. Raises ``Refused`` for a team, a project or
        anything else that it names and Linear does not know: nobody deleted the issue then."""

        async def made(labels: list[str]) -> dict[str, Any]:
            return await self._ask(asks.CREATE, i=self._input(draft) | {"labelIds": labels})

        try:
            answer = await self._with_labels(draft.labels, made)
        except Unknown:
            raise self._names_what_is_not_there() from None
        except Conflict:
            there = await self._find(draft.id)
            if there is None or there.is_gone:
                raise Gone from None
            return replace(there, is_adopted=True)
        return _issue(answer["issueCreate"]["issue"])

    async def enrich(self, issue: Issue, draft: Draft) -> Sequence[str]:
        """Attachments by address, customers by our id, needs with ids of their own; as few requests as may be."""
        await self._change([attached(issue.id, piece) for piece in draft.evidence])
        if draft.customers and not await self._needs(issue, draft):
            names = ", ".join(f"{one.account} ({one.tier})" for one in draft.customers)
            text = f"Affected customers: {escaped(names)}."
            await self.comment(issue.id, v4_shaped("customers", draft.id), text)
            return ("customers are not offered by this workspace's plan: named in a comment",)
        return ()

    async def read(self, external_id: str) -> Issue | None:
        """The issue as it is now; None where it is deleted, trashed or archived."""
        found = await self._find(external_id)
        return None if found is None or found.is_gone else found

    async def comment(self, external_id: str, comment_id: str, text: str) -> None:
        """Add a comment with an id of ours; a conflict means that it is there."""
        try:
            await self._ask(asks.COMMENT, i={"id": comment_id, "issueId": external_id, "body": text})
        except Conflict:
            return

    async def reopen(self, external_id: str) -> bool:
        """Into the first state of an open type that its team has now: people may have moved it to another one."""
        found = await self._ask(asks.STATES, id=external_id)
        states = sorted(
            found["issue"]["team"]["states"]["nodes"], key=lambda one: (one["position"], one["id"])
        )
        for kind in _OPEN_TYPES:
            for state in states:
                if state["type"] == kind:
                    await self._ask(asks.UPDATE, id=external_id, i={"stateId": state["id"]})
                    return True
        return False

    async def rewrite(self, external_id: str, fields: Mapping[str, Json]) -> Issue:
        """Change these fields."""
        answer = await self._ask(asks.UPDATE, id=external_id, i=dict(fields))
        return _issue(answer["issueUpdate"]["issue"])

    async def add_labels(self, issue: Issue, labels: Sequence[str]) -> None:
        """Add labels by ``addedLabelIds``: ``labelIds`` would take people's away."""

        async def added(ids: list[str]) -> dict[str, Any]:
            return await self._ask(asks.UPDATE, id=issue.id, i={"addedLabelIds": ids}) if ids else {}

        try:
            await self._with_labels(labels, added, issue.team)
        except Unknown:
            if await self.read(issue.id) is None:
                raise
            raise self._names_what_is_not_there() from None

    async def relate(self, external_id: str, other_id: str) -> None:
        """A relation ``related`` with an id of ours."""
        told = {
            "id": v4_shaped("relation", external_id, other_id), "issueId": external_id,
            "relatedIssueId": other_id, "type": "related",
        }  # fmt: skip
        try:
            await self._ask(asks.RELATE, i=told)
        except Conflict:
            return

    async def copies(self, issue_id: str) -> Sequence[str]:
        """Its id is ours."""
        return (issue_id,)

    async def standing(self, external_id: str, comments: Sequence[str]) -> Standing | None:
        """Attachments are ours by their subtitle, needs and comments by their ids."""
        issue = await self._find(external_id)
        if issue is None:
            return None
        attached = await self._parts_of(asks.LINKS, issue.id, "attachments")
        links = [one for one in attached if str(one.get("subtitle")).startswith("item ")]
        said = [await self._said(name) for name in comments]
        return Standing(
            issue,
            issue.fields.get("description") or "",
            {one.id: one for one in said if one is not None},
            tuple(Piece(str(one["id"]), one["url"]) for one in links),
            await self._needs_of(issue.id),
        )

    async def put_text(self, external_id: str, text: Json) -> Issue:
        """Replace the description."""
        return await self.rewrite(external_id, {"description": text})

    async def put_comment(self, external_id: str, comment: str, text: Json) -> None:  # noqa: ARG002 the protocol's
        """Replace the body."""
        await self._ask(asks.SAY, id=comment, i={"body": text})

    async def drop_link(self, external_id: str, link: str) -> None:  # noqa: ARG002 the protocol's
        """Delete an attachment."""
        await self._drop(asks.DETACH, link)

    async def drop_need(self, external_id: str, need: str) -> None:  # noqa: ARG002 the protocol's
        """Delete a need; the customer stays, whom others may speak of."""
        await self._drop(asks.UNNEED, need)

    async def _drop(self, mutation: str, name: str) -> None:
        with suppress(Unknown):
            await self._ask(mutation, id=name)

    async def _said(self, name: str) -> Piece | None:
        try:
            found = await self._ask(asks.SAID, id=name)
        except Unknown:
            return None
        return Piece(name, found["comment"]["body"]) if found["comment"] else None

    async def _parts_of(self, query: str, issue: str, name: str) -> list[dict[str, Any]]:
        found = await self._ask(query, f={"id": {"eq": issue}})
        return [part for node in found["issues"]["nodes"] for part in node[name]["nodes"]]

    async def _needs_of(self, issue: str) -> tuple[Piece, ...]:
        """Those with an id that we would give them: people's own are theirs."""
        try:
            found = await self._parts_of(asks.NEEDS, issue, "needs")
        except NotOffered:
            return ()
        told = (
            (str(one["id"]), str(account))
            for one in found
            for account in (one.get("customer") or {}).get("externalIds", ())
        )
        return tuple(
            Piece(name, account) for name, account in told if name == v4_shaped("need", issue, account)
        )

    def rank(self, issue: Issue) -> int | None:
        """Linear's 0 means none, which is below 4."""
        told = issue.fields.get("priority")
        return (int(told) or 5) if isinstance(told, int | float) else None

    def written(self, draft: Draft) -> Mapping[str, Json]:
        """Linear keeps them as they were given."""
        return {"title": draft.title, "description": draft.description, "priority": draft.priority}

    def preview(self, draft: Draft) -> Json:
        """The input of ``issueCreate`` with labels by name, attachments, and customers."""
        customers = [known(one).input for one in draft.customers]
        attachments = [attached(draft.id, one).input for one in draft.evidence]
        issue = self._input(draft) | {"labels": list(draft.labels)}
        return {"issueCreate": issue, "attachmentCreate": attachments, "customerUpsert": customers}

    async def sweep(self, draft: Draft, kept: str) -> int:  # noqa: ARG002 the protocol's
        """Nothing: Linear refuses the second issue of an id."""
        return 0

    def _input(self, draft: Draft) -> dict[str, Json]:
        told = {
            "id": draft.id, "teamId": self.place.team, "title": draft.title, "description": draft.description,
            "priority": draft.priority, "projectId": self.place.project, "assigneeId": self.place.assignee,
            "templateId": self.place.template,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}

    async def _needs(self, issue: Issue, draft: Draft) -> bool:
        """Customers and what they need; False where the plan has none."""
        if self._no_customers:
            return False
        customers = [known(one) for one in draft.customers]
        needs = [needed(issue.id, draft, one) for one in draft.customers]
        try:
            try:
                await self._change([*customers, *needs])
            except Conflict:
                there = {piece.id for piece in await self._needs_of(issue.id)}
                await self._leniently([*customers, *(one for one in needs if one.input["id"] not in there)])
        except NotOffered:
            self._no_customers = True
            return False
        return True

    async def _leniently(self, changes: Sequence[Change]) -> None:
        """Together if that goes; else each by itself, without those that are there and are not shown."""
        try:
            await self._change(changes)
        except Conflict:
            for change in changes:
                with suppress(Conflict):
                    await self._change([change])

    async def _change(self, changes: Sequence[Change]) -> None:
        for query, variables in documents(changes):
            await self._ask(query, **variables)

    async def _find(self, name: str) -> Issue | None:
        try:
            answer = await self._ask(asks.READ, id=name)
        except Unknown:
            answer = {"issue": None}
        if answer["issue"] is not None:
            return _issue(answer["issue"])
        found = await self._ask(asks.ARCHIVED, f={"id": {"eq": name}})
        if nodes := found["issues"]["nodes"]:
            return _issue(nodes[0])
        await self._must_see_team()
        return None

    async def _must_see_team(self) -> None:
        """Raises ``Unauthorised``: nothing of a team that is not shown to us is, so nobody told that it is deleted."""
        try:
            await self._ask(asks.TEAM, id=self.place.team)
        except Unknown:
            why = f"{self.sender.who}: shows no team {self.place.team}; check its token and rights"
            raise Unauthorised(why) from None

    async def _with_labels(
        self,
        names: Sequence[str],
        ask: Callable[[list[str]], Awaitable[dict[str, Any]]],
        team: str = "",
    ) -> dict[str, Any]:
        """Ask with the labels' ids; where one may have been deleted since it was looked up, once more with new ones."""
        remembered = any(name[:80] in self._labels.get(team or self.place.team, ()) for name in names)
        try:
            return await ask(await self._label_ids(names, team))
        except Conflict:
            raise
        except (Unknown, Refused):
            if not remembered:
                raise
        self._labels.clear()
        return await ask(await self._label_ids(names, team))

    def _names_what_is_not_there(self) -> Refused:
        what = (
            "its team, project, assignee, template or a label is not there; look at the file of destinations"
        )
        return Refused(f"{self.sender.who}: {what}", reason="not_there")

    async def _label_ids(self, names: Sequence[str], team: str) -> list[str]:
        """Ids of labels that issues of a team take, where none is named those of our own.

        What is missing is made once, with an id of ours, in our own team alone: others have the labels they want.
        """
        team = team or self.place.team
        known, wanted = self._labels.setdefault(team, {}), [name[:80] for name in names]
        if missing := [name for name in wanted if name not in known]:
            found = await self._ask(asks.LABELS, f={"name": {"in": missing}})
            for label in found["issueLabels"]["nodes"]:
                if (label.get("team") or {"id": team})["id"] == team:
                    known.setdefault(label["name"], label["id"])
        for name in wanted if team == self.place.team else ():
            if name not in known:
                known[name] = await self._new_label(name)
        return [known[name] for name in wanted if name in known]

    async def _new_label(self, name: str) -> str:
        ours = v4_shaped("label", self.place.team, name)
        try:
            await self._ask(asks.LABEL, i={"id": ours, "teamId": self.place.team, "name": name})
        except Conflict:
            return ours
        return ours

    async def _ask(self, query: str, **variables: Json) -> dict[str, Any]:
        token = self.token()
        headers = {"authorization": authorization(token, self.scheme)}
        heard = await self.sender.send(
            "POST", self.place.url, json={"query": query, "variables": variables}, headers=headers
        )
        return answered(heard, self.clock(), self.sender.who)


def _issue(node: Mapping[str, Any]) -> Issue:
    state = node.get("state") or {}
    return Issue(
        id=str(node["id"]),
        key=str(node.get("identifier", "")),
        url=str(node.get("url", "")),
        state=str(state.get("type", "")),
        fields={name: node.get(name) for name in ("title", "description", "priority")},
        is_gone=bool(node.get("trashed")) or node.get("archivedAt") is not None,
        team=str((node.get("team") or {}).get("id", "")),
    )
