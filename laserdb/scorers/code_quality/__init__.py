"""Scorer `code_quality`: a code model reviews a response and revises its code (LASER §3.2.2, Figure 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laserdb.backends.base import Part, Prompt
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Turn, Unit
from laserdb.scorers.code_quality.lines import code_lines, revision_lines, similarity
from laserdb.scorers.judge import RAW, JudgeScorer, Said, chat, fixed_text

__all__ = ["CodeQuality", "code_lines", "revision_lines", "similarity"]

SYSTEM = """You are an experienced software engineer. You review code that an assistant wrote for a user.

You are shown the user's request and the assistant's response. Do three things, in this order.

1. Review the code of the response. Ask above all whether it works: does it do what the user asked for, on \
ordinary input and on edge cases; would it run as it stands? Name the faults that you find, in a few sentences. \
If the response has no code, review what it says.
2. Give a verdict on functional correctness alone: "correct" if it does what was asked for, otherwise \
"incorrect". Style, comments and speed don't matter for the verdict.
3. If the code is correct, write "no revision". If it is incorrect, write all of the code anew, mended and \
complete, changing no line that needs no change; only the code, without explanation. If the response has no code, \
write "no revision".

Answer with one JSON object with the keys "review", "verdict" and "revision"."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "review": {"type": "string"},
        "verdict": {"type": "string", "enum": ["correct", "incorrect"]},
        "revision": {"type": "string"},
    },
    "required": ["review", "verdict", "revision"],
    "additionalProperties": False,
}


class CodeQuality(JudgeScorer):
    """Judged correct: the share of lines that a revision leaves alone; incorrect: half of it (DESIGN §4.9).

    A correct response without a revision has 1; without any code it has 0.5 if correct, else 0. The code
    compared is the response's own, found by a Markdown parser, not what the judge repeats of it. A response
    too long for the model fails as `too_long`: no revision can be compared with a part.

    Failures: those of an unreadable answer, and `no_revision` for incorrect code that the judge didn't mend.
    """

    name = "code_quality"
    summary = "correctness of code and how little a reviewing model changes in it"
    paper = "§3.2.2"
    default_model = "Qwen/Qwen2.5-Coder-14B-Instruct"
    unit = Unit.TURN
    routed = True
    most_tokens = 4096

    def needs(self) -> tuple[str, ...]:
        return (*super().needs(), "markdown_it", "rapidfuzz")

    @property
    def columns(self) -> Mapping[str, str]:
        """What the judge said; `nls` is the similarity of lines, NULL where there was nothing to compare."""
        return {
            "review": "VARCHAR", "verdict": "VARCHAR", "revision": "VARCHAR", "nls": "DOUBLE", "raw": RAW,
        }  # fmt: skip

    @property
    def prompt(self) -> str:
        return fixed_text(SYSTEM, schema=SCHEMA)

    def score(self, batch: Batch) -> Sequence[Answer]:
        replies = self.ask([question(turn) for turn in batch.turns], SCHEMA)
        return [
            rated(turn.response or "", reply) if isinstance(reply, Said) else reply
            for turn, reply in zip(batch.turns, replies, strict=True)
        ]


def question(turn: Turn) -> Prompt:
    """What the judge is shown; of a long request the middle may go, of the response nothing."""
    return chat(
        SYSTEM,
        "The user's request:\n<request>\n",
        Part(turn.instruction, cuttable=True),
        "\n</request>\n\nThe assistant's response:\n<response>\n",
        turn.response or "",
        "\n</response>",
    )


def rated(response: str, said: Said) -> Scored | Failed:
    """The score that follows from a review."""
    correct = said.value["verdict"] == "correct"
    values = {**said.value, "raw": said.raw}
    original = code_lines(response)
    if not original:
        return Scored(0.5 if correct else 0.0, values)
    revised = revision_lines(said.value["revision"])
    if revised is None:
        if correct:
            return Scored(1.0, {**values, "nls": 1.0})
        return Failed("no_revision", "judged incorrect, and no revision given", values)
    nls = similarity(original, revised)
    return Scored(nls if correct else nls / 2, {**values, "nls": nls})
