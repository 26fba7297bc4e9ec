"""Bodies of notes: a query says where each is, and one that cannot be read holds up no other.

Such a note is owed (``vendors.owed``); it comes when its body can be read, or after a day with what its preview says.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from connectors.vendors.errors import VendorRefused
from connectors.vendors.http import VendorHttp
from connectors.vendors.owed import Owed
from connectors.vendors.port import Json, Taken
from connectors.vendors.salesforce.session import Session
from connectors.vendors.salesforce.soql import by_ids
from connectors.vendors.values import dig

Take = Callable[[list[Json], Mapping[str, str]], Awaitable[list[Taken]]]
"""What rows are to us, with the bodies of notes by id."""


@dataclass
class Notes:
    """The notes of one poll; ``name`` and ``fields`` are what is asked for."""

    session: Session
    name: str
    fields: Sequence[str]
    owed: Owed
    take: Take

    async def page(self, rows: list[Json]) -> list[Taken]:
        """What these rows are, but for those that are owed from now on."""
        there = {
            str(dig(row, "Id")): row for row in rows if _place(row) and dig(row, "IsDeleted") is not True
        }
        bodies: dict[str, str] = {}

        async def read(http: VendorHttp, note: str) -> Sequence[Taken] | None:
            if note not in there:
                return await self._whole(http, note)
            text = await _body(self.session, there[note])
            if text is None:
                return None
            bodies[note] = text
            return ()

        await self.owed.taken(list(there), read)
        left = [row for row in rows if (note := str(dig(row, "Id"))) not in there or note not in self.owed]
        return await self.take(left, bodies)

    async def late(self) -> list[Taken]:
        """What became of notes that are owed."""
        return await self.owed.again(self._whole, self._preview)

    async def _whole(self, _http: VendorHttp, note: str) -> Sequence[Taken] | None:
        row = await self._row(note)
        text = None if row is None else await _body(self.session, row)
        return None if row is None else await self.take([row], {note: text} if text else {})

    async def _preview(self, note: str, _why: str) -> Sequence[Taken]:
        row = await self._row(note)
        return () if row is None else await self.take([row], {})

    async def _row(self, note: str) -> Json:
        for soql in by_ids(self.name, self.fields, "Id", [note]):
            async for rows in self.session.query(soql):
                for row in rows:
                    return row
        return None


def _place(row: Json) -> str | None:
    there = dig(row, "Content")
    return there if isinstance(there, str) and there.startswith("/") else None


async def _body(session: Session, row: Json) -> str | None:
    """The note's HTML. None where it may not be read, so the preview must do."""
    there = _place(row)
    if there is None:
        return None
    try:
        return decoded((await session.get(there, html=True)).body)
    except VendorRefused as exc:
        if exc.status in (403, 404):
            return None
        raise


def decoded(raw: bytes) -> str | None:
    """HTML from what the address of a note's content gives: HTML, or base64 of it."""
    if b"<" not in raw:
        with suppress(binascii.Error):
            raw = base64.b64decode(raw.strip(), validate=True)
    return raw.decode("utf-8", "replace").strip() or None
