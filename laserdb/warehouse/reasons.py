"""Short questions about one sample and one selection."""

from __future__ import annotations

from typing import Any

from laserdb.errors import UsageError
from laserdb.sqltext import identifier
from laserdb.warehouse.session import Session


def find(session: Session, data_id: str, source: str | None) -> dict[str, Any]:
    """The sample of that data_id (or else sample_id). Raises UsageError if there is none or several."""
    found = session.dicts(
        "SELECT sample_id, source, data_id, n_turns FROM samples "
        "WHERE data_id = ? AND source = coalesce(?, source) ORDER BY sample_id",
        [data_id, source],
    )
    if not found and data_id.isdecimal():
        found = session.dicts(
            "SELECT sample_id, source, data_id, n_turns FROM samples "
            "WHERE sample_id = ? AND source = coalesce(?, source)",
            [int(data_id), source],
        )
    if not found:
        raise UsageError(f"there is no sample {data_id!r}" + (f" of source {source!r}" if source else ""))
    if len(found) > 1:
        sources = ", ".join(sorted({one["source"] for one in found}))
        raise UsageError(f"{len(found)} samples are called {data_id!r}; give --source, one of {sources}")
    return found[0]


def scores(session: Session, sample_id: int) -> dict[str, Any]:
    """Category, f, q, p and tokens, and which of them it has."""
    (found,) = session.dicts(
        "SELECT category, f, q, p, tokens FROM sample_scores WHERE sample_id = ?", [sample_id]
    )
    vector = bool(session.value("SELECT count(*) FROM embeddings WHERE sample_id = ?", [sample_id]))
    present = {
        "category": found["category"] is not None,
        "difficulty": found["f"] is not None,
        "quality": found["q"] is not None,
        "tokens": found["tokens"] is not None,
        "embedding": vector,
    }
    return found | {"has": present}


def has_vector(session: Session, sample_id: int, embedder: str) -> bool:
    """Whether an embedder has been over a sample."""
    return bool(
        session.value(
            "SELECT count(*) FROM embeddings WHERE sample_id = ? AND embedder = ?", [sample_id, embedder]
        )
    )


def marks(session: Session, sample_id: int) -> list[dict[str, Any]]:
    """What marks it has."""
    return session.dicts(
        "SELECT kind, partner, evidence, similarity FROM marks WHERE sample_id = ? ORDER BY kind", [sample_id]
    )


def chosen(session: Session, name: str, sample_id: int) -> dict[str, Any] | None:
    """Its row in a selection."""
    found = session.dicts(
        "SELECT rank, reason, category, cluster, f, q, p FROM selected WHERE selection = ? AND sample_id = ?",
        [name, sample_id],
    )
    return found[0] if found else None


def of_chosen(session: Session, name: str, sample_id: int) -> dict[str, Any]:
    """A chosen sample, to be named beside another one."""
    (found,) = session.dicts(
        "SELECT s.data_id, s.source, x.rank, x.category, x.cluster, x.p "
        "FROM selected x JOIN samples s USING (sample_id) WHERE x.selection = ? AND x.sample_id = ?",
        [name, sample_id],
    )
    return found


def in_pool(session: Session, sample_id: int) -> bool:
    """Whether it may be chosen at all."""
    return bool(session.value("SELECT count(*) FROM pool WHERE sample_id = ?", [sample_id]))


def category_line(session: Session, name: str, category: str | None) -> dict[str, Any] | None:
    """How many of a category were chosen, and down to which p."""
    found = session.dicts(
        "SELECT count(*) AS chosen, min(p) AS lowest_p, max(p) AS highest_p FROM selected "
        "WHERE selection = ? AND category IS NOT DISTINCT FROM ?",
        [name, category],
    )
    return found[0] if found[0]["chosen"] else None


def below(session: Session, name: str, column: str, value: float, category: str | None) -> dict[str, Any]:
    """The lowest f, q or p of a selection (in a category), and how many lie below a value, by reason."""
    rows = session.rows(
        f"SELECT reason, count(*) FILTER (x < $value), min(x) FROM ("
        f"SELECT reason, {identifier(column)} AS x FROM selected WHERE selection = $name "
        "AND category IS NOT DISTINCT FROM coalesce($category, category)) "
        "WHERE x IS NOT NULL GROUP BY reason ORDER BY reason",
        {"value": value, "name": name, "category": category},
    )
    return {
        "lowest": min((lowest for _, _, lowest in rows), default=None),
        "lower": {reason: count for reason, count, _ in rows if count},
    }


def ranks(session: Session, sample_id: int) -> dict[str, Any]:
    """Its place by f, q and p in the pool and by p in its category; the best is 1, None without a score."""
    (found,) = session.dicts(
        "WITH one AS (SELECT * FROM pool WHERE sample_id = ?) SELECT "
        "CASE WHEN one.f IS NOT NULL THEN (SELECT count(*) + 1 FROM pool WHERE f > one.f) END AS f, "
        "CASE WHEN one.q IS NOT NULL THEN (SELECT count(*) + 1 FROM pool WHERE q > one.q) END AS q, "
        "CASE WHEN one.p IS NOT NULL THEN (SELECT count(*) + 1 FROM pool WHERE p > one.p) END AS p, "
        "CASE WHEN one.p IS NOT NULL THEN (SELECT count(*) + 1 FROM pool "
        "WHERE p > one.p AND category = one.category) END AS p_in_category, "
        "(SELECT count(*) FROM pool WHERE category = one.category) AS of_category, "
        "(SELECT count(*) FROM pool) AS of_pool FROM one",
        [sample_id],
    )
    return found
