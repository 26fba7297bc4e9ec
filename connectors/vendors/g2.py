"""G2 reviews: likes, dislikes and recommendations of a review are three utterances, each with the review's stars.

Polled in windows of ``updated_at``, each read again where pages shifted under us; one day is read twice, and what the
filter should have left out is left out here. A review has no account, and its words stay as they are (G2's terms).
Elsewhere: a review that G2 takes down is not told of; a person retracts it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

from pydantic import Field

from connectors.vendors.http import VendorHttp
from connectors.vendors.polled import Polled
from connectors.vendors.port import (
    Connection,
    Cursor,
    Gone,
    Json,
    Page,
    Taken,
    Unreadable,
    Utterance,
)
from connectors.vendors.values import (
    Options,
    Start,
    begun,
    dig,
    fingerprint,
    iso,
    iso_or_none,
    moment,
    options_of,
    rating_of,
    rows_at,
    said,
)
from connectors.vendors.values import without_none as known
from connectors.vendors.walks import Walk
from connectors.vendors.wire import write_json

# Read again before each window: reviews are moderated, and surface with an older time.
OVERLAP: Final = timedelta(days=1)
# Walks over one window before it is believed although pages shifted.
WALKS: Final = 3

SECTIONS: Final = ("likes", "dislikes", "recommendations")

# Ours to G2's, by path within ``attributes``; a connection may name other paths.
FIELDS: Final[Mapping[str, str]] = {
    "likes": "comment_answers.love.value",
    "dislikes": "comment_answers.hate.value",
    "recommendations": "comment_answers.recommendations.value",
    "title": "title",
    "rating": "star_rating",
    "author": "user_name",
    "product": "product_name",
    "country": "country_name",
    "source_url": "url",
    "created_at": "submitted_at",
    "updated_at": "updated_at",
}


class G2Options(Options):
    """``start``: reviews changed before it are history that nobody asked for; without it, before yesterday.

    Clients differ on what follows, so it can be told: ``auth`` is the header with the key as ``{key}``, ``filter_name``
    how a filter is called, ``fields`` other paths within ``attributes``; ``filters`` are further parameters.
    """

    start: Start | None = None
    url: str = "https://data.g2.com/api/v1/survey-responses"
    auth: str = Field(default="Token token={key}", pattern=r"\{key\}")
    fields: dict[str, str] = Field(default_factory=dict)
    rating_scale: Literal[5, 10] = 5
    page_size: int = Field(default=100, ge=1, le=100)
    window_days: int = Field(default=60, ge=1)
    filter_name: str = Field(default="filter[{}]", pattern=r"\{\}")
    filters: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Window:
    """Reviews changed from ``since`` until ``until``; the last window has no end."""

    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.since - OVERLAP <= at and (self.until is None or at < self.until)


class G2(Polled):
    """``port.Vendor`` for G2."""

    name = "g2"
    streams: Sequence[str] = ("reviews",)

    def check(self, connection: Connection) -> None:
        """Options and the credential ``key``."""
        options_of(connection, G2Options)
        connection.credential("key")

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """Window after window; the cursor moves at the end of each, never beyond ``now``.

        It remembers which emptied sections of the overlap were told: each poll reads that again, and a section that
        were told gone every minute would outdate words that its reviewer wrote meanwhile and G2 was still moderating.
        """
        options = options_of(connection, G2Options)
        start = (moment(since.state["through"]) if since else None) or begun(options.start, now)
        told = frozenset(since.state.get("emptied", ()) if since else ())
        walk, emptied = Walk("G2"), dict[str, datetime]()
        for window in _windows(start, now, timedelta(days=options.window_days)):
            newest = window.since
            walk.stretch()
            for _again in range(WALKS):
                walk.begin()
                async for payload in self._pages(connection, options, http, window):
                    inside = partial(_is_inside, window=window, options=options)
                    rows = walk.fresh(rows_at(payload, "data"), _id, _version, _total(payload), inside)
                    newest = max((newest, *(at for row in rows if (at := _updated(row, options)))))
                    taken = list[Taken]()
                    for row in rows:
                        for one in utterances(row, options):
                            if isinstance(one, Gone):
                                mark = f"{one.record_id} {_version(row)}"
                                emptied[mark] = _updated(row, options) or window.since
                                if mark in told:
                                    continue
                            taken.append(one)
                    if taken:
                        yield Page(taken, None, f"reviews of {window.since:%Y-%m-%d}, {walk.progress}")
                if walk.is_whole:
                    break
            end = min(window.until or newest, now)
            emptied = {mark: at for mark, at in emptied.items() if at >= end - OVERLAP}
            through = iso(end)
            state = {"through": through, "emptied": sorted(emptied)}
            yield Page((), Cursor(state, (through,)), f"reviews until {through}")

    async def _pages(
        self, connection: Connection, options: G2Options, http: VendorHttp, window: _Window
    ) -> AsyncIterator[Json]:
        number, more = 1, True
        while more:
            asked = options.filters | {
                "page[size]": str(options.page_size),
                "page[number]": str(number),
                options.filter_name.format("updated_at_gt"): iso(window.since - OVERLAP),
            }
            if window.until:
                asked[options.filter_name.format("updated_at_lt")] = iso(window.until)
            header = {"authorization": options.auth.format(key=connection.credential("key"))}
            payload = (await http.request("GET", options.url, params=asked, headers=header)).json()
            yield payload
            more = bool(rows_at(payload, "data")) and bool(dig(payload, "links.next"))
            number += 1


def _windows(start: datetime, now: datetime, length: timedelta) -> Iterator[_Window]:
    while start + length < now:
        yield _Window(start, start + length)
        start += length
    yield _Window(start, None)


def _total(payload: Json) -> int:
    count = dig(payload, "meta.record_count")
    return count if isinstance(count, int) else 0


def _id(row: Json) -> str:
    return str(dig(row, "id"))


def _version(row: Json) -> str:
    return fingerprint(dig(row, "attributes"))


def _updated(row: Json, options: G2Options) -> datetime | None:
    return moment(_field(row, "updated_at", options)) or moment(_field(row, "created_at", options))


def _is_inside(row: Json, window: _Window, options: G2Options) -> bool:
    """Whether the filter was obeyed; a row that says no time is not left out."""
    at = _updated(row, options)
    return at is None or window.holds(at)


def _field(row: Json, name: str, options: G2Options) -> Json:
    return dig(dig(row, "attributes"), options.fields.get(name, FIELDS[name]))


def utterances(row: Json, options: G2Options) -> list[Taken]:
    """One review as utterances ``<id>:<section>``. A section that an edit emptied is gone."""
    review = said(dig(row, "id"))
    if review is None or not isinstance(dig(row, "attributes"), Mapping):
        why = "a review without id" if review is None else "attributes withheld: G2 restricts this key"
        return [Unreadable(review or "", write_json(row), why)]
    texts = {section: said(_field(row, section, options)) for section in SECTIONS}
    title = said(_field(row, "title", options))
    if title and not any(texts.values()):
        texts["title"] = title
    body = _about(row, options)
    happened = moment(body["created_at"]) or moment(body["source_updated_at"])
    if happened is None or not any(texts.values()):
        return [
            Unreadable(review, write_json(row), "a review without a time" if happened is None else "no text")
        ]
    context = [{"role": "customer", "text": title}] if title and "title" not in texts else []
    return [
        *(
            Utterance(
                f"{review}:{section}",
                known(body | {"text": text, "section": section, "context": context}),
                happened,
                f"g2 {review}",
            )
            for section, text in texts.items()
            if text
        ),
        *(
            Gone(f"{review}:{s}", "the reviewer emptied it")
            for s in SECTIONS
            if not texts[s] and _is_edited(body)
        ),
    ]


def _is_edited(body: Mapping[str, Any]) -> bool:
    return bool(body["created_at"] and body["source_updated_at"] != body["created_at"])


def _about(row: Json, options: G2Options) -> dict[str, Any]:
    """What every section of a review shares. The reviewer is a customer of no account that we could know."""
    stars, scale = _field(row, "rating", options), options.rating_scale
    created = iso_or_none(_field(row, "created_at", options))
    return {
        "author": said(_field(row, "author", options)),
        "author_role": "customer",
        "rating": rating_of(stars, scale),
        "rating_scale": None if rating_of(stars, scale) is None else float(scale),
        "product": said(_field(row, "product", options)),
        "country": said(_field(row, "country", options)),
        "source_url": said(_field(row, "source_url", options)),
        "created_at": created,
        "source_updated_at": iso_or_none(_field(row, "updated_at", options)) or created,
    }


VENDOR = G2()
