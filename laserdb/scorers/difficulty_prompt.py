"""What a fine-tuned difficulty model is shown of an instruction: the same in training and in scoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from laserdb.backends import chat
from laserdb.backends.base import Message, Part, Prompt

Shape = Literal["chat", "text"]
"""Through the model's chat template, as a user message that the assistant is about to answer, or bare."""
CONFIG_KEY = "laserdb_difficulty"
"""Where the model's config.json says how it was trained: `shape`, `max_length`."""
DEFAULT_MAX_LENGTH = 2048


def prompt_of(instruction: str, shape: Shape) -> Prompt:
    """The instruction as a prompt; of a long one the middle may be cut, of the template nothing."""
    text = (Part(instruction, cuttable=True),)
    return (Message("user", text),) if shape == "chat" else text


def fitted(instruction: str, shape: Shape, limit: int, count: Callable[[Prompt], int]) -> Prompt:
    """The prompt cut to `limit` tokens as told by `count`: a long instruction keeps both ends.

    Raises PermanentError `too_long` if the template alone is longer.
    """
    return chat.fit(prompt_of(instruction, shape), limit, count)[0]
