"""``python leash.py PARENT PROGRAM …``: become PROGRAM, and be killed when the process PARENT ends, however it ends.

A program of its own, because code between fork and exec is unsafe in a process with threads. Linux only; elsewhere
the program runs without a leash. Imports nothing of ours: it starts with every process and must be quick.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1
NOT_FOUND, NOT_RUNNABLE = 127, 126


def main(parent: int, argv: list[str]) -> None:
    """Tie this process to ``parent`` and turn it into ``argv``; returns never."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the leash held
        os._exit(1)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - the whole purpose
    except OSError as exc:
        sys.stderr.write(f"undercurrent: cannot run {argv[0]}: {exc.strerror}\n")
        sys.exit(NOT_FOUND if isinstance(exc, FileNotFoundError) else NOT_RUNNABLE)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
