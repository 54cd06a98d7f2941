"""What a backend is: options, prompts and answers, typed errors, and one small interface per way of asking.

A backend is found by name through the entry points `laserdb.backends` (see `open_backend`); it implements
as many of the interfaces as its engine can serve. Every method takes many requests and returns one answer
or one `RequestError` per request, in order, so that one bad text doesn't cost its neighbours their answer;
an error that concerns the whole batch (the device is out of memory) is raised.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast, runtime_checkable

from laserdb import plugins
from laserdb.errors import LaserdbError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP = "laserdb.backends"
"""The entry point group of backends."""
JSON_LAYOUT: Any = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
"""How backends in this process write JSON (llguidance's options): as `json.dumps` does. Free whitespace
lets weak models write nothing else until they run out of tokens; none is not how models learned it."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """How a backend gets and runs its model; None means the backend's own default.

    `task` is what the model is loaded for: "generate" for everything that reads logits, "pool" for heads
    of reward models. `max_model_len` is in tokens, prompt and answer together. `tokens_per_batch` bounds
    rows × longest row of one forward pass (hf). `base_url` may hold credentials, so it is in no repr.
    `engine` passes further arguments to the inference engine as they are (vLLM's `LLM`).
    """

    model: str
    task: Literal["generate", "pool"] = "generate"
    device: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    max_model_len: int | None = None
    tokens_per_batch: int | None = None
    tensor_parallel_size: int = 1
    base_url: str | None = field(default=None, repr=False)
    concurrency: int = 32
    timeout: float = 300.0
    seed: int = 0
    trust_remote_code: bool = False
    engine: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a prompt; of a prompt that is too long, the `cuttable` parts lose their middles."""

    text: str
    cuttable: bool = False


Text = str | tuple[Part, ...]
"""A prompt's text, or its stretches; with no part marked cuttable, all of it may be cut."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; with nothing marked cuttable in a chat, all but system messages may be cut."""

    role: Literal["system", "user", "assistant"]
    content: Text


Prompt = Text | tuple[Message, ...]
"""Bare text reaches the model to the letter, after the tokenizer's own special tokens; messages go
through the model's chat template, which opens the assistant's answer unless the last message is one."""


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """How to generate; greedy unless `temperature` > 0, then reproducible by `seed`.

    `schema` is a JSON schema that the answer keeps to. `template` goes to the chat template
    (`{"enable_thinking": False}`).
    """

    schema: Mapping[str, Any] | None = None
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    template: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Generation:
    """A generated text; `truncated` tells that the prompt was cut to fit."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    tokens: int
    truncated: bool = False

    def json(self) -> Any:
        """The answer parsed as JSON. Raises PermanentError: `cut_off` or `invalid_json`."""
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            kind = "cut_off" if self.finish == "length" else "invalid_json"
            raise PermanentError(kind, f"{error.msg} at character {error.pos} of {self.text!r}") from None


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to be scored after a prefix that is not; `truncated` texts lose their end."""

    prefix: Prompt
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class TextLogprobs:
    """Natural log probabilities of a text's tokens: int32 (n,) ids, float32 (n,).

    Without any token before it (an empty prefix, and a tokenizer that puts none in front), the first
    token has nothing to follow from: its log probability is NaN.
    """

    tokens: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    truncated: bool = False


class BackendError(LaserdbError):
    """A model or a server didn't answer; `kind` is short and machine-readable."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, self.detail)  # workers send errors between processes


class PermanentError(BackendError):
    """Asking again won't help: the request is at fault (too long, refused, unreadable)."""


class TransientError(BackendError):
    """Asking again later may help; `retry_after` is in seconds, if the server said so."""

    def __init__(self, kind: str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(kind, detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, self.detail, self.retry_after)


class OutOfMemory(TransientError):
    """The device's memory didn't suffice: ask again with half the batch."""

    def __init__(self, kind: str = "out_of_memory", detail: str = "", retry_after: float | None = 0) -> None:
        super().__init__(kind, detail, retry_after)


RequestError = PermanentError | TransientError
T = TypeVar("T")
Answers = list[T | PermanentError | TransientError]


class Backend(ABC):
    """Base of all backends. Constructing one checks the optional dependencies and loads nothing."""

    name: str

    def __init__(self, options: BackendOptions) -> None:
        self.options = options

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, str]:
        """What changes the numbers: backend, model, revision, dtype. No address, no key."""

    def load(self) -> None:  # noqa: B027 - a server has its model already
        """Get the model ready; every method does so when first called."""

    def close(self) -> None:  # noqa: B027
        """Give back memory and connections."""


@runtime_checkable
class Generator(Protocol):
    """Generates text, kept to a JSON schema if wanted."""

    def generate(self, prompts: Sequence[Prompt], options: GenerateOptions) -> Answers[Generation]:
        """One generation per prompt."""


@runtime_checkable
class FirstToken(Protocol):
    """Tells how likely given tokens are to come first."""

    def first_token_logprobs(
        self, prompts: Sequence[Prompt], tokens: Sequence[int | str]
    ) -> Answers[NDArray[np.float32]]:
        """Log probabilities, over the whole vocabulary, of `tokens` right after each prompt: float32 (k,).

        A string must be one token. NaN stands for a token whose probability a server doesn't tell because
        it is not among its likeliest (20 as a rule).
        """


@runtime_checkable
class TextScorer(Protocol):
    """Tells how likely a given text is."""

    def text_logprobs(self, passages: Sequence[Passage]) -> Answers[TextLogprobs]:
        """Log probabilities of the tokens of each text, given its prefix and what stands before them."""


@runtime_checkable
class Pooler(Protocol):
    """Reads the outputs of a reward model's head."""

    def pooled(self, prompts: Sequence[Prompt], at: int | str | None) -> Answers[NDArray[np.float32]]:
        """Raw outputs (logits) of the head: float32 (positions, labels).

        Positions are those of the token `at`, in order (none → (0, labels)), or the last token if None.
        """


@runtime_checkable
class Tokenizes(Protocol):
    """Has the model's tokenizer at hand."""

    def token_ids(self, text: str) -> list[int]:
        """The text's tokens, without special tokens in front or behind."""

    def prompt_length(self, prompt: Prompt) -> int:
        """Tokens of a whole prompt, special ones included; nothing is cut."""

    @property
    def context(self) -> int:
        """The most tokens of a prompt (and its answer) that the model is given."""


def open_backend(name: str, options: BackendOptions) -> Backend:
    """The backend of that name, not loaded yet.

    Raises UsageError for an unknown name and MissingExtra if what it needs is not installed.
    """
    return cast(Backend, plugins.load(GROUP, name, "backend")(options))
