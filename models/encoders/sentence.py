"""A sentence-transformers model, by name or folder, in batches of fixed shape.

Promise: bit-identical vectors whatever stands beside a text (``shapes``), on the integer grid. Asking for a
name that is not a folder is the one way to let a hub be contacted; a folder never is.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.encoders.base import Floats, Vectors, WeightsMissing, to_grid
from models.encoders.shapes import WIDTHS, Ids, run_fixed

MAX_TOKENS = WIDTHS[-1]
# 256 tokens never need more characters in practice; a cut bounds the tokenizer's work on a 100 kB text.
MAX_CHARS = 8_192


class SentenceEncoder:
    """Sentence vectors of a model that sentence-transformers can load."""

    def __init__(self, model: str, *, threads: int | None = None) -> None:
        """``model`` is a folder or a hub name; raises ``WeightsMissing`` when it cannot be loaded."""
        # Threads that spin while they wait starve each other on a shared machine: measured beside other work,
        # 34 messages a second against 117. Has to be said before torch is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # Triton compiles for GPUs; this encoder runs on the CPU. PyTorch imports it where it is installed, and all that
        # comes of it is a page of complaints about leaks when the process ends.
        sys.modules.setdefault("triton", None)  # type: ignore[arg-type]  # as documented: an import of it fails
        try:
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging as transformers_logging
        except ImportError as exc:
            raise WeightsMissing(
                "sentence-transformers is not installed: install the extra 'models'"
            ) from exc
        if threads is not None:
            torch.set_num_threads(threads)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over ours
        self._torch = torch
        self._name = model
        try:
            self._model = SentenceTransformer(model, device="cpu", local_files_only=Path(model).is_dir())
        except (OSError, ValueError) as exc:
            raise WeightsMissing(f"encoder {model!r} cannot be loaded: {exc}") from exc
        self._model.eval()
        _through_onednn(self._model)

    @property
    def version(self) -> str:
        """The model as it was asked for, and the grid."""
        return f"{Path(self._name).name if Path(self._name).is_dir() else self._name}/grid-2"

    @property
    def dims(self) -> int:
        """Length of a vector of this model."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors, (n, dims) int16, in the order of ``texts``."""
        readable = [text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8") for text in texts]
        if not readable:
            return to_grid(run_fixed([], self.dims, 0, self._forward))
        limit = int(self._model.max_seq_length or 256)
        tokenizer = self._model.tokenizer
        tokens = tokenizer(readable, truncation=True, max_length=min(limit, MAX_TOKENS))["input_ids"]
        return to_grid(run_fixed(tokens, self.dims, int(tokenizer.pad_token_id or 0), self._forward))

    def _forward(self, ids: Ids, mask: Ids) -> Floats:
        torch = self._torch
        with torch.inference_mode():
            features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            rows: Floats = self._model(features)["sentence_embedding"].numpy()
            return rows


def _through_onednn(model: Any) -> None:
    """Let oneDNN multiply by the model's weights, in place, where PyTorch was built with it.

    MKL, PyTorch's default, keeps to AVX2 on processors that are not Intel's: measured on one with AVX-512, one
    thread, 98 against 215 GFLOP/s, and a text in 20 ms against 32. Sums in another order move one element in 30,000
    by one step of the grid.
    """
    from torch.backends import mkldnn

    if not mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    with warnings.catch_warnings():
        # It is written in TorchScript, which PyTorch will leave.
        warnings.simplefilter("ignore", FutureWarning)
        from torch.utils.mkldnn import to_mkldnn

        to_mkldnn(model)  # type: ignore[no-untyped-call]
