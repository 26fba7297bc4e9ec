"""What every vendor's connector does with webhooks: it believes only signed ones, and maps them as it maps a poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from connectors.vendors.port import Request, SignatureRefused, Utterance
from contracts.feedback import FeedbackBody
from tests.support.vendors.case import SECRET, VendorCase, Webhooks, cases
from tests.support.vendors.clock import NOW
from tests.support.vendors.polls import Polls
from tests.support.vendors.server import vendor_server
from tests.support.vendors.world import Lies, World

VECTOR = b'{"id":"evt_1"}'


@pytest.fixture(params=[case for case in cases() if case.webhooks], ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> VendorCase:
    return request.param


@pytest.fixture
def hooks(case: VendorCase) -> Webhooks:
    assert case.webhooks is not None
    return case.webhooks


def verify(case: VendorCase, headers: Mapping[str, str], body: bytes, after_s: float = 0.0) -> str:
    """The delivery's id, ``after_s`` seconds after it was stamped."""
    at = (case.webhooks and case.webhooks.vector_at) or NOW
    connection = case.connection("http://127.0.0.1:1")
    lower = {name.lower(): value for name, value in headers.items()}
    return case.vendor.verify(connection, Request(lower, body, at), at + timedelta(seconds=after_s))


def signed(case: VendorCase, body: bytes, secret: bytes = SECRET) -> Mapping[str, str]:
    assert case.webhooks is not None
    return case.webhooks.headers(secret, body, case.webhooks.vector_at or NOW)


def test_the_vendors_own_vector_is_believed(case: VendorCase, hooks: Webhooks) -> None:
    assert verify(case, hooks.vector, VECTOR)
    assert dict(signed(case, VECTOR)).items() >= dict(hooks.vector).items()


def test_an_altered_body_or_another_secret_is_refused(case: VendorCase, hooks: Webhooks) -> None:
    for headers, body in (
        (hooks.vector, VECTOR + b" "),
        (hooks.vector, b""),
        (signed(case, VECTOR, b"another"), VECTOR),
    ):
        with pytest.raises(SignatureRefused) as caught:
            verify(case, headers, body)
        assert caught.value.reason == "mismatch"


def test_a_missing_header_is_refused(case: VendorCase, hooks: Webhooks) -> None:
    for name in hooks.vector:
        left = {other: value for other, value in hooks.vector.items() if other != name}
        with pytest.raises(SignatureRefused) as caught:
            verify(case, left, VECTOR)
        assert caught.value.reason == "missing"


@pytest.mark.parametrize("garbage", ["", "=", "sha1=", "sha256=é", "x" * 5_000, "\x00"])
def test_a_garbled_header_is_refused_and_crashes_nothing(
    case: VendorCase, hooks: Webhooks, garbage: str
) -> None:
    for name in hooks.vector:
        with pytest.raises(SignatureRefused):
            verify(case, {**hooks.vector, name: garbage}, VECTOR)


def test_an_old_or_future_stamp_is_refused_where_the_vendor_stamps(case: VendorCase, hooks: Webhooks) -> None:
    if not hooks.stamped:
        assert verify(case, hooks.vector, VECTOR, after_s=86_400)
        return
    assert verify(case, hooks.vector, VECTOR, after_s=200)
    for after_s, reason in ((400, "stale"), (-400, "future")):
        with pytest.raises(SignatureRefused) as caught:
            verify(case, hooks.vector, VECTOR, after_s)
        assert caught.value.reason == reason


def test_both_secrets_are_believed_while_one_is_rotated(case: VendorCase) -> None:
    at = (case.webhooks and case.webhooks.vector_at) or NOW
    connection = replace(case.connection("http://127.0.0.1:1"), signing_secrets=lambda: (b"new", SECRET))
    for secret in (b"new", SECRET):
        lower = {name.lower(): value for name, value in signed(case, VECTOR, secret).items()}
        assert case.vendor.verify(connection, Request(lower, VECTOR, at), at)


def test_a_connection_without_a_secret_believes_nobody(case: VendorCase, hooks: Webhooks) -> None:
    at = hooks.vector_at or NOW
    connection = replace(case.connection("http://127.0.0.1:1"), signing_secrets=tuple)
    lower = {name.lower(): value for name, value in hooks.vector.items()}
    with pytest.raises(SignatureRefused):
        case.vendor.verify(connection, Request(lower, VECTOR, at), at)


def test_a_delivery_that_is_sent_again_has_the_same_id_and_another_has_not(
    case: VendorCase, hooks: Webhooks
) -> None:
    first, second = World().say(2)
    one, other = (hooks.body(item, NOW) for item in (first, second))
    assert verify(case, signed(case, one), one) == verify(case, signed(case, one), one)
    assert verify(case, signed(case, one), one) != verify(case, signed(case, other), other)
    assert len(verify(case, signed(case, one), one)) <= 200


def test_a_webhook_and_a_poll_say_the_same_of_a_record(
    case: VendorCase, hooks: Webhooks, tmp_path: Path
) -> None:
    world = World()
    items = world.say(4)
    with vendor_server(case.simulate(world, Lies())) as server:
        polls = Polls(case, server, tmp_path)
        for item in items if hooks.tells_all else ():
            body = hooks.body(item, NOW)
            for one in case.vendor.received(polls.connection, Request({}, body, NOW)):
                if isinstance(one, Utterance):
                    polls.ledger.take(one)
        assert len(polls.ledger.standing) == (4 if hooks.tells_all else 0)
        polls.once()
    assert polls.ledger.wrong(world) == {"lost": [], "twice": [], "untrue": []}
    assert polls.ledger.revisions == 0


def mutilated(body: bytes, rng: Random) -> bytes:
    """The body with some of its bytes changed, cut or doubled."""
    told = bytearray(body)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(told))
        told[place : place + rng.randint(0, 3)] = rng.choice(
            [b"", b"null", b"[", b"{}", b"9" * 30, b'"', b"true"]
        )
    return bytes(told)


def test_a_body_that_is_none_of_the_vendors_is_a_value_error(case: VendorCase, hooks: Webhooks) -> None:
    connection = case.connection("http://127.0.0.1:1")
    for body in (b"", b"[]", b"null", b"{}", b'"x"', b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says: the gateway answers 400
            case.vendor.received(connection, Request({}, body, NOW))


def test_no_body_crashes_and_what_is_taken_is_feedback(case: VendorCase, hooks: Webhooks) -> None:
    connection, rng = case.connection("http://127.0.0.1:1"), Random(11)
    whole = hooks.body(World().say()[0], NOW)
    for _ in range(300):
        try:
            taken = case.vendor.received(connection, Request({}, mutilated(whole, rng), NOW))
        except ValueError:
            continue
        for one in taken:
            if isinstance(one, Utterance):
                FeedbackBody.model_validate(one.body)
