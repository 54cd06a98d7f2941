"""Static encoders: a vector per token, distilled once from a sentence encoder, and their mean per text.

The recipe is Model2Vec's (Tulkens & van Dongen 2024, https://github.com/MinishLab/model2vec): each token
of the vocabulary goes through the encoder alone, the mean over the vocabulary is taken off, and a token
is weighted by its rank in the vocabulary, which stands for its frequency (SIF). PCA is left out: at full
width it is only a rotation. It is written out here because model2vec's own distillation needs packages
that don't go with current transformers.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.cache import cache_folder, publish
from laserdb.backends.models import ModelSource, fetch_file, find_model
from laserdb.errors import MissingExtra, ModelNotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RECIPE = "static1"  # raise it when the recipe changes
_SIF = 1e-4
_CHARS_AT_ONCE = 1 << 20


def static_source(source: ModelSource) -> ModelSource:
    """The static distillation of a model: named `static:NAME`, kept in the cache folder."""
    revision = f"{source.revision}+{_RECIPE}"
    safe = "".join(c if c.isalnum() or c in "-._" else "-" for c in source.name).strip("-.")
    folder = cache_folder() / "models" / f"static-{safe}-{revision}"
    return ModelSource(f"static:{source.name}", str(folder), revision, source.kind)


class StaticEncoder:
    """The mean of static token vectors, as unit float32 vectors; reads whole texts, on the CPU.

    The first use of a model distils it (seconds to minutes, needs sentence-transformers) into the cache.
    A text without a known token, such as the empty one, has the zero vector.

    Raises MissingExtra and ModelNotFound.
    """

    def __init__(self, model: str) -> None:
        if importlib.util.find_spec("tokenizers") is None:
            raise MissingExtra("tokenizers", "score")
        original = find_model(model)
        self.source = static_source(original)
        folder = publish(Path(self.source.path_or_id), lambda to: _distil(original, to), good=_whole)
        self._tokenizer = plain_tokenizer(folder / "tokenizer.json")
        self._vectors: NDArray[np.float32] = np.load(folder / "vectors.npy")
        self.dimension = int(self._vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, float32 (n, dimension), in order."""
        from laserdb.backends.encoder import normalised

        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start, end in slices([len(t) for t in texts], _CHARS_AT_ONCE):
            encoded = self._tokenizer.encode_batch_fast(list(texts[start:end]), add_special_tokens=False)
            for row, tokens in enumerate(encoded, start):
                out[row] = self._vectors[tokens.ids].sum(axis=0)  # np.add.reduceat is far slower
        return normalised(out)


def plain_tokenizer(path: Path) -> Any:
    """The tokenizer of a tokenizer.json, without truncation and padding. Raises ModelNotFound."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower class
        raise ModelNotFound(f"{path}: not a tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def slices(lengths: Sequence[int], budget: int) -> Iterator[tuple[int, int]]:
    """Cut a sequence into runs of at least one item whose lengths sum to `budget` at most."""
    start = total = 0
    for i, length in enumerate(lengths):
        if i > start and total + length > budget:
            yield start, i
            start, total = i, 0
        total += length
    if lengths:
        yield start, len(lengths)


def _whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("vectors.npy", "tokenizer.json"))


def _distil(source: ModelSource, to: Path) -> None:
    from laserdb.backends.encoder import SentenceEncoder

    tokenizer_json = fetch_file(source, "tokenizer.json")
    vectors = SentenceEncoder(source).encode_tokens(plain_tokenizer(tokenizer_json).get_vocab_size())
    vectors -= vectors.mean(axis=0)
    ranks = 1 / np.arange(2, len(vectors) + 2)
    vectors *= (_SIF / (_SIF + ranks / ranks.sum()))[:, None].astype(np.float32)
    np.save(to / "vectors.npy", vectors)
    shutil.copyfile(tokenizer_json, to / "tokenizer.json")
