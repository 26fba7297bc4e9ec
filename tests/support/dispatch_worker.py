"""Dispatchers to be killed: ``python dispatch_worker.py FOLDER URL LEASE_S`` forks one for each line it reads.

Importing takes a second, a fork milliseconds; each dispatcher is a process of its own, which says its id.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.support.dispatching import Site


async def work(site: Site, lease_s: float) -> None:
    async with site.open(within_s=2.0, lease_s=lease_s) as desk:
        desk.dispatcher.clock = lambda: datetime.now(UTC)
        while True:
            await desk.dispatcher.deliver_due(datetime.now(UTC))
            await asyncio.sleep(0.01)


def main() -> None:
    folder, url, lease_s = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    print("ready", flush=True)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            asyncio.run(work(Site(Path(folder), url=url), float(lease_s)))
        print(child, flush=True)


if __name__ == "__main__":
    main()
