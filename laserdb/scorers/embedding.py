"""Embeddings of samples: a unit vector for the text of each, for clustering and diversity."""

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
from laserdb.plugins import unknown
from laserdb.scorers.base import (
    Batch,
    Failed,
    Identity,
    Result,
    Scored,
    Scorer,
    ScorerOptions,
    Turn,
    Unit,
)

if TYPE_CHECKING:
    from laserdb.backends.encoder import Encoder


TEXTS = ("instruction", "response", "both")


class Embedding(Scorer):
    """The unit vector of a sample's instructions, joined by blank lines.

    `--set text=response` embeds all its responses instead, and `text=both` the instructions and then the
    responses. Vectors of these are another embedder's: MODEL#response, MODEL#both. A sample that nobody
    answered has no vector of its responses.

    `--model` takes any sentence-transformers model (folder, hub id), `static:NAME` for its static
    distillation, many times faster and coarser, or `hidden:NAME` for the hidden states of a causal language
    model; `NAME+NAME` puts the vectors of two one behind the other. `--set max_length=N`: the tokens read
    of a text; of longer ones the first and the last half (static models read all). There is no score: it
    stays NULL.
    """

    name = "embedding"
    summary = "sentence embedding of each sample's instructions, responses or both"
    paper = "§3.3"
    modules = ("sentence_transformers",)
    unit = Unit.PROMPT
    batch_size = 512
    parameters = MappingProxyType(
        {
            "max_length": "tokens read of a text; of longer ones both ends",
            "text": "what is embedded: instruction (the default), response or both",
        }
    )

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self.source = find_encoder(self.options.model or MINILM)
        self.max_length = _max_length(self.options.params.get("max_length"))
        self.text = _text(self.options.params.get("text"))
        self._encoder: Encoder | None = None

    @classmethod
    def variant(cls, options: ScorerOptions) -> type[Scorer]:
        """Responses belong to whole samples, where equal instructions are embedded once."""
        given = options.params.get("text", options.params.get(f"{cls.name}.text"))
        return cls if _text(given) == TEXTS[0] else EmbeddingOfSamples

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
        model = self.source.name
        if self.text != TEXTS[0]:
            params["text"], model = self.text, f"{model}#{self.text}"
        return Identity(self.name, model, self.source.revision, params)

    def load(self) -> None:
        """Get the encoder. Raises MissingExtra and ModelNotFound."""
        self._loaded()

    def close(self) -> None:
        """Let go of the encoder."""
        self._encoder = None

    def score(self, batch: Batch) -> Sequence[Result]:
        """One vector per turn, whatever its text; the score itself is None."""
        texts = [self._text_of(turn) for turn in batch.turns]
        there = [text for text in texts if text is not None]
        vectors = iter(self._loaded().encode(there) if there else ())
        return [
            Failed("no_response") if text is None else Scored(None, {"vector": next(vectors)})
            for text in texts
        ]

    def _text_of(self, turn: Turn) -> str | None:
        if self.text == "response":
            return turn.response
        parts = (turn.instruction, turn.response if self.text == "both" else None)
        return "\n\n".join(part for part in parts if part is not None)

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            if importlib.util.find_spec("sentence_transformers") is None:
                raise MissingExtra("sentence-transformers", "score")
            self._encoder = load_encoder(self.source, max_length=self.max_length)
        return self._encoder


class EmbeddingOfSamples(Embedding):
    """The same for texts that responses are part of."""

    unit = Unit.SAMPLE


def _text(given: str | None) -> str:
    if given is not None and given not in TEXTS:
        raise UsageError(unknown("text", given, TEXTS))
    return given or TEXTS[0]


def _max_length(text: str | None) -> int:
    if text is None:
        return DEFAULT_MAX_LENGTH
    if not text.isdecimal() or not 8 <= int(text) <= 1_000_000:
        raise UsageError(f"max_length={text}: give a number of tokens, at least 8")
    return int(text)
