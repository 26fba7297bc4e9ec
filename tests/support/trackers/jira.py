"""Jira as it behaves: no ids of clients, searches that do not show what was just made, fields that differ, only ADF."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.support.trackers.server import Asked, Said, Scripted

DONE = {"name": "Done", "statusCategory": {"key": "done"}}
NEW = {"name": "To Do", "statusCategory": {"key": "new"}}
FIELDS: list[dict[str, Any]] = [
    *(
        {"fieldId": name, "required": name in ("summary", "project")}
        for name in ("summary", "project", "labels")
    ),
    {"fieldId": "description", "required": False},
    {"fieldId": "priority", "required": False, "allowedValues": [{"name": n} for n in ("High", "Medium")]},
]


@dataclass
class JiraSite:
    """One project. ``hidden_for``: so many searches do not show an issue that was just made."""

    authorization: str
    hidden_for: int = 0
    shows_project: bool = True
    fields: list[dict[str, Any]] = field(default_factory=lambda: list(FIELDS))
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    relations: list[dict[str, Any]] = field(default_factory=list)
    searches: int = 0
    numbers: Any = field(default_factory=lambda: count(10_000))

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != self.authorization:
            return Said(401, "Client must be authenticated")
        path = urlsplit(asked.path).path.removeprefix("/rest/api/3/")
        if not self.shows_project and path not in ("search/jql", "issue"):
            return Said(
                404, {"errorMessages": ["It does not exist, or you do not have permission to see it."]}
            )
        if path == "project/ENG":
            return Said(200, {"key": "ENG"})
        if path.startswith("issue/createmeta/ENG/issuetypes"):
            many = path.endswith("issuetypes")
            return Said(
                200, {"issueTypes": [{"id": "7", "name": "Bug"}]} if many else {"fields": self.fields}
            )
        if path == "issue":
            return self._create(asked.json())
        if path == "search/jql":
            return self._search(asked.json())
        if path == "issueLink":
            self.relations.append(asked.json())
            return Said(201)
        _, name, *rest = path.split("/")
        if name not in self.issues:
            return Said(404, {"errorMessages": ["Issue does not exist"]})
        return self._one(asked, self.issues[name], rest)

    def _create(self, told: Any) -> Said:
        fields = told["fields"]
        known = {one["fieldId"] for one in self.fields} | {"issuetype"}
        wrong = sorted(fields.keys() - known)
        if not isinstance(fields.get("description"), dict) or not _is_adf(fields["description"]):
            wrong.append("description")
        if wrong or "\n" in fields["summary"] or any(" " in label for label in fields["labels"]):
            return Said(400, {"errors": dict.fromkeys(wrong or ["summary"], "no")})
        name = str(next(self.numbers))
        self.issues[name] = {
            "id": name, "key": f"ENG-{name}", "fields": {**fields, "status": NEW, "resolution": None},
            "properties": {one["key"]: one["value"] for one in told.get("properties", ())},
            "shown_from": self.searches + self.hidden_for,
        }  # fmt: skip
        return Said(201, {"id": name, "key": f"ENG-{name}", "self": "…"})

    def _has(self, priority: Any) -> bool:
        """Whether the project has a priority that is given; none is."""
        names = [p["name"] for one in self.fields for p in one.get("allowedValues", ())]
        return priority is None or priority["name"] in names

    def _search(self, told: Any) -> Said:
        assert 'project = "ENG"' in told["jql"], "unbounded queries are refused"
        label = re.search(r'labels = "([^"]+)"', told["jql"])[1]  # type: ignore[index]
        self.searches += 1
        found = [
            {"id": one["id"]}
            for one in self.issues.values()
            if label in one["fields"]["labels"] and one["shown_from"] < self.searches
        ]
        return Said(200, {"issues": found, "isLast": True})

    def _one(self, asked: Asked, issue: dict[str, Any], rest: list[str]) -> Said:
        told, name = asked.json(), issue["id"]
        match asked.method, rest:
            case "GET", []:
                return Said(200, issue)
            case "PUT", [] if not self._has(told.get("fields", {}).get("priority")):
                return Said(400, {"errors": {"priority": "The priority selected is invalid."}})
            case "PUT", []:
                issue["fields"].update(told.get("fields", {}))
                issue["fields"]["labels"] += [one["add"] for one in told.get("update", {}).get("labels", ())]
                return Said(204)
            case "GET", ["comment"]:
                return Said(200, {"comments": self.comments.get(name, [])})
            case "POST", ["comment"]:
                known = self.comments.setdefault(name, [])
                known.append({"id": str(len(known) + 1), **told})
                return Said(201, {"id": known[-1]["id"]})
            case "PUT", ["comment", number]:
                self.comments[name][int(number) - 1]["body"] = told["body"]
                return Said(200, self.comments[name][int(number) - 1])
            case "GET", ["remotelink"]:
                return Said(200, [one for (of, _), one in self.links.items() if of == name])
            case "DELETE", ["remotelink", number]:
                found = [
                    key for key, one in self.links.items() if key[0] == name and one["id"] == int(number)
                ]
                for key in found:
                    del self.links[key]
                return Said(204 if found else 404)
            case "POST", ["remotelink"] if len(told["globalId"]) > 255:
                return Said(400, {"errors": {"globalId": "too long"}})
            case "POST", ["remotelink"]:
                number = len(self.links) + 1
                self.links[name, told["globalId"]] = {"id": number, **told}
                return Said(201, {"id": 1})
            case "GET", ["properties", key]:
                return Said(200, {"key": key, "value": issue["properties"].get(key)})
            case "GET", ["transitions"]:
                ways = [{"id": "31", "to": DONE}, {"id": "11", "to": NEW}]
                return Said(200, {"transitions": ways})
            case "POST", ["transitions"]:
                issue["fields"]["status"] = DONE if told["transition"]["id"] == "31" else NEW
                return Said(204)
        return Said(404, {})


def _is_adf(node: Any) -> bool:
    """No text node is empty, every node has a type."""
    if node.get("type") == "text":
        return bool(node.get("text"))
    return bool(node.get("type")) and all(_is_adf(part) for part in node.get("content", ()))


def jira(site: JiraSite, method: str = "POST") -> Scripted:
    """A server that spoils creations of issues, or what else is done to an issue itself."""
    return Scripted(site, spoils=lambda asked: asked.method == method and _is_of_issue(asked.path))


def _is_of_issue(path: str) -> bool:
    return path.endswith("/issue") or re.search(r"/issue/\d+$", path) is not None
