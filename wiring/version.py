"""Which code this is, for records that say what made them."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REDACTION_VERSION = "redaction-1"


def code_version() -> str:
    """The commit of a checkout, else the installed version."""
    root = Path(__file__).parent.parent
    if (root / ".git").exists():
        told = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - git from the path
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode == 0:
            return told.stdout.strip()
    try:
        return f"release-{version('undercurrent')}"
    except PackageNotFoundError:
        return "unknown"
