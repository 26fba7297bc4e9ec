"""F37: one tenant sends twenty times what it may; the others are answered as ever, in the lane that is read first."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.edge import Desks, at_the_desks, said, signed
from wiring.edge.quotas import Quota

QUOTA = Quota(live_per_s=1, most_per_s=2, window_s=15)
QUIET = ("t1", "t2", "t3")


def test_a_flood_of_one_tenant_takes_nothing_from_the_others(tmp_path: Path) -> None:
    async def send(edge: Desks) -> None:
        async def one(tenant: str, n: int) -> tuple[int, str | None]:
            body = said(f"{tenant}-{n}")
            answer = await edge.post(body, signed(body, delivery=str(n)), f"/webhooks/desk/{tenant}-desk")
            return answer.status_code, answer.headers.get("retry-after")

        noisy = [one("noisy", n) for n in range(20 * QUOTA.live.amount)]
        quiet = [one(tenant, n) for n in range(5) for tenant in QUIET]
        told = await asyncio.gather(*noisy, *quiet)
        flood, others = told[: len(noisy)], told[len(noisy) :]

        assert {status for status, _later in others} == {200}
        taken = [status for status, _later in flood if status == 200]
        assert len(taken) == QUOTA.most.amount
        assert all(later for status, later in flood if status == 429)
        in_journal = [record.tenant for record in edge.records()]
        assert in_journal.count("noisy") == QUOTA.live.amount
        assert len(in_journal) - QUOTA.live.amount == len(quiet)
        assert len(edge.records("bulk")) == len(taken) - QUOTA.live.amount

    at_the_desks(tmp_path, send, quota=QUOTA, tenants=("noisy", *QUIET))
