"""Embeddings of samples: a unit vector for the instructions of each, for clustering and diversity."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from laserdb.backends.encoder import (
    DEFAULT_MAX_LENGTH,
    LONG_TEXTS,
    STATIC,
    find_encoder,
    known_dimension,
    load_encoder,
)
from laserdb.backends.models import MINILM
from laserdb.errors import MissingExtra, UsageError
from laserdb.scorers.base import Batch, Identity, Result, Scored, Scorer, ScorerOptions, Unit

if TYPE_CHECKING:
    from laserdb.backends.encoder import Encoder


class Embedding(Scorer):
    """The unit vector of a sample's instructions, joined by blank lines.

    `--model` takes any sentence-transformers model (folder, hub id), or `static:NAME` for its static
    distillation, many times faster and coarser. `--set max_length=N`: the tokens read of a text; of
    longer ones the first and the last half (static models read all). There is no score: it stays NULL.
    """

    name = "embedding"
    summary = "sentence embedding of each sample's instructions"
    paper = "§3.3"
    modules = ("sentence_transformers",)
    unit = Unit.PROMPT
    batch_size = 512
    parameters = MappingProxyType({"max_length": "tokens read of a text; of longer ones both ends"})

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self.source = find_encoder(self.options.model or MINILM)
        self.max_length = _max_length(self.options.params.get("max_length"))
        self._encoder: Encoder | None = None

    @property
    def columns(self) -> Mapping[str, str]:
        """The vector; for a model that laserdb doesn't know its length is found by loading it."""
        dimension = known_dimension(self.source.name)
        if dimension is None:
            dimension = self._loaded().dimension
        return {"vector": f"FLOAT[{dimension}]"}

    @property
    def identity(self) -> Identity:
        """The model and how much of a text it reads; the number format is noise and not part of it."""
        params: dict[str, object] = {"max_length": self.max_length, "long_texts": LONG_TEXTS}
        if self.source.name.startswith(STATIC):
            params = {"long_texts": "whole"}
        return Identity(self.name, self.source.name, self.source.revision, params)

    def load(self) -> None:
        """Get the encoder. Raises MissingExtra and ModelNotFound."""
        self._loaded()

    def close(self) -> None:
        """Let go of the encoder."""
        self._encoder = None

    def score(self, batch: Batch) -> Sequence[Result]:
        """One vector per turn, whatever its text; the score itself is None."""
        vectors = self._loaded().encode([turn.instruction for turn in batch.turns])
        return [Scored(None, {"vector": vector}) for vector in vectors]

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            if importlib.util.find_spec("sentence_transformers") is None:
                raise MissingExtra("sentence-transformers", "score")
            self._encoder = load_encoder(self.source, max_length=self.max_length)
        return self._encoder


def _max_length(text: str | None) -> int:
    if text is None:
        return DEFAULT_MAX_LENGTH
    if not text.isdecimal() or not 8 <= int(text) <= 1_000_000:
        raise UsageError(f"max_length={text}: give a number of tokens, at least 8")
    return int(text)
