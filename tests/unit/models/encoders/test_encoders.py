"""Every encoder keeps the same promises; the keyword encoder stands for all that need no weights."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from models.encoders import GRID_NORM, Encoder, Vectors, WeightsMissing, WeightsRefused, load_encoder
from models.encoders.base import to_grid
from models.encoders.cached import CachedEncoder
from models.encoders.hashing import KeywordEncoder
from models.encoders.load import AUTO
from models.encoders.shapes import ROWS, WIDTHS, Ids, run_fixed, width_for
from models.encoders.weights import verify

TEXTS = [
    "The export button does nothing",
    "Invoice total is wrong again",
    "ok",
    "<EMAIL_1> cannot sign in since the weekend, the page stays white and the spinner never ends",
    "Die Rechnung ist falsch",
    "Please add keyboard shortcuts for moving between boards. " * 9,
    "",
    "🙃🙃",
]


def cosine(left: Vectors, right: Vectors) -> float:
    """Cosine of two grid vectors."""
    wide = left.astype(np.float64), right.astype(np.float64)
    return float(wide[0] @ wide[1] / max(1.0, np.linalg.norm(wide[0]) * np.linalg.norm(wide[1])))


class CountingEncoder:
    """The keyword encoder, counting what it is asked for."""

    def __init__(self) -> None:
        self._inside = KeywordEncoder()
        self.asked: list[str] = []

    @property
    def version(self) -> str:
        """That of the encoder inside."""
        return self._inside.version

    @property
    def dims(self) -> int:
        """That of the encoder inside."""
        return self._inside.dims

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder inside."""
        self.asked.extend(texts)
        return self._inside.encode(texts)


@pytest.fixture(scope="module", params=["keywords", pytest.param("minilm", marks=pytest.mark.needs_models)])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder in turn, without a network."""
    return load_encoder(request.param)[0]


def test_vectors_have_the_promised_shape_type_and_length(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), encoder.dims), np.int16)
    assert np.linalg.norm(vectors[0].astype(float)) == pytest.approx(GRID_NORM, rel=0.01)


def test_a_vector_does_not_depend_on_its_neighbours_or_place(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    turned = encoder.encode(TEXTS[::-1] + TEXTS * 3)[: len(TEXTS)][::-1]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, turned)


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dims)


def test_texts_about_the_same_thing_are_nearer(encoder: Encoder) -> None:
    first, second, other = encoder.encode(
        ["The invoice total is wrong", "Our invoice shows a wrong total", "Dark theme for the calendar"]
    )
    assert cosine(first, second) > cosine(first, other) + 0.2


def test_a_very_long_or_broken_text_still_has_a_vector(encoder: Encoder) -> None:
    assert encoder.encode(["word " * 20_000, "half a pair \ud83d here"]).shape == (2, encoder.dims)


def test_keyword_vectors_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256(KeywordEncoder().encode(TEXTS).tobytes()).hexdigest()
    assert digest.startswith("a82cceda1582c2de")


def test_the_width_follows_from_the_text_alone() -> None:
    assert [width_for(count) for count in (1, 8, 9, 33, 256, 9_999)] == [8, 8, 16, 48, 256, 256]


@pytest.mark.parametrize("count", [1, ROWS, ROWS + 1, 3 * ROWS + 2])
def test_the_model_only_ever_sees_full_batches_of_known_widths(count: int) -> None:
    seen: list[tuple[int, ...]] = []

    def forward(ids: Ids, mask: Ids) -> np.ndarray:
        seen.append(ids.shape)
        return (ids * mask).sum(axis=1, keepdims=True).astype(np.float32)

    tokens = [list(range(1, 2 + place % 40)) for place in range(count)]
    rows = run_fixed(tokens, 1, 0, forward)
    assert rows[:, 0].tolist() == [sum(ids) for ids in tokens]
    assert all(shape[0] == ROWS and shape[1] in WIDTHS for shape in seen)


def test_a_repeated_text_is_encoded_once() -> None:
    inside = CountingEncoder()
    cached = CachedEncoder(inside)
    cached.encode(["a slow page", "a slow page"])
    assert np.array_equal(cached.encode(["a slow page"]), KeywordEncoder().encode(["a slow page"]))
    assert inside.asked == ["a slow page"]


def test_the_cache_forgets_the_least_recently_used() -> None:
    inside = CountingEncoder()
    cached = CachedEncoder(inside, capacity=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        cached.encode([text])
    assert len(cached) == 2
    assert inside.asked == ["one", "two", "three", "two"]


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the published bytes")
    with pytest.raises(WeightsRefused, match="SHA-256"):
        verify(tmp_path)


def test_missing_weights_say_which_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"model\.safetensors"):
        verify(tmp_path)


def absent() -> Path:
    """A machine without the weights."""
    raise WeightsMissing("package is not installed")


def test_without_weights_keywords_stand_in_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.encoders.minilm.default_folder", absent)
    encoder, notice = load_encoder(AUTO)
    assert encoder.version == "keywords-1"
    assert notice is not None
    assert "keywords" in notice


def test_without_weights_asking_for_them_by_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.encoders.minilm.default_folder", absent)
    with pytest.raises(WeightsMissing):
        load_encoder("minilm")


def test_altered_weights_are_not_passed_over_quietly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    monkeypatch.setattr("models.encoders.minilm.default_folder", lambda: tmp_path)
    with pytest.raises(WeightsRefused):
        load_encoder(AUTO)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Any attempt to connect fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("an encoder tried to reach a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return refuse


@pytest.mark.needs_models
def test_the_default_weights_load_without_a_network(no_network: Callable[..., None]) -> None:
    encoder, notice = load_encoder(AUTO)
    assert encoder.version.startswith("all-minilm-l6-v2@53aa5117")
    assert notice is None


@pytest.mark.needs_models
def test_the_number_of_threads_does_not_change_a_vector() -> None:
    import torch

    encoder, _ = load_encoder("minilm")
    before = torch.get_num_threads()
    rows = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        rows.append(encoder.encode(TEXTS))
    torch.set_num_threads(before)
    assert np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[1], rows[2])


@pytest.mark.needs_models
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_vectors_are_those_of_sentence_transformers(no_network: Callable[..., None]) -> None:
    """To one step of the grid, of which its shapes and its sums, in another order, may move an element."""
    from sentence_transformers import SentenceTransformer

    from models.encoders.weights import default_folder

    plain = SentenceTransformer(str(default_folder()), device="cpu", local_files_only=True)
    theirs = to_grid(plain.encode(TEXTS, normalize_embeddings=True)).astype(int)
    assert np.abs(load_encoder("minilm")[0].encode(TEXTS).astype(int) - theirs).max() <= 1


@pytest.mark.needs_models
def test_a_process_that_encoded_says_nothing_when_it_ends() -> None:
    code = "from models.encoders import load_encoder; import gc; load_encoder('minilm')[0].encode(['x']); gc.freeze()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
