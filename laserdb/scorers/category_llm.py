"""The category of an instruction by a language model (LASER §3.1, Figure 19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laserdb.backends.base import Part, Prompt
from laserdb.categories import CATEGORIES
from laserdb.scorers.base import Answer, Batch, Scored, Unit
from laserdb.scorers.judge import RAW, JudgeScorer, Said, chat, fixed_text

_KINDS: Mapping[str, str] = {
    "Math": "mathematical questions, calculations and word problems",
    "Coding": "writing, explaining, mending or asking about programs, queries and scripts",
    "Generation": "writing to given constraints, role play, rewriting, translating or summarising a text",
    "Reasoning": "logical conclusions from what is given, neither mathematics nor programming",
    "Brainstorming": "questions for information, ideas or advice to be explained; also classifying things",
    "Factual QA": "a plain question for a fact, answered in a few words, with no text to read it from",
    "Extraction": "finding something in a text that is given, or answering a question from it",
}
SYSTEM = (
    "You sort tasks that people give to an assistant into categories:\n\n"
    + "\n".join(f"- {name}: {_KINDS[name]}" for name in CATEGORIES)
    + "\n\nYou are shown one task. Don't do it; say which category it belongs to, the one that fits best. "
    'Answer with one JSON object with the key "category".'
)
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"category": {"type": "string", "enum": list(CATEGORIES)}},
    "required": ["category"],
    "additionalProperties": False,
}


class CategoryJudge(JudgeScorer):
    """One of the seven categories, as the model answers; it says no probability, so `confidence` is NULL.

    Its results go where the classifier's go, as another run of the scorer `category`; the score, which
    there is the probability of the category, is NULL too. Failures: those of an unreadable answer.
    """

    name = "category"
    summary = "task category of each instruction (seven kinds), by a language model"
    paper = "§3.1"
    default_model = "Qwen/Qwen2.5-14B-Instruct"
    unit = Unit.INSTRUCTION
    most_tokens = 32

    @property
    def columns(self) -> Mapping[str, str]:
        """Those of the classifier, and the answer to the letter."""
        return {"category": "VARCHAR", "confidence": "DOUBLE", "raw": RAW}

    @property
    def prompt(self) -> str:
        return fixed_text(SYSTEM, schema=SCHEMA)

    def score(self, batch: Batch) -> Sequence[Answer]:
        replies = self.ask([question(turn.instruction) for turn in batch.turns], SCHEMA)
        return [
            Scored(None, {"category": one.value["category"], "raw": one.raw})
            if isinstance(one, Said)
            else one
            for one in replies
        ]


def question(instruction: str) -> Prompt:
    """What the judge is shown."""
    return chat(SYSTEM, "<task>\n", Part(instruction, cuttable=True), "\n</task>\n\nWhich category is it?")
