"""The default encoder: all-MiniLM-L6-v2 from verified local weights, never from a network.

Promise: bit-identical vectors whatever stands beside a text (``shapes``), 384 dimensions on the grid,
texts cut at 256 tokens as the model was trained. About 600 short texts/s on two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.encoders.base import Vectors, WeightsMissing, to_grid
from models.encoders.bert import DIMS, Bert
from models.encoders.shapes import WIDTHS, run_fixed
from models.encoders.weights import PUBLISHED, default_folder, read_verified

MAX_TOKENS = WIDTHS[-1]
# 256 tokens never need more characters in practice; a cut bounds the tokenizer's work on a 100 kB text.
MAX_CHARS = 8_192


class MiniLmEncoder:
    """Sentence vectors of the published all-MiniLM-L6-v2."""

    def __init__(self, folder: Path | None = None, *, threads: int | None = None) -> None:
        """Load from ``folder``, by default the installed package.

        Raises ``WeightsMissing`` when something is not installed, ``WeightsRefused`` on a wrong digest.
        """
        weights = read_verified(default_folder() if folder is None else folder)
        try:
            from tokenizers import Tokenizer
        except ImportError as exc:
            raise WeightsMissing("tokenizers is not installed: install the extra 'models'") from exc
        self._tokenizer = Tokenizer.from_str(weights.tokenizer.decode("utf-8"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self._bert = Bert(weights.tensors, threads=threads)

    @property
    def version(self) -> str:
        """Model, weights digest and grid."""
        return f"all-minilm-l6-v2@{PUBLISHED['model.safetensors'][:8]}/grid-1"

    @property
    def dims(self) -> int:
        """384."""
        return DIMS

    @property
    def arithmetic(self) -> str:
        """Kernels in use, for reports: equal vectors are promised on one kind of machine."""
        return self._bert.arithmetic

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors, (n, 384) int16, in the order of ``texts``."""
        readable = [text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8") for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(readable)]
        return to_grid(run_fixed(tokens, DIMS, 0, self._bert.forward))
