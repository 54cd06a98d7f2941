"""What scorers that ask a language model have in common: which model, what runs it, with which settings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, cast

from laserdb.backends.base import Backend, BackendOptions, open_backend
from laserdb.errors import UsageError
from laserdb.scorers.base import Identity, Scorer, ScorerOptions

MODEL_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "base_url": "address of an OpenAI-compatible server (backend openai)",
        "concurrency": "requests under way at a time (backend openai), 32",
        "timeout": "seconds to wait for a server's answer (backend openai), 300",
        "device": "where the model runs, e.g. cpu or cuda:1 (backend hf)",
        "dtype": "auto, float32, bfloat16 or float16 (backends hf and vllm)",
        "max_model_len": "most tokens of a prompt and its answer together",
        "tokens_per_batch": "most tokens of a forward pass, padding included (backend hf)",
        "tensor_parallel_size": "GPUs that share one model (backend vllm), 1",
    }
)
"""Parameters of every scorer with a language model."""
_WHOLE = ("concurrency", "max_model_len", "tokens_per_batch", "tensor_parallel_size")
_DTYPES = ("auto", "float32", "bfloat16", "float16")
_BACKENDS = {
    "hf": (("torch", "transformers", "llguidance"), "score"),
    "vllm": (("vllm",), "vllm"),
    "openai": (("httpx2",), "openai"),
}


class ModelScorer(Scorer):
    """Base of the scorers that ask a language model, through whichever backend the user names.

    A subclass names `default_model`, says in `task` what the model is loaded for, adds its own
    parameters to `MODEL_PARAMETERS`, and gives in `settings` and `prompt` what changes its scores. It
    asks `self.backend`, which is opened when first needed and loaded by `load`.
    """

    default_model: ClassVar[str]
    """A hub id, or the name of a packaged model."""
    task: ClassVar[Literal["generate", "pool"]] = "generate"
    default_backend: ClassVar[str] = "hf"
    asks_backend = True
    modules = _BACKENDS["hf"][0]
    parameters = MODEL_PARAMETERS
    batch_size = 64
    version: ClassVar[str] = "1"
    """Raised when the code gives other scores for the same model and prompt."""

    def __init__(self, options: ScorerOptions | None = None) -> None:
        super().__init__(options)
        self.backend_name = self.options.backend or self.default_backend
        self.model = self.options.model or self.default_model
        self.extra = _BACKENDS.get(self.backend_name, (self.modules, self.extra))[1]
        self._backend: Backend | None = None

    def needs(self) -> tuple[str, ...]:
        """What the backend needs; a third party's sees to itself."""
        return _BACKENDS.get(self.backend_name, ((), ""))[0]

    def check(self) -> None:
        """Open the backend. Raises UsageError for bad settings, MissingExtra and ModelNotFound."""
        _ = self.backend

    @property
    def backend(self) -> Backend:
        """The backend, opened and not loaded before `load`."""
        if self._backend is None:
            self._backend = open_backend(self.backend_name, self.backend_options)
        return self._backend

    @property
    def backend_options(self) -> BackendOptions:
        """How the model is to be run. Raises UsageError for a value that makes no sense."""
        given: dict[str, Any] = {
            name: value for name, value in self.options.params.items() if name in MODEL_PARAMETERS
        }
        for name in _WHOLE:
            if name in given:
                given[name] = whole_number(name, given[name])
        if "timeout" in given:
            given["timeout"] = number("timeout", given["timeout"])
        if given.get("dtype", "auto") not in _DTYPES:
            raise UsageError(f"dtype={given['dtype']}: give one of {', '.join(_DTYPES)}")
        return BackendOptions(
            self.model, task=self.task, trust_remote_code=self.options.trust_remote_code, **given
        )

    @property
    @abstractmethod
    def prompt(self) -> str:
        """All fixed text that the model is shown; empty where there is none."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The scorer's own settings that change its scores; JSON-able."""
        return {}

    @property
    def identity(self) -> Identity:
        """Model, revision, backend and number format, the prompt, the settings, and the code's version."""
        told = dict(self.backend.identity)
        model, revision = told.pop("model"), told.pop("revision")
        limit = self.backend_options.max_model_len
        longest = {} if limit is None else {"max_model_len": limit}
        params = {**told, **longest, **self.settings}
        return Identity(self.name, model, revision, params, self.prompt, self.version)

    def load(self) -> None:
        """Get the model ready."""
        self.backend.load()

    def close(self) -> None:
        """Give its memory back."""
        if self._backend is not None:
            self._backend.close()

    def asked(self, interface: type[Any]) -> Any:
        """The backend as one of its interfaces. Raises UsageError if it can't be asked that way."""
        if not isinstance(self.backend, interface):
            raise UsageError(f"the backend {self.backend_name} can't do what {self.name} needs; use hf")
        return cast(Any, self.backend)


def whole_number(name: str, text: str, least: int = 1) -> int:
    """A parameter that is a whole number. Raises UsageError."""
    if not text.isdecimal() or int(text) < least:
        raise UsageError(f"{name}={text}: give a whole number, at least {least}")
    return int(text)


def number(name: str, text: str) -> float:
    """A parameter that is a positive number. Raises UsageError."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise UsageError(f"{name}={text}: give a number above 0")
    return value
