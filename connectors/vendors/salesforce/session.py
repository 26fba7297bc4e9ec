"""Signed in to one Salesforce organisation: tokens, what objects look like, and queries page by page.

State: a token and descriptions of objects, in memory; both are asked for anew when they are old or refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import jwt

from connectors.vendors.errors import VendorGarbled, VendorRefused
from connectors.vendors.http import Answer, VendorHttp
from connectors.vendors.port import Connection, Json
from connectors.vendors.salesforce.limits import pause_s
from connectors.vendors.salesforce.options import SalesforceOptions
from connectors.vendors.values import dig, next_link, rows_at
from connectors.vendors.walks import MOST_REPEATED
from contracts.errors import WrongUsage

JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce takes assertions that end within three minutes.
ASSERTION_LIFE: Final = timedelta(minutes=3)
# A field that somebody adds is read from then on at the latest.
DESCRIBED_FOR: Final = timedelta(hours=1)
# Hosts that are Salesforce's own, to which a token may go although the connection names another.
_OWN = re.compile(r"\.(?:salesforce|force|salesforce-setup|cloudforce)\.(?:com|mil)$")
_WORD = re.compile(r"^[A-Za-z_]{1,60}$")


@dataclass(frozen=True)
class Described:
    """An object's fields, and the object that each relationship leads to."""

    fields: frozenset[str]
    leads_to: Mapping[str, str]
    at: datetime


@dataclass
class Session:
    """One connection's; ``http`` is the client of the poll that is on its way."""

    connection: Connection
    options: SalesforceOptions
    http: VendorHttp
    _token: str = ""
    _instance: str = ""
    _described: dict[str, Described | None] = field(default_factory=dict)
    _described_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def instance(self) -> str:
        """Where the organisation's data is, without a slash at the end."""
        return self._instance or self.options.url.rstrip("/")

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, html: bool = False) -> Answer:
        """What stands at a path; a token that is no longer good is renewed once."""
        if not self._token:
            await self._sign_in()
        return await self.http.request(
            "GET",
            next_link(path, self.instance) or self.instance,
            params=params,
            headers=self._header(),
            renew=self._renewed,
            limits=lambda answer: pause_s(answer, self.options.leave_percent),
            html=html,
        )

    async def describe(self, name: str) -> Described | None:
        """An object as it is now (at most an hour old); None where there is none that we may see."""
        seen = self._described_at.get(name)
        if seen is None or self.http.now() - seen >= DESCRIBED_FOR:
            self._described[name] = await self._describe(name)
            self._described_at[name] = self.http.now()
        return self._described[name]

    async def present(self, name: str, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``paths`` (``Contact.Email``) that exist and that we may see."""
        return tuple([path for path in dict.fromkeys(paths) if await self._is_there(name, path)])

    async def query(self, soql: str) -> AsyncIterator[list[Json]]:
        """Rows, deleted ones too, batch by batch; batches that go round in circles end.

        Raises ``VendorGarbled`` for an answer of another shape.
        """
        path, params, seen = f"{self._base}/queryAll", {"q": soql}, Counter[str]()
        while seen[path] < MOST_REPEATED:
            seen[path] += 1
            payload = (await self.get(path, params or None)).json()
            yield rows_at(payload, "records")
            following = dig(payload, "nextRecordsUrl")
            if dig(payload, "done") is True or not isinstance(following, str):
                return
            path, params = following, {}

    @property
    def _base(self) -> str:
        return f"/services/data/{self.options.api_version}"

    async def _describe(self, name: str) -> Described | None:
        try:
            told = (await self.get(f"{self._base}/sobjects/{name}/describe")).json()
        except VendorRefused as exc:
            if exc.status == httpx.codes.NOT_FOUND:
                return None
            raise
        fields = [one for one in rows_at(told, "fields") if isinstance(one, Mapping)]
        leads = {
            str(one["relationshipName"]): str(one["referenceTo"][0])
            for one in fields
            if one.get("relationshipName") and one.get("referenceTo")
        }
        return Described(frozenset(str(one.get("name")) for one in fields), leads, self.http.now())

    async def _is_there(self, name: str, path: str) -> bool:
        described = await self.describe(name)
        head, _, rest = path.partition(".")
        if described is None:
            return False
        if not rest:
            return head in described.fields
        return head in described.leads_to and await self._is_there(described.leads_to[head], rest)

    def _header(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}

    async def _renewed(self) -> Mapping[str, str]:
        await self._sign_in()
        return self._header()

    async def _sign_in(self) -> None:
        try:
            answer = await self.http.request(
                "POST", f"{self.options.url.rstrip('/')}/services/oauth2/token", form=self._grant()
            )
        except VendorRefused as exc:
            raise WrongUsage(
                f"connection {self.connection.name}: Salesforce refuses to sign in ({_code(exc.answer)}); "
                "look at client_id, the credential, and the app's policies"
            ) from None
        told = answer.json()
        token, instance = dig(told, "access_token"), dig(told, "instance_url")
        if not isinstance(token, str) or not isinstance(instance, str):
            raise VendorGarbled("Salesforce signed in without a token or an instance_url")
        self._token, self._instance = token, self._trusted(instance)

    def _trusted(self, instance: str) -> str:
        there, told = httpx.URL(instance), httpx.URL(self.options.url)
        if there.host != told.host and not (there.scheme == "https" and _OWN.search(there.host)):
            raise VendorGarbled(
                "Salesforce names an instance that is not its own; the token does not travel there"
            )
        return instance.rstrip("/")

    def _grant(self) -> dict[str, str]:
        if self.options.sign_in == "client_credentials":
            return {
                "grant_type": "client_credentials",
                "client_id": self.options.client_id,
                "client_secret": self.connection.credential("client_secret"),
            }
        return {
            "grant_type": JWT_GRANT,
            "assertion": assertion(self.connection, self.options, self.http.now()),
        }


def assertion(connection: Connection, options: SalesforceOptions, now: datetime) -> str:
    """What proves that we hold the key of ``client_id``: an RS256 token. Raises ``WrongUsage`` for another key."""
    claims: dict[str, Any] = {
        "iss": options.client_id,
        "sub": options.username,
        "aud": options.audience,
        "exp": int((now + ASSERTION_LIFE).timestamp()),
    }
    try:
        return jwt.encode(claims, connection.credential("private_key"), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise WrongUsage(
            f"connection {connection.name}: the credential private_key is no RSA key in PEM; give the key of the "
            "certificate that was uploaded to Salesforce"
        ) from None


def _code(answer: Answer | None) -> str:
    """The error's own code, which is a word; descriptions may hold more."""
    try:
        code = dig(answer.json(), "error") if answer else None
    except VendorGarbled:
        code = None
    return code if isinstance(code, str) and _WORD.match(code) else "no reason given"
