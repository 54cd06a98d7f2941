"""Token counts of instructions and responses, e.g. for selections under a token budget."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from laserdb.backends.models import MINILM, fetch_file, find_model
from laserdb.backends.static import plain_tokenizer, slices
from laserdb.errors import MissingExtra
from laserdb.scorers.base import Batch, Identity, Result, Scored, Scorer, ScorerOptions, Unit

_CHARS_AT_ONCE = 1 << 20


class Tokens(Scorer):
    """How many tokens a turn's instruction and response have; the score is their sum.

    Counted with the `tokenizer.json` of `--model` (a folder or a hub id, e.g. of the model to be
    fine-tuned), without special tokens, chat template and truncation. An unanswered turn has 0 response
    tokens. Needs the `tokenizers` library alone.
    """

    name = "tokens"
    summary = "number of tokens of each instruction and response"
    modules = ("tokenizers",)
    unit = Unit.TURN
    wants_unanswered: ClassVar[bool] = True
    batch_size = 1024

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self.source = find_model(self.options.model or MINILM)
        self._tokenizer: Any = None

    @property
    def columns(self) -> Mapping[str, str]:
        """Tokens of the instruction and of the response."""
        return {"instruction_tokens": "INTEGER", "response_tokens": "INTEGER"}

    @property
    def identity(self) -> Identity:
        """The model whose tokenizer counts."""
        return Identity(self.name, self.source.name, self.source.revision)

    def load(self) -> None:
        """Get the tokenizer. Raises MissingExtra and ModelNotFound."""
        if importlib.util.find_spec("tokenizers") is None:
            raise MissingExtra("tokenizers", "score")
        self._tokenizer = plain_tokenizer(fetch_file(self.source, "tokenizer.json"))

    def close(self) -> None:
        """Let go of the tokenizer."""
        self._tokenizer = None

    def score(self, batch: Batch) -> Sequence[Result]:
        """The counts of each turn; none fails."""
        if self._tokenizer is None:
            self.load()
        texts = [text for turn in batch.turns for text in (turn.instruction, turn.response or "")]
        counts: list[int] = []
        for start, end in slices([len(t) for t in texts], _CHARS_AT_ONCE):
            encoded = self._tokenizer.encode_batch_fast(texts[start:end], add_special_tokens=False)
            counts += [len(e) for e in encoded]
        return [
            Scored(float(i + r), {"instruction_tokens": i, "response_tokens": r})
            for i, r in zip(counts[::2], counts[1::2], strict=True)
        ]
