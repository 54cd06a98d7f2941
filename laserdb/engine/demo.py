"""The demo: the whole way from raw files to a training file, on data that the package ships."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from laserdb.errors import InputError
from laserdb.warehouse import Session
from laserdb.warehouse.coverage import coverage

FILES = ("assistant.jsonl", "tasks.jsonl", "chats.jsonl")
DEFAULT_BUDGET = 40


def write_demo_data(folder: Path) -> list[Path]:
    """Copy the demo's conversations into a folder, so that one can look at them."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            target = folder / name
            target.write_bytes(files("laserdb.demo").joinpath(name).read_bytes())
            written.append(target)
    except OSError as error:
        raise InputError(f"can't write the demo's data to {folder}: {error.strerror}") from error
    return written


def kept_by_category(session: Session, selection: str) -> list[tuple[Any, ...]]:
    """Per category: samples in the pool, kept, mean quality of the pool and of the kept ones, likewise p."""
    return session.rows(
        "SELECT x.category, count(*) AS pool, count(s.sample_id) AS kept, avg(x.q) AS q_pool, "
        "avg(x.q) FILTER (s.sample_id IS NOT NULL) AS q_kept, avg(x.p) AS p_pool, "
        "avg(x.p) FILTER (s.sample_id IS NOT NULL) AS p_kept "
        "FROM sample_scores x LEFT JOIN selected s ON s.sample_id = x.sample_id AND s.selection = ? "
        "WHERE x.category IS NOT NULL GROUP BY x.category ORDER BY pool DESC, x.category",
        [selection],
    )


def reasons(session: Session, selection: str) -> Iterator[str]:
    """Three lines that say why a sample is in or out: best of a cluster, filled in, left out."""
    for reason, text in (("cluster", "the best of its cluster"), ("fill", "filled in by its preference")):
        for row in session.rows(
            "SELECT data_id, category, f, q, p, rank, cluster FROM selected JOIN samples USING (sample_id) "
            "WHERE selection = ? AND reason = ? ORDER BY rank LIMIT 1",
            [selection, reason],
        ):
            data_id, category, f, q, p, rank, cluster = row
            where = f" {cluster}" if reason == "cluster" else ""
            yield (
                f"in   {data_id} ({category}): f {f:.2f} × q {q:.2f} = p {p:.2f}, rank {rank}: {text}{where}"
            )
    yield from left_out(session, selection)


def left_out(session: Session, selection: str) -> Iterator[str]:
    """The hardest sample that wasn't chosen since its answer has faults, with these."""
    if not any(one.scorer == "checks" for one in coverage(session)):
        return
    for data_id, category, f, q, p, lowest, found in session.rows(
        "SELECT s.data_id, x.category, x.f, x.q, x.p, k.lowest, c.reasons FROM sample_scores x "
        "JOIN samples s USING (sample_id) JOIN turns t USING (sample_id) JOIN score_checks c USING (turn_id) "
        "JOIN (SELECT category, min(p) AS lowest FROM selected WHERE selection = $name GROUP BY category) k "
        "ON k.category = x.category WHERE len(c.reasons) > 0 AND x.q < 0.5 AND x.p < k.lowest "
        "AND x.sample_id NOT IN (SELECT sample_id FROM selected WHERE selection = $name) "
        "ORDER BY x.f DESC, x.sample_id LIMIT 1",
        {"name": selection},
    ):
        yield (
            f"out  {data_id} ({category}): f {f:.2f} × q {q:.2f} = p {p:.2f}, "
            f"below {lowest:.2f}, the lowest kept of its category; checks found: {', '.join(found)}"
        )
