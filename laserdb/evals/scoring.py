"""Scores of imported items: by running a scorer on their instructions, from the warehouse, or from a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from laserdb.engine.catalog import make_scorer, require
from laserdb.errors import InputError, UsageError
from laserdb.evals.records import number_of, rows_of, text_of
from laserdb.progress import Progress
from laserdb.scorers.base import Batch, Scored, Scorer, ScorerOptions, Turn, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from laserdb.warehouse import Session

    Numbers = NDArray[np.float64]

_AT_ONCE = 512


def run_scorer(name: str, options: ScorerOptions, turns: Sequence[Turn], progress: Progress) -> Numbers:
    """The score of each item, its reference taken as the response; NaN where it failed.

    Raises UsageError for a scorer of whole turns if no item has a reference.
    """
    scorer = make_scorer(name, options)
    if scorer.unit is Unit.TURN and not any(turn.response for turn in turns):
        raise UsageError(
            f"{name} reads responses, and no item has a reference: import them with the items "
            f"(reference), or score a pool and use --stored {name}"
        )
    require(scorer)
    progress.start(f"scoring with {name}", len(turns), "items")
    out = np.full(len(turns), np.nan)
    try:
        scorer.load()
        for start in range(0, len(turns), _AT_ONCE):
            part = turns[start : start + _AT_ONCE]
            out[start : start + len(part)] = _scores(scorer, part)
            progress.advance(len(part))
    finally:
        scorer.close()
        progress.finish()
    return out


def _scores(scorer: Scorer, turns: Sequence[Turn]) -> list[float]:
    vectors = None
    if scorer.embedder is not None:
        from laserdb.backends.encoder import load_encoder

        vectors = load_encoder(scorer.embedder).encode([turn.instruction for turn in turns])
    found: list[float] = []
    size = max(1, scorer.options.batch_size or scorer.batch_size)
    for start in range(0, len(turns), size):
        batch = Batch(
            list(turns[start : start + size]), None if vectors is None else vectors[start : start + size]
        )
        for answer in scorer.score(batch):
            value = answer.score if isinstance(answer, Scored) else None
            found.append(np.nan if value is None else value)
    return found


def stored_scores(session: Session, scorer: str, texts: Sequence[str]) -> Numbers:
    """What the warehouse has of a scorer for turns with these instructions, their mean; NaN without one.

    Raises UsageError if the scorer has never run.
    """
    known = session.value("SELECT count(*) FROM scores WHERE scorer = ?", [scorer])
    if not known:
        raise UsageError(f"no results of {scorer} in this database; run: laserdb score DB {scorer}")
    rows = session.rows(
        "SELECT t.instruction_key::VARCHAR, avg(s.score) FROM scores s JOIN turns t USING (turn_id) "
        "WHERE s.scorer = ? AND s.score IS NOT NULL GROUP BY 1",
        [scorer],
    )
    by_key = {str(key).replace("-", ""): float(value) for key, value in rows}
    return np.array([by_key.get(_key(text), np.nan) for text in texts])


def _key(text: str) -> str:
    normal = unicodedata.normalize("NFC", text).strip()
    return md5(normal.encode(), usedforsecurity=False).hexdigest()


def scores_of_file(path: Path, items: Sequence[tuple[str, str]]) -> Numbers:
    """The scores of a table with `dataset, item_id, score`. Raises InputError if it has none of the items."""
    found: dict[tuple[str, str], float] = {}
    for row in rows_of(path):
        if isinstance(row.value, dict) and {"dataset", "item_id", "score"} <= row.value.keys():
            value = number_of(row.value["score"])
            key = (text_of(row.value["dataset"]) or "", text_of(row.value["item_id"]) or "")
            if value is not None:
                found[key] = value
    out = np.array([found.get(item, np.nan) for item in items])
    if not np.isfinite(out).any():
        raise InputError(f"{path}: has no score of these items; it needs dataset, item_id, score")
    return out


def token_counts(texts: Sequence[str]) -> Numbers:
    """Tokens of each instruction, as the scorer `tokens` counts them."""
    scorer = make_scorer("tokens", ScorerOptions())
    require(scorer)
    answers = scorer.score(Batch([Turn(text) for text in texts]))
    return np.array(
        [float(one.values["instruction_tokens"]) if isinstance(one, Scored) else np.nan for one in answers]
    )
