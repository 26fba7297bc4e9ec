"""Linear as it behaves: ids of clients conflict, errors come with 200 or 400, quotas as RATELIMITED, plans differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.support.trackers.server import Asked, Said, Scripted

TEAM = "team-1"
TOKEN = "lin_api_secret"
_ROOTS = re.compile(r"\{\s*(\w+)[({]")
_CHANGES = re.compile(r"(m\d+):(\w+)\(input:\$(\w+)\)")


class Fails(Exception):
    def __init__(self, message: str, code: str = "INPUT_ERROR", status: int = 200, **headers: str) -> None:
        super().__init__(message)
        self.code, self.status, self.headers = code, status, headers


@dataclass
class LinearSite:
    """One workspace. ``limited``: so many requests get RATELIMITED; ``conflict_status``: 200 or 400.

    ``after_failure``: a document of several changes ``stops`` at one that fails, ``goes_on``, or is ``undone``.
    """

    token: str = TOKEN
    team: str = TEAM
    conflict_status: int = 200
    has_customers: bool = True
    shows_team: bool = True
    limited: int = 0
    after_failure: str = "stops"
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    attachments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    needs: dict[str, dict[str, Any]] = field(default_factory=dict)
    relations: dict[str, dict[str, Any]] = field(default_factory=dict)
    creates: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") not in (self.token, f"Bearer {self.token}"):
            return _errors(Fails("Authentication required", "AUTHENTICATION_ERROR", 401))
        if self.limited:
            self.limited -= 1
            return _errors(Fails("Rate limit exceeded", "RATELIMITED", 400, **{"Retry-After": "30"}))
        told = asked.json()
        if changes := _CHANGES.findall(told["query"]):
            return self._all(changes, told["variables"])
        root = _ROOTS.search(told["query"])[1]  # type: ignore[index]
        try:
            return Said(200, {"data": {root: self._of(root)(told["variables"])}})
        except Fails as exc:
            return _errors(exc)

    def _of(self, root: str) -> Any:
        return getattr(self, "_" + re.sub("[A-Z]", lambda m: "_" + m[0].lower(), root))

    def _all(self, changes: list[tuple[str, str, str]], told: Any) -> Said:
        before = {name: dict(getattr(self, name)) for name in ("attachments", "customers", "needs")}
        data, errors = dict[str, Any](), list[Any]()
        for at, root, variable in changes:
            try:
                data[at] = self._of(root)({"i": told[variable]})
            except Fails as exc:
                failed, errors = exc, [*errors, _error(exc) | {"path": [at]}]
                if self.after_failure != "goes_on":
                    break
        if errors and self.after_failure == "undone":
            vars(self).update(before)
        return (
            Said(failed.status, {"errors": errors}, failed.headers) if errors else Said(200, {"data": data})
        )

    # What people do there.
    def edit(self, name: str, **fields: Any) -> None:
        self.issues[name].update(fields)

    def move(self, name: str, kind: str) -> None:
        self.issues[name]["state"] = {"id": f"state-{kind}", "type": kind}

    def transfer(self, name: str, team: str) -> None:
        """To another team, whose states and labels are others."""
        self.issues[name] |= {"team": _team(team), "state": _state("started", team), "labelIds": []}

    def delete(self, name: str) -> None:
        del self.issues[name]
        self.gone.add(name)

    def _issue_create(self, told: Any) -> Any:
        given = told["i"]
        self.creates.append(given["id"])
        if given["id"] in self.issues or given["id"] in self.gone:
            raise Fails(f"conflict on insert of Issue {given['id']}", status=self.conflict_status)
        if given["teamId"] != self.team:
            raise Fails("Entity not found: Team")
        self._know(given.get("labelIds", ()), given["teamId"])
        number = next(self.numbers)
        self.issues[given["id"]] = {
            "id": given["id"], "identifier": f"ENG-{number}", "url": f"https://linear.test/ENG-{number}",
            "title": given["title"], "description": given.get("description"), "priority": given.get("priority"),
            "labelIds": given.get("labelIds", []), "state": {"id": "state-triage", "type": "triage"},
            "team": _team(given["teamId"]), "archivedAt": None, "trashed": None,
        }  # fmt: skip
        return {"success": True, "issue": self.issues[given["id"]]}

    def _know(self, labels: Any, team: str) -> None:
        if not set(labels) <= set(self.labels):
            raise Fails("Entity not found: IssueLabel - Could not find referenced IssueLabel.")
        if any((self.labels[one]["team"] or {"id": team})["id"] != team for one in labels):
            raise Fails("LabelIds for incorrect team")

    def _parts(self, issue: dict[str, Any]) -> dict[str, Any]:
        name = issue["id"]
        links = [{"id": at, **one} for (at, _), one in self._attached(name)]
        needs = [
            {"id": one["id"], "customer": {"externalIds": [one["customerExternalId"]]}}
            for one in self.needs.values()
            if one["issueId"] == name
        ]
        return {**issue, "attachments": {"nodes": links}, "needs": {"nodes": needs}}

    def _attached(self, name: str) -> list[tuple[tuple[str, str], dict[str, Any]]]:
        return [((f"{of}|{url}", url), one) for (of, url), one in self.attachments.items() if of == name]

    def _issue(self, told: Any) -> Any:
        found = self.issues.get(told["id"])
        if found is None or found["archivedAt"] or not self.shows_team:
            raise Fails("Entity not found: Issue", "ENTITY_NOT_FOUND")
        return found

    def _team(self, told: Any) -> Any:
        if not self.shows_team or told["id"] != self.team:
            raise Fails("Entity not found: Team", "ENTITY_NOT_FOUND")
        return {"id": self.team}

    def _issues(self, told: Any) -> Any:
        found = self.issues.get(told["f"]["id"]["eq"]) if self.shows_team else None
        return {"nodes": [self._parts(found)] if found else []}

    def _issue_update(self, told: Any) -> Any:
        issue, given = self._issue(told), dict(told["i"])
        if "stateId" in given:
            name = given.pop("stateId")
            states = [one for one in issue["team"]["states"]["nodes"] if one["id"] == name]
            if not states:
                raise Fails("Discrepancy between issue team and state, cycle or project")
            issue["state"] = {"id": name, "type": states[0]["type"]}
        self._know(given.get("addedLabelIds", ()), issue["team"]["id"])
        issue["labelIds"] = [*dict.fromkeys([*issue["labelIds"], *given.pop("addedLabelIds", [])])]
        issue.update(given)
        return {"success": True, "issue": issue}

    def _issue_labels(self, told: Any) -> Any:
        names = told["f"]["name"]["in"]
        return {"nodes": [one for one in self.labels.values() if one["name"] in names]}

    def _issue_label_create(self, told: Any) -> Any:
        given = told["i"]
        if given["id"] in self.labels:
            raise Fails("conflict on insert of IssueLabel")
        self.labels[given["id"]] = {"id": given["id"], "name": given["name"], "team": {"id": given["teamId"]}}
        return {"success": True, "issueLabel": {"id": given["id"]}}

    def _attachment_create(self, told: Any) -> Any:
        given = told["i"]
        self._issue({"id": given["issueId"]})
        self.attachments[given["issueId"], given["url"]] = given
        return {"success": True, "attachment": {"id": "a"}}

    def _comment_create(self, told: Any) -> Any:
        given = told["i"]
        self._issue({"id": given["issueId"]})
        self._once(self.comments, given, "Comment")
        return {"success": True, "comment": {"id": given["id"]}}

    def _comment(self, told: Any) -> Any:
        if told["id"] not in self.comments:
            raise Fails("Entity not found: Comment", "ENTITY_NOT_FOUND")
        return self.comments[told["id"]]

    def _comment_update(self, told: Any) -> Any:
        self._comment(told)["body"] = told["i"]["body"]
        return {"success": True}

    def _attachment_delete(self, told: Any) -> Any:
        of, _, url = told["id"].partition("|")
        if self.attachments.pop((of, url), None) is None:
            raise Fails("Entity not found: Attachment", "ENTITY_NOT_FOUND")
        return {"success": True}

    def _customer_need_delete(self, told: Any) -> Any:
        if self.needs.pop(told["id"], None) is None:
            raise Fails("Entity not found: CustomerNeed", "ENTITY_NOT_FOUND")
        return {"success": True}

    def _customer_upsert(self, told: Any) -> Any:
        if not self.has_customers:
            raise Fails("feature not accessible", "FEATURE_NOT_ACCESSIBLE", 400)
        self.customers[told["i"]["externalId"]] = told["i"]
        return {"success": True, "customer": {"id": "c"}}

    def _customer_need_create(self, told: Any) -> Any:
        self._once(self.needs, told["i"], "CustomerNeed")
        return {"success": True, "need": {"id": told["i"]["id"]}}

    def _issue_relation_create(self, told: Any) -> Any:
        self._issue({"id": told["i"]["relatedIssueId"]})
        self._once(self.relations, told["i"], "IssueRelation")
        return {"success": True, "issueRelation": {"id": told["i"]["id"]}}

    @staticmethod
    def _once(rows: dict[str, Any], given: Any, kind: str) -> None:
        if given["id"] in rows:
            raise Fails(f"conflict on insert of {kind}")
        rows[given["id"]] = given


def _state(kind: str, team: str) -> dict[str, str]:
    return {"id": f"state-{kind}" if team == TEAM else f"{team}-{kind}", "type": kind}


def _team(name: str) -> dict[str, Any]:
    kinds = ("triage", "backlog", "unstarted", "started", "completed", "canceled", "duplicate")
    return {
        "id": name,
        "states": {"nodes": [{**_state(k, name), "position": n} for n, k in enumerate(kinds)]},
    }


def _error(exc: Fails) -> dict[str, Any]:
    return {"message": str(exc), "extensions": {"code": exc.code, "statusCode": exc.status}}


def _errors(exc: Fails) -> Said:
    return Said(exc.status, {"errors": [_error(exc)]}, exc.headers)


def linear(site: LinearSite, spoils: bytes = b"issueCreate") -> Scripted:
    """A server that spoils requests with a word in them, else creations of issues."""
    return Scripted(site, spoils=lambda asked: spoils in asked.body)
