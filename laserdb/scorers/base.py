"""What a scorer is: it names the texts it wants and the columns it gives, and scores batches."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from laserdb.backends.base import OutOfMemory, PermanentError, TransientError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Unit(StrEnum):
    """The text that a score belongs to; equal texts share one score."""

    INSTRUCTION = "instruction"
    """One instruction, whatever was answered."""
    TURN = "turn"
    """An instruction with its response; unanswered turns are never scored."""
    PROMPT = "prompt"
    """All instructions of a sample, joined by blank lines."""
    SAMPLE = "sample"
    """The same, with all its responses joined likewise (None if nobody answered)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One text to score: `response` is None unless the scorer's unit is TURN or SAMPLE.

    `category` is its label if the scorer is `routed` or has `categories`, and if it has one.
    """

    instruction: str
    response: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts to score together; `vectors` is float32 (n, d), given if the scorer asked for an embedder."""

    turns: Sequence[Turn]
    vectors: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.turns)


@dataclass(frozen=True, slots=True)
class Scored:
    """A result: the score, and the values of the scorer's own columns."""

    score: float | None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """No result, and why: a short machine-readable kind and a detail for people.

    `values` are columns that are known all the same, such as what a judge wrote.
    """

    kind: str
    detail: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


Result = Scored | Failed
Answer = Result | PermanentError | TransientError
"""What a scorer may give for a text. An error of a backend is as good as a result: a permanent one is
recorded as failed with its kind, a transient one is asked again after a while, and stays pending if that
doesn't help. Either may also be raised, for the whole batch; `OutOfMemory` then halves it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two runs the same run: if any of it changes, texts are scored anew."""

    scorer: str
    model: str
    revision: str
    params: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    code_version: str = "1"

    @property
    def prompt_hash(self) -> str:
        """Short hash of the prompt text; empty where the scorer has none."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()[:16] if self.prompt else ""

    @property
    def fingerprint(self) -> str:
        """Hash over every field, equal only for equal runs."""
        fields = [self.scorer, self.model, self.revision, self.params, self.prompt_hash, self.code_version]
        text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ScorerOptions:
    """What the user may set for a scorer; None means the scorer's own default.

    `trust_remote_code` lets a model run the Python code that comes with it; `fast` asks for the faster,
    coarser variant of a scorer that has one.
    """

    model: str | None = None
    backend: str | None = None
    batch_size: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    trust_remote_code: bool = False
    fast: bool = False


class Scorer(ABC):
    """Base of all scorers.

    Constructing one is cheap and needs no optional dependency, so that it can be listed and its
    identity compared; `load` gets the model. A subclass raises `MissingExtra` from `load` (or
    earlier) when a dependency is absent, and returns `Failed` for a text that can't be scored.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for `laserdb scorers`."""
    paper: ClassVar[str] = ""
    """The section of the LASER paper it implements."""
    modules: ClassVar[tuple[str, ...]] = ()
    """Import names of the optional dependencies it needs."""
    extra: str = "score"
    """The extra that installs them."""
    unit: ClassVar[Unit] = Unit.INSTRUCTION
    embedder: ClassVar[str | None] = None
    """Model whose vectors of the unit's text it wants in `Batch.vectors`."""
    wants_unanswered: ClassVar[bool] = False
    """Whether a scorer of unit TURN also gets turns that nobody answered."""
    routed: ClassVar[bool] = False
    """Whether it judges only the categories that the table `routes` gives it."""
    categories: ClassVar[tuple[str, ...] | None] = None
    """The only categories whose texts it wants; None for all."""
    asks_backend: ClassVar[bool] = False
    """Whether `--backend` and `--trust-remote-code` mean anything to it."""
    has_fast: ClassVar[bool] = False
    """Whether `--fast` gives it a faster, coarser variant."""
    parameters: ClassVar[Mapping[str, str]] = {}
    """What `--set` may give it: name → one line of help. Other names are refused before any work."""
    batch_size: int = 256
    """The most texts in a batch."""
    token_budget: ClassVar[int | None] = None
    """The most tokens in a batch, padding included (estimated from characters); None for any."""

    def __init__(self, options: ScorerOptions | None = None) -> None:
        self.options = options or ScorerOptions()

    @classmethod
    def variant(cls, options: ScorerOptions) -> type[Scorer]:  # noqa: ARG003 - most have one way only
        """The class that does the work under these options."""
        return cls

    def needs(self) -> tuple[str, ...]:
        """The optional dependencies of this very scorer, its options considered."""
        return self.modules

    def check(self) -> None:  # noqa: B027 - most scorers can't be set up wrongly
        """See, without loading anything, that it could run: raises what `load` would raise later."""

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, str]:
        """The scorer's own output columns beside score and error: name → DuckDB type."""

    @property
    @abstractmethod
    def identity(self) -> Identity:
        """What is hashed into the run."""

    def load(self) -> None:  # noqa: B027 - most scorers have nothing to load
        """Get the model ready; called once before the first batch."""

    @abstractmethod
    def score(self, batch: Batch) -> Sequence[Answer]:
        """Score a batch: one answer per turn, in order."""

    def close(self) -> None:  # noqa: B027
        """Give back what `load` took."""


__all__ = [
    "Answer",
    "Batch",
    "Failed",
    "Identity",
    "OutOfMemory",
    "PermanentError",
    "Result",
    "Scored",
    "Scorer",
    "ScorerOptions",
    "TransientError",
    "Turn",
    "Unit",
]
