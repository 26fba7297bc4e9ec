"""Processes of this program that a command starts: where they find it, and how they tell people something."""

from __future__ import annotations

import os
from pathlib import Path

NOTICE = "notice: "
"""How a line of a process's log begins that the person at the terminal is to see."""

EDGE_PORT = 9760
"""Where webhooks are answered unless somebody says otherwise."""

ROOT = Path(__file__).parent.parent


def python_path() -> str:
    """Where a process that we start finds this program, whatever folder it is started in."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
