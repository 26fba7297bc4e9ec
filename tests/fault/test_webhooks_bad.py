"""F22, F23, F38, F39: over 500 deliveries that are wrong in every way we know; none gets in, the next good one does."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from tests.support.edge import BODY_LIMIT, NOON, Desks, at_the_desks, said, signed

EACH = 30
SEED = 20260301


class Bad(NamedTuple):
    kind: str
    body: bytes
    headers: dict[str, str]
    statuses: tuple[int, ...]


def altered(draw: random.Random, body: bytes) -> bytes:
    place = draw.randrange(len(body))
    return body[:place] + bytes([body[place] ^ (1 << draw.randrange(8))]) + body[place + 1 :]


def forged(draw: random.Random, n: int) -> Iterator[Bad]:
    """F38: signatures that are none."""
    body = said(f"forged {n}")
    good = signed(body, delivery=f"f{n}")
    yield Bad("wrong secret", body, signed(body, secret=draw.randbytes(16)), (401,))
    yield Bad("altered body", altered(draw, body), good, (401,))
    yield Bad(
        "no signature", body, {k: v for k, v in good.items() if k != draw.choice(["X-Signature"])}, (401,)
    )
    cut = good["X-Signature"][: draw.randrange(64)]
    yield Bad("half a signature", body, good | {"X-Signature": cut}, (401,))
    noise = "".join(chr(draw.randrange(0x21, 0x7F)) for _ in range(draw.randrange(1, 200)))
    yield Bad("noise for a signature", body, good | {"X-Signature": noise}, (401,))
    yield Bad("noise for a time", body, good | {"X-Time": noise}, (401,))


def out_of_time(draw: random.Random, n: int) -> Iterator[Bad]:
    """F39: a signature of another time."""
    body = said(f"late {n}")
    for kind, sign in (("stale", -1), ("future", 1)):
        at = NOON + sign * timedelta(seconds=draw.randrange(301, 10_000_000))
        yield Bad(kind, body, signed(body, at=at, delivery=f"{kind}{n}"), (401,))


def out_of_size(draw: random.Random, n: int) -> Iterator[Bad]:
    """F22 and bombs: more than is taken, said openly or hidden."""
    over = b" " * (BODY_LIMIT + 1 + draw.randrange(100_000))
    yield Bad("oversized", over, signed(over, delivery=f"o{n}"), (413,))
    plain = b"\0" * draw.randrange(1, 4_000_000)
    for coding, packed in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain))):
        headers = signed(packed, delivery=f"{coding}{n}") | {"Content-Encoding": coding}
        yield Bad(f"{coding} bomb", packed, headers, (415,))


def malformed(draw: random.Random, n: int) -> Iterator[Bad]:
    """F23: signed, and still nothing that can be read."""
    bodies = {
        "not UTF-8": b'{"said": [{"id": "\xff\xfe%d", "text": "\xc3"}]}' % n,
        "half a character": b'{"said": [{"id": "1", "text": "\\ud83d"}]}' + b" " * n,
        "deep": b"[" * (10_000 + n) + b"]" * (10_000 + n),
        "cut off": said(f"cut {n}")[: draw.randrange(1, 30)],
        "NUL": b"\0" * (n + 1),
        "no notification": draw.choice([b"null", b"3", b"[]", b"{}", b'"said"']) + b" " * n,
        "a mark of order before it": b"\xef\xbb\xbf" + said(f"bom {n}"),
        "empty": b"",
    }
    for kind, body in bodies.items():
        yield Bad(kind, body, signed(body, delivery=f"{kind} {n}"), (400,))


def test_none_of_many_bad_deliveries_gets_in_and_the_next_good_one_does(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    bad = [
        one
        for n in range(EACH)
        for kinds in (forged, out_of_time, out_of_size, malformed)
        for one in kinds(draw, n)
    ]
    assert len(bad) >= 500

    async def send(edge: Desks) -> None:
        odd = []
        for one in bad:
            answer = await edge.post(one.body, one.headers)
            if answer.status_code not in one.statuses:
                odd.append((one.kind, answer.status_code, answer.text))
        assert odd == []
        assert edge.records() == []
        assert (await edge.post(said("good"), signed(said("good"), delivery="good"))).status_code == 200
        assert len(edge.records()) == 1

    at_the_desks(tmp_path, send)


def test_a_replay_is_taken_once_however_often_it_comes(tmp_path: Path) -> None:
    async def send(edge: Desks) -> None:
        body, headers = said("1"), signed(said("1"))
        told = [(await edge.post(body, headers)).status_code for _ in range(50)]
        edge.clock[0] = NOON + timedelta(minutes=6)
        late = await edge.post(body, headers)
        assert (set(told), late.status_code, len(edge.records())) == ({200}, 401, 1)

    at_the_desks(tmp_path, send)


def test_a_body_is_taken_up_to_the_very_byte(tmp_path: Path) -> None:
    async def send(edge: Desks) -> list[int]:
        told = []
        for size in (BODY_LIMIT - 1, BODY_LIMIT, BODY_LIMIT + 1):
            body = said("1").ljust(size)
            told.append((await edge.post(body, signed(body, delivery=str(size)))).status_code)
        return told

    assert at_the_desks(tmp_path, send) == [200, 200, 413]


def test_an_address_tells_strangers_nothing_of_why(tmp_path: Path) -> None:
    async def send(edge: Desks) -> set[str]:
        wrong = (signed(said("1"), secret=b"x"), signed(said("1"), at=NOON - timedelta(hours=1)), {})
        return {(await edge.post(said("1"), headers)).text for headers in wrong}

    assert at_the_desks(tmp_path, send) == {"signature refused"}
