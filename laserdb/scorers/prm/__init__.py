"""Scorer `prm`: how sound each step of a solution is, by a process reward model (LASER §3.2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laserdb.backends.base import Message, PermanentError, Pooler, Tokenizes, TransientError
from laserdb.errors import ScoringError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, Turn, Unit
from laserdb.scorers.lm import MODEL_PARAMETERS, ModelScorer
from laserdb.scorers.prm.steps import split

__all__ = ["ProcessReward", "split"]

SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
"""The system message of the model's published format."""
SEPARATOR = "<extra_0>"
_TEMPLATE = 128  # tokens, generously, of the system message and the template


@dataclass(frozen=True, slots=True)
class _Solution:
    """A problem with as many leading steps of its solution as the model can read."""

    problem: str
    steps: list[str]
    cut: bool = False


class ProcessReward(ModelScorer):
    """The lowest reward of a solution's steps, in [0, 1]: a chain of reasoning breaks at one wrong step.

    The published format of Qwen2.5-Math-PRM: a chat whose answer has the token `<extra_0>` behind each
    step, where the head's two outputs are read; a step's reward is the softmax's second value. What is too
    long for the model loses its last steps, which changes no earlier reward, and is flagged `truncated`.

    Failures: `no_steps`, `separator_in_text`, `too_long` (the problem and one step don't fit).
    """

    name = "prm"
    summary = "soundness of a solution's weakest step, by a process reward model"
    paper = "§3.2.2"
    default_model = "Qwen/Qwen2.5-Math-PRM-7B"
    task = "pool"
    unit = Unit.TURN
    routed = True
    batch_size = 128
    parameters = {**MODEL_PARAMETERS, "separator": f"the token behind each step, {SEPARATOR}"}  # noqa: RUF012

    def needs(self) -> tuple[str, ...]:
        """What the backend needs, and what finds code and tables in a solution."""
        return (*super().needs(), "markdown_it")

    @property
    def separator(self) -> str:
        """The token behind each step."""
        return self.options.params.get("separator", SEPARATOR)

    @property
    def columns(self) -> Mapping[str, str]:
        """A reward per step that was read, in order; whether the last ones weren't."""
        return {"step_rewards": "DOUBLE[]", "truncated": "BOOLEAN"}

    @property
    def prompt(self) -> str:
        return SYSTEM

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"separator": self.separator}

    def score(self, batch: Batch) -> Sequence[Answer]:
        answers: list[Any] = [self.solution(turn) for turn in batch.turns]
        places = [i for i, one in enumerate(answers) if isinstance(one, _Solution)]
        solutions = [answers[i] for i in places]
        told = self.asked(Pooler).pooled([self.chat(one) for one in solutions], self.separator)
        for place, solution, outputs in zip(places, solutions, told, strict=True):
            answers[place] = self.answer(solution, outputs)
        return answers

    def solution(self, turn: Turn) -> _Solution | Failed:
        """The steps to read; no more than fit."""
        steps = split(turn.response or "")
        if not steps:
            return Failed("no_steps", "the response is empty")
        if self.separator in turn.instruction or self.separator in (turn.response or ""):
            return Failed("separator_in_text", f"the turn itself has {self.separator} in it")
        whole = _Solution(turn.instruction, steps)
        backend = self.asked(Tokenizes)
        if self.fits(backend, whole):
            return whole
        low, high = 0, len(steps)  # the most steps that fit
        while high - low > 1:
            middle = (low + high) // 2
            if self.fits(backend, _Solution(turn.instruction, steps[:middle])):
                low = middle
            else:
                high = middle
        if not low:
            return Failed("too_long", f"the problem and its first step exceed {backend.context} tokens")
        return _Solution(turn.instruction, steps[:low], cut=True)

    def fits(self, backend: Tokenizes, solution: _Solution) -> bool:
        """Whether the model can read it all."""
        size = len(solution.problem.encode()) + sum(len(step.encode()) + 1 for step in solution.steps)
        # A token is a byte at least, but for those of the template.
        return (
            size + _TEMPLATE <= backend.context
            or backend.prompt_length(self.chat(solution)) <= backend.context
        )

    def chat(self, solution: _Solution) -> tuple[Message, ...]:
        """The published format: each step with the separator right behind it."""
        marked = "".join(step + self.separator for step in solution.steps)
        return (Message("system", SYSTEM), Message("user", solution.problem), Message("assistant", marked))

    def answer(self, solution: _Solution, outputs: Any) -> Answer:
        """Rewards and their minimum from the head's raw outputs (steps, 2)."""
        if isinstance(outputs, PermanentError | TransientError):
            return outputs
        if outputs.shape[1] != 2:
            raise ScoringError(
                f"{self.model} gives {outputs.shape[1]} values a step; a process reward model gives two"
            )
        if len(outputs) != len(solution.steps):
            return Failed("wrong_steps", f"{len(outputs)} rewards for {len(solution.steps)} steps")
        rewards = step_rewards(outputs)
        return Scored(min(rewards), {"step_rewards": rewards, "truncated": solution.cut})


def step_rewards(outputs: np.ndarray) -> list[float]:
    """The softmax's second value of each step's two outputs."""
    values = outputs.astype(np.float64)
    rewards: list[float] = (1 / (1 + np.exp(values[:, 0] - values[:, 1]))).tolist()
    return rewards
