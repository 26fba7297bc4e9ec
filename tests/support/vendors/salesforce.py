"""Salesforce as it answers: tokens, descriptions, SOQL of the forms that are sent, batches, quota, errors as lists."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import jwt

from connectors.vendors.salesforce.objects import ALWAYS, SOURCES
from connectors.vendors.values import dig, iso, moment
from tests.support.vendors.clock import NOW
from tests.support.vendors.keys import rsa_2048
from tests.support.vendors.server import Asked, Said

Row = dict[str, Any]
OPTIONS = {"client_id": "app-1", "start": "2025-01-01", "tier": "Tier__c", "mrr": "ARR__c", "mrr_months": 12}
LEADS = {"Contact": "Contact", "CreatedBy": "User", "Parent": "Case"}
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Case": "500",
    "CaseComment": "00a",
    "EmailMessage": "02s",
    "Task": "00T",
    "Note": "002",
    "ContentNote": "069",
    "ConversationEntry": "5LE",
}

_KEYSET = re.compile(
    r"^SELECT (?P<fields>.+) FROM (?P<name>\w+) WHERE \((?:\(SystemModstamp = (?P<tie>\S+) AND Id > "
    r"'(?P<last>\w+)'\) OR )?SystemModstamp (?P<sign>>=?) (?P<since>\S+)\) AND SystemModstamp < (?P<until>\S+) "
    r"ORDER BY SystemModstamp, Id LIMIT (?P<limit>\d+)$"
)
_LOOK_UP = re.compile(
    r"^SELECT (?P<fields>.+) FROM (?P<name>\w+) WHERE (?P<key>\w+) IN \((?P<ids>[^)]+)\)"
    r"(?: AND (?P<flag>\w+) = (?P<value>true|false) ORDER BY \w+)?$"
)


def sf_id(name: str, n: int) -> str:
    """The ``n``-th record of an object; ids sort as numbers do."""
    return f"{PREFIXES[name]}{n:012d}AAA"


def row(name: str, n: int, at: datetime, **fields: Any) -> Row:
    """A record that was made and last changed ``at``, which Salesforce writes with ``+0000``."""
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    return {"Id": sf_id(name, n), "IsDeleted": False, "CreatedDate": stamp, "SystemModstamp": stamp} | fields


def case(n: int, at: datetime, **fields: Any) -> Row:
    """A case that came by mail."""
    told = {"Subject": f"Export {n}", "Description": f"Export {n} fails", "Status": "New", "Origin": "Email"}
    return row("Case", n, at, **told | {"SuppliedEmail": f"ada{n}@example.org"} | fields)


def _schema() -> dict[str, set[str]]:
    fields = {source.name: {path.partition(".")[0] for path in source.fields} for source in SOURCES.values()}
    fields |= {
        "Account": {"Name", "Tier__c", "ARR__c", "Number__c"},
        "Contact": {"Email", "AccountId"},
        "User": {"UserType", "Email"},
        "ContentDocumentLink": {"ContentDocumentId", "LinkedEntityId"},
        "ConversationEntry": {"Message", "ActorType", "ConversationId", "EntryTime", "Account__c"},
    }
    return {name: {*ALWAYS, *told} for name, told in fields.items()}


@dataclass
class SimulatedSalesforce:
    """An organisation behind its API. ``now`` hides what surfaced not yet (a row's ``_late`` seconds)."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    schema: dict[str, set[str]] = field(default_factory=_schema)
    now: Callable[[], datetime] = lambda: NOW + timedelta(days=1)
    batch: int = 2000
    used: int = 25
    order: Callable[[list[Row]], list[Row]] = list
    next: Callable[[int, int, int], int | None] = lambda at, size, total: (
        at + size if at + size < total else None
    )
    notes: dict[str, bytes] = field(default_factory=dict)
    token: str = "token-1"
    signed_in: int = 0
    queries: list[str] = field(default_factory=list)
    _open: dict[str, list[Row]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if asked.path.endswith("/oauth2/token"):
            return self._sign_in(dict(parse_qsl(asked.body.decode())))
        if asked.token != self.token:
            return _error(401, "INVALID_SESSION_ID")
        if self.used >= 15_000:
            return _error(403, "REQUEST_LIMIT_EXCEEDED")
        told = self._told(asked)
        return Said(
            told.body, told.status, {"sforce-limit-info": f"api-usage={self.used}/15000", **told.headers}
        )

    def expire(self) -> None:
        """The token is good no more."""
        self.token += "+"

    def _sign_in(self, form: dict[str, str]) -> Said:
        if form["grant_type"] == "client_credentials":
            good = (form["client_id"], form["client_secret"]) == ("app-1", "s3cret")
        else:
            claims = jwt.decode(
                form["assertion"],
                rsa_2048()[1],
                algorithms=["RS256"],
                audience="https://login.salesforce.com",
                options={"verify_exp": False},
            )
            good = (claims["iss"], claims["sub"]) == ("app-1", "bot@acme.example")
        if not good:
            return Said({"error": "invalid_grant", "error_description": "who are you, ada@example.org"}, 400)
        self.signed_in += 1
        return Said({"access_token": self.token, "instance_url": self.url, "token_type": "Bearer"})

    url: str = "http://127.0.0.1:1"

    def _told(self, asked: Asked) -> Said:
        parts = asked.path.split("/")
        if asked.path.endswith("/describe"):
            return self._describe(parts[-2])
        if asked.path.endswith("/Content"):
            return Said(self.notes[parts[-2]], headers={"content-type": "text/html"})
        if "q" in asked.query:
            self.queries.append(asked.query["q"])
            return self._query(asked.query["q"])
        key, _, offset = parts[-1].rpartition("-")
        return self._batch(key, int(offset))

    def _describe(self, name: str) -> Said:
        if name not in self.schema:
            return _error(404, "NOT_FOUND")
        fields: list[dict[str, Any]] = [{"name": one} for one in sorted(self.schema[name])]
        leads = {
            head
            for source in SOURCES.values()
            if source.name == name
            for head in source.fields
            if "." in head
        }
        for head in sorted({path.partition(".")[0] for path in leads}):
            fields.append({"name": f"{head}Id", "relationshipName": head, "referenceTo": [LEADS[head]]})
        return Said({"name": name, "fields": fields})

    def _query(self, soql: str) -> Said:
        found = _KEYSET.match(soql) or _LOOK_UP.match(soql)
        if found is None:
            return _error(400, "MALFORMED_QUERY")
        asked = found.groupdict()
        fields = asked["fields"].split(", ")
        if not {path.partition(".")[0] for path in fields} <= self.schema[asked["name"]] | set(LEADS):
            return _error(400, "INVALID_FIELD")
        rows = [
            one for one in self.rows.get(asked["name"], []) if self._surfaced(one) and _matches(one, asked)
        ]
        rows.sort(key=lambda one: (moment(one.get("SystemModstamp")) or NOW, one.get("Id", "")))
        shown = [_shown(one, fields) for one in rows[: int(asked.get("limit") or len(rows))]]
        key = f"01g{len(self._open)}"
        self._open[key] = shown
        return self._batch(key, 0)

    def _surfaced(self, one: Row) -> bool:
        changed = moment(one.get("SystemModstamp"))
        return changed is None or changed + timedelta(seconds=one.get("_late", 0)) <= self.now()

    def _batch(self, key: str, offset: int) -> Said:
        rows = self._open[key]
        following = self.next(offset, self.batch, len(rows))
        told: dict[str, Any] = {"totalSize": len(rows), "done": following is None}
        if following is not None:
            told["nextRecordsUrl"] = f"/services/data/v59.0/query/{key}-{following}"
        return Said(told | {"records": self.order(rows[offset : offset + self.batch])})


def _shown(one: Row, fields: list[str]) -> Row:
    """The fields that were asked for, relationships nested as Salesforce nests them."""
    told: Row = {"attributes": {"type": "?"}}
    for path in fields:
        head, _, rest = path.partition(".")
        if rest:
            related = (
                told.setdefault(head, {}) if isinstance(one.get(head), dict) else told.setdefault(head, None)
            )
            if related is not None:
                related[rest] = dig(one, path)
        else:
            told[head] = one.get(head)
    return told


def _matches(one: Row, asked: dict[str, Any]) -> bool:
    if "key" in asked:
        flag = asked["flag"]
        wanted = one.get(asked["key"]) in asked["ids"].replace("'", "").split(", ")
        return wanted and (flag is None or one.get(flag) is (asked["value"] == "true"))
    at = iso(moment(one["SystemModstamp"]) or NOW)
    tie = at == asked["tie"] and one["Id"] > (asked["last"] or "")
    beyond = at > asked["since"] or (asked["sign"] == ">=" and at == asked["since"])
    return (tie or beyond) and at < asked["until"]


def note_content(html: str) -> bytes:
    """What stands at the address of a note's content."""
    return base64.b64encode(html.encode())


def _error(status: int, code: str) -> Said:
    return Said([{"errorCode": code, "message": "…"}], status)
