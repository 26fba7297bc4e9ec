"""One walk over the reviews of each app, from the newest back; the cursor says where it is, so it can go on later.

State in the cursor: ``known`` (``remembered``) by app and ``last``, when the last whole walk began, or ``behind`` for
an app that was refused since; while a walk is on its way ``began``, the apps that are ``done``, the page that is
``next`` and what was ``seen``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from connectors.vendors.appstore.limits import pause_s
from connectors.vendors.appstore.mapping import replies_of, rows_of, utterance
from connectors.vendors.appstore.options import AppStoreOptions
from connectors.vendors.appstore.remembered import Remembered
from connectors.vendors.appstore.token import Bearer
from connectors.vendors.errors import VendorRefused
from connectors.vendors.http import VendorHttp
from connectors.vendors.owed import is_of_the_connection
from connectors.vendors.port import Cursor, Gone, Json, Page, Taken
from connectors.vendors.values import dig, fingerprint, iso, moment, next_link
from connectors.vendors.walks import GoesInCircles, Walk

_LOG = logging.getLogger("undercurrent.appstore")

_FIELDS = "rating,title,body,reviewerNickname,createdDate,territory,response"


@dataclass
class AppWalk:
    """A walk that began at ``began``; ``number`` counts walks."""

    http: VendorHttp
    bearer: Bearer
    wanted: AppStoreOptions
    began: datetime
    number: int = 1
    last: datetime | None = None
    behind: dict[str, str | None] = field(default_factory=dict)
    known: dict[str, dict[str, list[Json]]] = field(default_factory=dict)
    busy: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def resumed(
        cls, http: VendorHttp, bearer: Bearer, wanted: AppStoreOptions, since: Cursor | None, now: datetime
    ) -> AppWalk:
        """The walk that was interrupted, or the next one."""
        state: Mapping[str, Any] = {} if since is None else since.state
        busy = dict(state.get("busy") or {})
        return cls(
            http,
            bearer,
            wanted,
            began=(moment(busy.get("began")) or now) if busy else now,
            number=int(state.get("walk", 0)) + (0 if busy else 1),
            last=moment(state.get("last")),
            behind={app: at for app, at in state.get("behind", {}).items() if app in wanted.apps},
            known={app: dict(kept) for app, kept in state.get("known", {}).items() if app in wanted.apps},
            busy=busy,
        )

    def last_of(self, app: str) -> datetime | None:
        """When the last whole walk over an app began; None before the first."""
        return moment(self.behind[app]) if app in self.behind else self.last

    def until(self, app: str) -> datetime:
        """How far back this walk over an app goes."""
        last = self.last_of(app)
        if last is None:
            return self.wanted.start or self.began - self._back
        return min(last, self.began) - self._back

    @property
    def _back(self) -> timedelta:
        return timedelta(days=self.wanted.walk_days)

    async def pages(self) -> AsyncIterator[Page]:
        """Every app that is not done, page by page; one that is refused stops no other, and is raised at the end."""
        done = list(self.busy.get("done", []))
        refused: dict[str, VendorRefused] = {}
        for place, app in enumerate(sorted(self.wanted.apps)):
            if app in done:
                continue
            try:
                async for page in self._app(place, app, done):
                    yield page
            except VendorRefused as exc:
                if is_of_the_connection(exc):
                    raise
                _LOG.warning("app %s is refused (status %s)", app, exc.status)
                refused[app] = exc
                continue
            done.append(app)
        behind = {app: self.behind.get(app, self._last) for app in refused}
        state = {
            "walk": self.number,
            "last": iso(self.began),
            "behind": behind,
            "known": self.known,
            "busy": None,
        }
        yield Page((), Cursor(state, (self.number, len(self.wanted.apps), 0)), f"walk {self.number} is whole")
        if refused:
            raise next(iter(refused.values()))

    async def _app(self, place: int, app: str, done: list[str]) -> AsyncIterator[Page]:
        resumed = self.busy if self.busy.get("app") == app else {}
        memory = Remembered(self.known.get(app, {}), dict(resumed.get("seen", {})))
        keep_s, until_s = int((self.began - self._back).timestamp()), int(self.until(app).timestamp())
        versions = await self._versions(app)
        walk, number, url = Walk("App Store Connect"), int(resumed.get("page", 0)), resumed.get("next")
        while True:
            payload = await self._page(
                app, url, may_be_forgotten=url is not None and url == resumed.get("next")
            )
            taken = self._taken(app, payload, walk, memory, versions)
            url, number = self._next(payload, self.until(app)), number + 1
            if url is None:
                break
            busy = {"began": iso(self.began), "done": list(done), "app": app, "page": number, "next": url}
            state = self._state(
                busy | {"seen": memory.recent(keep_s if self.last_of(app) is None else until_s)}
            )
            yield Page(taken, Cursor(state, (self.number, place, number)), self._about(app, walk))
        now_s, patience_s = int(self.began.timestamp()), round(self.wanted.gone_after_hours * 3600)
        self.known[app], gone = memory.finished(until_s, keep_s, now_s, patience_s)
        taken.extend(Gone(review, "no longer in the App Store") for review in gone)
        busy = {"began": iso(self.began), "done": [*done, app]}
        yield Page(taken, Cursor(self._state(busy), (self.number, place, number)), self._about(app, walk))

    async def _page(self, app: str, url: str | None, *, may_be_forgotten: bool) -> Json:
        """The page at ``url``, or the first; also where Apple forgot the page at which a walk stopped."""
        if url is not None:
            try:
                return await self._get(url, None)
            except VendorRefused as exc:
                if not may_be_forgotten or exc.status in (401, 403):
                    raise
        return await self._get(f"/v1/apps/{app}/customerReviews", self._asked())

    @property
    def _last(self) -> str | None:
        return None if self.last is None else iso(self.last)

    def _state(self, busy: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            "walk": self.number,
            "last": self._last,
            "behind": dict(self.behind),
            "known": dict(self.known),
        }
        return kept | {"busy": dict(busy)}

    def _about(self, app: str, walk: Walk) -> str:
        return f"{walk.progress} reviews of {self.wanted.apps[app]} back to {self.until(app):%Y-%m-%d}"

    def _taken(
        self, app: str, payload: Json, walk: Walk, memory: Remembered, versions: Mapping[str, str]
    ) -> list[Taken]:
        """What of a page is news."""
        replies, taken = replies_of(payload), list[Taken]()
        last, until = self.last_of(app), self.until(app)
        total = dig(payload, "meta.paging.total") if last is None else 0
        for row in walk.fresh(rows_of(payload), _id, fingerprint, total if isinstance(total, int) else 0):
            review, at = _id(row), moment(dig(row, "attributes.createdDate")) or self.began
            if at < until:
                continue
            digest = fingerprint(
                [dig(row, "attributes"), dig(replies.get(review), "attributes"), versions.get(review)]
            )
            if memory.is_news(review, digest):
                is_change = review in memory.known or (last is not None and at < last)
                changed = self.began if is_change else at
                product = self.wanted.apps[app] or None
                taken.append(utterance(row, replies.get(review), versions.get(review), product, changed))
            memory.see(review, digest, int(at.timestamp()))
        return taken

    def _next(self, payload: Json, until: datetime) -> str | None:
        """Path and query of the next page, unless this one lies whole before ``until``.

        Rows may stand out of order.
        """
        times = [moment(dig(row, "attributes.createdDate")) for row in rows_of(payload)]
        url = next_link(dig(payload, "links.next"), self.wanted.url)
        if url is None or not times or all(at is not None and at < until for at in times):
            return None
        return httpx.URL(url).raw_path.decode()

    async def _versions(self, app: str) -> dict[str, str]:
        """Which version each review is of, as far as recent versions tell: reviews themselves do not say it."""
        found: dict[str, str] = {}
        if not self.wanted.recent_versions:
            return found
        try:
            asked = {"limit": "200", "fields[appStoreVersions]": "versionString,createdDate"}
            listed = rows_of(await self._get(f"/v1/apps/{app}/appStoreVersions", asked))
            listed.sort(key=lambda row: iso(moment(dig(row, "attributes.createdDate")) or self.began))
            for version in listed[-self.wanted.recent_versions :]:
                async for review in self._reviews_of(_id(version), self.until(app)):
                    found[review] = str(dig(version, "attributes.versionString"))
        except VendorRefused as exc:
            _LOG.warning("app versions cannot be read, so reviews come without (status %s)", exc.status)
        return found

    async def _reviews_of(self, version: str, until: datetime) -> AsyncIterator[str]:
        walk, url = Walk("App Store Connect"), f"/v1/appStoreVersions/{version}/customerReviews"
        asked: dict[str, str] | None = self._asked("createdDate")
        more: str | None = url
        while more:
            payload = await self._get(more, asked)
            try:
                found = walk.fresh(rows_of(payload), _id, fingerprint)
            except GoesInCircles:
                return  # reviews come all the same, some without a version
            for row in found:
                yield _id(row)
            more, asked = self._next(payload, until), None

    def _asked(self, fields: str = _FIELDS) -> dict[str, str]:
        asked = {
            "sort": "-createdDate",
            "limit": str(self.wanted.page_size),
            "fields[customerReviews]": fields,
        }
        return asked | {"include": "response"} if fields == _FIELDS else asked

    async def _get(self, url: str, params: Mapping[str, str] | None) -> Json:
        answer = await self.http.request(
            "GET",
            self.wanted.url.rstrip("/") + url,
            params=params,
            headers=self.bearer.header(),
            renew=self.bearer.renewed,
            limits=pause_s,
            every_s=self.wanted.every_s,
        )
        return answer.json()


def _id(row: Json) -> str:
    return str(dig(row, "id"))
