"""JSON-schema-constrained decoding by llguidance (https://github.com/guidance-ai/llguidance).

Chosen over xgrammar because it is one small wheel without dependencies (xgrammar installs Triton and TVM,
also where there is no GPU), takes any fast tokenizer as it is, names the schema keywords that it doesn't
support instead of ignoring them, and is the same engine that vLLM offers as `guidance`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laserdb.backends.base import JSON_LAYOUT
from laserdb.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Grammars:
    """Matchers for schemas, over one tokenizer; schemas are compiled once."""

    def __init__(self, tokenizer: Any, vocab: int, ends: Sequence[int]) -> None:
        import llguidance.hf

        try:
            self._tokenizer = llguidance.hf.from_tokenizer(tokenizer, vocab, eos_token=list(ends))
        except ValueError as error:
            raise UsageError(
                f"a JSON schema needs a fast tokenizer, which this model lacks: {error}"
            ) from error
        self._matchers: dict[str, Any] = {}

    def matcher(self, schema: Mapping[str, Any]) -> Any:
        """A fresh matcher. Raises UsageError for a schema that can't be kept to."""
        from llguidance import LLMatcher

        key = json.dumps(schema)
        if key not in self._matchers:
            made = LLMatcher(self._tokenizer, LLMatcher.grammar_from_json_schema(key, overrides=JSON_LAYOUT))
            if made.is_error():
                raise UsageError(f"JSON schema: {made.get_error().splitlines()[0]}")
            self._matchers[key] = made
        return self._matchers[key].deep_copy()


def allowed(matchers: Sequence[Any], vocab: int) -> NDArray[np.bool_]:
    """Which tokens each matcher allows next: (n, vocab)."""
    import llguidance.numpy

    bits = llguidance.numpy.allocate_token_bitmask(len(matchers), vocab)
    for row, matcher in enumerate(matchers):
        llguidance.numpy.fill_next_token_bitmask(matcher, bits, row)
    bools = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little", count=vocab)
    return bools.view(np.bool_)
