"""The forward pass of a six-layer BERT encoder with mean pooling, on torch alone.

Written out because the usual loaders take ten seconds to import and leave half the speed behind: here
the weights of linear layers are laid out once for oneDNN. A test holds the vectors to those of
sentence-transformers. Sources: Devlin et al. 2019, section 3; Reimers & Gurevych 2019, section 3 (pooling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.encoders.base import Floats, WeightsMissing
from models.encoders.shapes import ROWS, Ids

if TYPE_CHECKING:
    from torch import Tensor

LAYERS = 6
HEADS = 12
DIMS = 384
EPSILON = 1e-12
# Layout hint for oneDNN: the most frequent shape, eight rows of sixteen tokens.
HINT_TOKENS = ROWS * 16


class Bert:
    """Mean-pooled sentence vectors of all-MiniLM-L6-v2; weights as the published safetensors bytes."""

    def __init__(self, tensors: bytes, *, threads: int | None = None) -> None:
        """Load on the CPU in float32; ``threads`` sets torch's own count for the whole process."""
        try:
            import torch
            from safetensors.torch import load
        except ImportError as exc:
            raise WeightsMissing("torch is not installed: install the extra 'models'") from exc
        self._torch = torch
        if threads is not None:
            torch.set_num_threads(threads)
        self._state: dict[str, Tensor] = load(tensors)
        self._packed = bool(torch.backends.mkldnn.is_available()) and hasattr(  # type: ignore[no-untyped-call]
            torch.ops.mkldnn, "_reorder_linear_weight"
        )
        self._layers = [self._layer(number) for number in range(LAYERS)]

    @property
    def arithmetic(self) -> str:
        """Which kernels multiply; results of two kernels may differ in the seventh digit."""
        return "onednn-packed" if self._packed else "torch"

    def forward(self, ids: Ids, mask: Ids) -> Floats:
        """Mean-pooled rows for one fixed-shape batch: (rows, width) twice → (rows, DIMS), not normalised."""
        torch = self._torch
        with torch.inference_mode():
            seen = torch.from_numpy(mask)
            hidden = self._embed(torch.from_numpy(ids))
            visible = seen.bool()[:, None, None, :]
            for layer in self._layers:
                hidden = self._apply(layer, hidden, visible)
            weight = seen.unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * weight).sum(1) / weight.sum(1)
            rows: Floats = pooled.numpy()
            return rows

    def _embed(self, ids: Tensor) -> Tensor:
        table = self._state
        words = table["embeddings.word_embeddings.weight"][ids]
        places = table["embeddings.position_embeddings.weight"][: ids.shape[1]]
        summed = words + table["embeddings.token_type_embeddings.weight"][0] + places
        return self._norm(summed, self._pair("embeddings.LayerNorm"))

    def _apply(self, layer: dict[str, Any], hidden: Tensor, visible: Tensor) -> Tensor:
        functional = self._torch.nn.functional
        rows, width, _ = hidden.shape
        heads = self._linear(hidden, layer["qkv"]).view(rows, width, 3, HEADS, DIMS // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        mixed = mixed.transpose(1, 2).reshape(rows, width, DIMS)
        hidden = self._norm(self._linear(mixed, layer["attended"]) + hidden, layer["norm_attended"])
        wide = functional.gelu(self._linear(hidden, layer["wide"]))
        return self._norm(self._linear(wide, layer["narrow"]) + hidden, layer["norm_out"])

    def _layer(self, number: int) -> dict[str, Any]:
        at = f"encoder.layer.{number}"
        parts = [self._pair(f"{at}.attention.self.{name}") for name in ("query", "key", "value")]
        stacked = (
            self._torch.cat([weight for weight, _ in parts]),
            self._torch.cat([bias for _, bias in parts]),
        )
        return {
            "qkv": self._pack(stacked),
            "attended": self._pack(self._pair(f"{at}.attention.output.dense")),
            "norm_attended": self._pair(f"{at}.attention.output.LayerNorm"),
            "wide": self._pack(self._pair(f"{at}.intermediate.dense")),
            "narrow": self._pack(self._pair(f"{at}.output.dense")),
            "norm_out": self._pair(f"{at}.output.LayerNorm"),
        }

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        return self._state[f"{name}.weight"].float(), self._state[f"{name}.bias"].float()

    def _pack(self, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        if not self._packed:
            return pair
        return self._torch.ops.mkldnn._reorder_linear_weight(pair[0], HINT_TOKENS), pair[1]

    def _linear(self, rows: Tensor, pair: tuple[Tensor, Tensor]) -> Tensor:
        if self._packed:
            out: Tensor = self._torch.ops.mkldnn._linear_pointwise(rows, pair[0], pair[1], "none", [], "")
            return out
        return self._torch.nn.functional.linear(rows, pair[0], pair[1])

    def _norm(self, rows: Tensor, pair: tuple[Tensor, Tensor]) -> Tensor:
        return self._torch.nn.functional.layer_norm(rows, (DIMS,), pair[0], pair[1], EPSILON)
