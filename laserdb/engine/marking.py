"""Marking near duplicates and samples that evaluation sets contain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from laserdb import subset
from laserdb.engine.run import patience
from laserdb.engine.similar_texts import GRAM, SHORTEST, NearTexts, evaluation_texts, grams, words
from laserdb.errors import UsageError
from laserdb.plugins import unknown
from laserdb.progress import Progress, Silent
from laserdb.warehouse import Session, Warehouse, marks
from laserdb.warehouse.functions import embedders, vectors_of
from laserdb.warehouse.marks import CONTAMINATED, DUPLICATE, Mark


@dataclass(frozen=True, slots=True)
class Marked:
    """How many samples were looked at and marked."""

    kind: str
    samples: int
    marked: int
    items: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


TEXT, EMBEDDING = "text", "embedding"
THRESHOLDS = {TEXT: 0.8, EMBEDDING: 0.95}


def dedup(
    warehouse: Warehouse,
    threshold: float | None = None,
    *,
    by: str = TEXT,
    embedder: str | None = None,
    clear: bool = False,
    progress: Progress | None = None,
) -> Marked:
    """Mark each sample that nearly repeats an earlier unmarked one, by its whole text or by its vector.

    By text: the MinHash estimate of the Jaccard similarity of their five-word shingles reaches the threshold
    (0.8). By embedding: the cosine of their vectors does (0.95); `embedder` names one of several. Earlier
    marks of the same way are replaced; `clear` only takes all of them away. Raises UsageError.
    """
    started, listener = time.monotonic(), progress or Silent()
    if by not in THRESHOLDS:
        raise UsageError(unknown("way to compare", by, THRESHOLDS))
    least = THRESHOLDS[by] if threshold is None else threshold
    found: list[Mark] = []
    seen = 0
    if not clear:
        look = (
            repeated_texts
            if by == TEXT
            else partial(repeated_vectors, embedder=embedder, path=warehouse.path)
        )
        with warehouse.read() as session:
            found, seen = look(session, least, listener)
    with patience(warehouse), warehouse.write() as session:
        marked = marks.replace_duplicates(session, found, None if clear else by == EMBEDDING)
    return Marked(DUPLICATE, seen, marked, seen, time.monotonic() - started)


def repeated_texts(session: Session, threshold: float, listener: Progress) -> tuple[list[Mark], int]:
    """Samples whose text repeats an earlier one, and how many were looked at."""
    found: list[Mark] = []
    seen, near = 0, NearTexts(threshold)
    listener.start("compare texts", marks.count(session), "samples")
    for batch in marks.texts(session):
        for sample_id, data_id, parts in batch:
            text = words("\n".join(parts))
            if len(text) < SHORTEST:
                continue
            signature = near.signature(text)
            partner = near.nearest(signature)
            if partner is None:
                near.add(signature, data_id)
            else:
                found.append(Mark(sample_id, *partner))
        seen += len(batch)
        listener.advance(len(batch))
    listener.finish()
    return found, seen


def repeated_vectors(
    session: Session, threshold: float, listener: Progress, *, embedder: str | None, path: str
) -> tuple[list[Mark], int]:
    """Samples whose vector repeats an earlier one, and how many have a vector."""
    if not 0 < threshold <= 1:
        raise UsageError(f"the threshold must lie above 0 and at most at 1, not {threshold:g}")
    sizes = embedders(session)
    if not sizes:
        raise UsageError(f"no sample has a vector; run: laserdb score {path} embedding")
    if embedder is not None and embedder not in sizes:
        raise UsageError(unknown("embedder", embedder, sizes))
    name = embedder or next(iter(sizes))
    ids, data_ids = marks.with_vector(session, name)
    copies = subset.near_copies(vectors_of(session, ids, name, listener), threshold, progress=listener)
    found = [
        Mark(int(ids[row]), data_ids[partner], cosine, name)
        for row, partner, cosine in zip(*(part.tolist() for part in copies), strict=True)
    ]
    return found, len(ids)


def decontaminate(
    warehouse: Warehouse,
    files: Sequence[str],
    threshold: float = 0.8,
    *,
    clear: bool = False,
    progress: Progress | None = None,
) -> Marked:
    """Mark each sample of which a turn shares 13 words in a row with an evaluation text, or is nearly one.

    Marks of other files stay; `clear` takes all of them away first. Raises UsageError for a file that
    can't be read.
    """
    started, listener = time.monotonic(), progress or Silent()
    if not files and not clear:
        raise UsageError("name evaluation files: --against FILE")
    passages, near, items = evaluation_index(files, threshold)
    found: list[Mark] = []
    seen = 0
    if items:
        with warehouse.read() as session:
            listener.start("compare with evaluation sets", marks.count(session), "samples")
            for batch in marks.texts(session):
                for sample_id, _, parts in batch:
                    mark = contaminated(sample_id, parts, passages, near)
                    found += [mark] if mark else []
                seen += len(batch)
                listener.advance(len(batch))
            listener.finish()
    with patience(warehouse), warehouse.write() as session:
        marks.replace(session, CONTAMINATED, found, forget=clear)
    return Marked(CONTAMINATED, seen, len(found), items, time.monotonic() - started)


def evaluation_index(files: Sequence[str], threshold: float) -> tuple[dict[str, str], NearTexts, int]:
    """Every 13-gram of the evaluation texts with its file:line, their MinHashes, and how many items."""
    passages: dict[str, str] = {}
    near, items = NearTexts(threshold), 0
    for file in files:
        for where, texts in evaluation_texts(file):
            items += 1
            for text in texts:
                found = words(text)
                for gram in grams(found, GRAM):
                    passages.setdefault(gram, where)
                if len(found) >= SHORTEST:
                    near.add(near.signature(found), where)
    return passages, near, items


def contaminated(
    sample_id: int, parts: Sequence[str], passages: dict[str, str], near: NearTexts
) -> Mark | None:
    """The mark of a sample, from its first text that resembles an evaluation text."""
    for part in parts:
        found = words(part)
        for gram in grams(found, GRAM):
            if gram in passages:
                return Mark(sample_id, passages[gram], 1.0, gram)
        if len(found) >= SHORTEST:
            partner = near.nearest(near.signature(found))
            if partner is not None:
                return Mark(sample_id, *partner)
    return None
