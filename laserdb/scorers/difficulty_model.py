"""The fine-tuned difficulty scorer: a language model with a regression head (LASER §3.2.1, §A.2.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

from laserdb.backends import chat
from laserdb.backends.base import PermanentError, Pooler, Prompt, TransientError
from laserdb.backends.devices import quiet
from laserdb.backends.models import fetch_file, find_model
from laserdb.errors import ModelNotFound, UsageError
from laserdb.scorers.base import Answer, Batch, Failed, Scored, ScorerOptions
from laserdb.scorers.difficulty_prompt import CONFIG_KEY, DEFAULT_MAX_LENGTH, Shape, fitted
from laserdb.scorers.lm import MODEL_PARAMETERS, ModelScorer


class DifficultyModel(ModelScorer):
    """A model that `laserdb train difficulty --backbone` made, or any with one regression output.

    It reads the instruction alone; of one beyond the length it was trained with, both ends. Its config.json
    tells that length and whether prompts go through the chat template; `--set prompt=chat|text` and
    `--set max_model_len=N` say it otherwise. The score is the head's raw output. Failures:
    `empty_instruction`, `too_long`, `bad_output`.
    """

    name = "difficulty"
    summary = "how hard an instruction is for language models (higher = harder)"
    paper = "§3.2.1"
    task: ClassVar[Literal["generate", "pool"]] = "pool"
    parameters: ClassVar[Mapping[str, str]] = {
        **MODEL_PARAMETERS,
        "prompt": "chat or text: whether a fine-tuned model reads the instruction through its chat template",
    }

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self._tokenizer: Any = None
        self._told: Mapping[str, Any] | None = None

    @property
    def columns(self) -> Mapping[str, str]:
        """None of its own."""
        return {}

    @property
    def prompt(self) -> str:
        """No fixed text: the instruction alone."""
        return ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the instruction is shown, and how much of it."""
        return {"prompt": self.shape, "max_length": self.limit}

    @property
    def shape(self) -> Shape:
        """As the user says, else as the model was trained, else bare. Raises UsageError."""
        given = self.options.params.get("prompt", self._config().get("shape", "text"))
        if given not in ("chat", "text"):
            raise UsageError(f"prompt={given}: give chat or text")
        return cast(Shape, given)

    @property
    def limit(self) -> int:
        """The most tokens of a prompt."""
        given = self.backend_options.max_model_len
        return int(given or self._config().get("max_length", DEFAULT_MAX_LENGTH))

    def load(self) -> None:
        """Get the model and its tokenizer ready. Raises ModelNotFound."""
        super().load()
        from transformers import AutoTokenizer

        folder = str(fetch_file(find_model(self.model), "config.json").parent)
        with quiet():
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def close(self) -> None:
        """Give the memory back."""
        super().close()
        self._tokenizer = None

    def score(self, batch: Batch) -> Sequence[Answer]:
        """One answer per turn, whatever its response."""
        if self._tokenizer is None:
            self.load()
        shape, limit = self.shape, self.limit
        answers: list[Answer | None] = []
        prompts: list[Prompt] = []
        for turn in batch.turns:
            if not turn.instruction.strip():
                answers.append(Failed("empty_instruction"))
                continue
            try:
                prompts.append(fitted(turn.instruction, shape, limit, self._tokens))
                answers.append(None)
            except PermanentError as error:
                answers.append(error)
        told = iter(self.asked(Pooler).pooled(prompts, None))
        return [self._answer(next(told)) if answer is None else answer for answer in answers]

    def _answer(self, output: Any) -> Answer:
        if isinstance(output, PermanentError | TransientError):
            return output
        values = output.reshape(-1).tolist()
        if len(values) != 1:
            raise ModelNotFound(f"{self.model}: has {len(values)} outputs, not the one of a regression")
        return Scored(values[0]) if values[0] == values[0] else Failed("bad_output", "not a number")

    def _tokens(self, prompt: Prompt) -> int:
        return len(chat.encode(self._tokenizer, prompt))

    def _config(self) -> Mapping[str, Any]:
        if self._told is None:
            text = fetch_file(find_model(self.model), "config.json").read_text(encoding="utf-8")
            self._told = dict(json.loads(text).get(CONFIG_KEY) or {})
        return self._told
