"""Measuring a classifier of instructions against labelled texts: LASER's Table 1 for one's own data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from laserdb.categories import CATEGORIES
from laserdb.engine.caller import Caller, Outcome
from laserdb.engine.catalog import make_scorers
from laserdb.engine.ray_actors import patient_sleep
from laserdb.scorers.base import Batch, Scored, Scorer, ScorerOptions, Turn
from laserdb.scorers.category.measures import measures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from laserdb.labelled import Labelled
    from laserdb.progress import Progress


def measure_classifier(data: Labelled, options: ScorerOptions, progress: Progress) -> dict[str, Any]:
    """Run the scorer `category` with these options on the texts and compare; JSON-able.

    A text without an answer counts as wrong, and `failures` counts them by kind. Raises what making and
    loading the scorer raises.
    """
    (scorer,) = make_scorers(["category"], options)
    identity = scorer.identity
    begun = time.monotonic()
    try:
        scorer.load()
        loading = time.monotonic() - begun
        begun = time.monotonic()
        found = _answers(scorer, data.texts, progress)
    finally:
        scorer.close()
        progress.finish()
    seconds = time.monotonic() - begun
    answers = [one.values.get("category") if isinstance(one, Scored) else None for one in found]
    sure = [one.values.get("confidence") if isinstance(one, Scored) else None for one in found]
    failures = Counter(one.kind for one in found if not isinstance(one, Scored))
    return {
        "model": identity.model,
        "revision": identity.revision,
        **measures(data.labels, answers, CATEGORIES, sure),
        "failures": dict(sorted(failures.items())),
        "loading_seconds": round(loading, 2),
        "seconds": round(seconds, 3),
        "texts_per_second": round(len(found) / max(seconds, 1e-9), 1),
    }


def _answers(scorer: Scorer, texts: Sequence[str], progress: Progress) -> list[Outcome]:
    """The scorer's answer to each text; what a server doesn't answer is asked again, as scoring does."""
    caller = Caller(scorer, patient_sleep)
    size = scorer.options.batch_size or scorer.batch_size
    encoder = None
    if scorer.embedder is not None:
        from laserdb.backends.encoder import load_encoder

        encoder = load_encoder(scorer.embedder)
    progress.start("classifying", len(texts), "texts")
    # Texts of similar length go together, as in a pool; the answers are put back in order.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out: list[Outcome | None] = [None] * len(texts)
    for at in range(0, len(order), size):
        rows = order[at : at + size]
        part = [texts[i] for i in rows]
        vectors: NDArray[np.float32] | None = None if encoder is None else encoder.encode(part)
        for i, answer in zip(rows, caller.score(Batch([Turn(t) for t in part], vectors)), strict=True):
            out[i] = answer
        progress.advance(len(rows))
    return [one for one in out if one is not None]
